"""A door between the worker and the twin that can be shut, be slow, or swallow answers."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.support.offline_stripe import serving


@dataclass
class Trouble:
    """Befalls the next ``times`` requests that match: the answer is a status, or waits for ``over``."""

    request: str
    """Regular expression for ``POST /v1/…``."""
    times: int = 1
    status: int | None = None
    is_done_first: bool = False
    """The request is passed on before its answer is withheld."""
    met: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


class Tap:
    """``requests`` are those that were passed on, with their idempotency keys."""

    def __init__(self, target: str, url: str) -> None:
        self.url = url
        self.requests: list[tuple[str, str | None]] = []
        self._target = target
        self._troubles: list[Trouble] = []
        self.closing = threading.Event()

    def trouble(self, request: str, **more: object) -> Trouble:
        """From now on."""
        made = Trouble(request, **more)  # type: ignore[arg-type]
        self._troubles.append(made)
        return made

    def counted(self, request: str) -> int:
        """How many such requests have reached the twin."""
        return sum(re.match(request, each) is not None for each, _ in self.requests)

    async def handle(self, request: web.Request) -> web.Response:
        body, trouble = await request.read(), self._next(f"{request.method} {request.path}")
        if trouble is None:
            return await self._pass_on(request, body)
        answer = await self._pass_on(request, body) if trouble.is_done_first else None
        trouble.met.set()
        if trouble.status is not None:
            return web.json_response({"error": {"message": "Not now."}}, status=trouble.status)
        while not (trouble.over.is_set() or self.closing.is_set()):
            await asyncio.sleep(0.01)
        return answer or await self._pass_on(request, body)

    def _next(self, asked: str) -> Trouble | None:
        for trouble in self._troubles:
            if trouble.times > 0 and re.match(trouble.request, asked):
                trouble.times -= 1
                return trouble
        return None

    async def _pass_on(self, request: web.Request, body: bytes) -> web.Response:
        self.requests.append((f"{request.method} {request.path}", request.headers.get("idempotency-key")))
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        url = f"{self._target}{request.path_qs}"
        async with (
            aiohttp.ClientSession(auto_decompress=False) as client,
            client.request(request.method, url, headers=headers, data=body) as answer,
        ):
            said = await answer.read()
            return web.Response(body=said, status=answer.status, content_type=answer.content_type)


@contextmanager
def tapped(target: str, port: int) -> Iterator[Tap]:
    """In a thread of its own."""
    tap, app = Tap(target, f"http://127.0.0.1:{port}"), web.Application()
    app.router.add_route("*", "/{path:.*}", tap.handle)
    with serving(app, port):
        yield tap
        tap.closing.set()
