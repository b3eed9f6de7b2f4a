"""The offline twin of Stripe, whose own deliveries reach nobody: tests decide what is delivered, and when."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from scripts.stack.cluster import free_port
from scripts.stack.payments import OfflineStripeConfig, create_offline_stripe_app
from scripts.stack.stripe_choice import STRIPE_DOOR

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KEY = "sk_test_offline_silent"
NOBODY = "http://127.0.0.1:1/"


@dataclass
class Twin:
    """Where it is; answers take up to ``slowest_s`` to arrive: what they say may be out of date."""

    url: str
    slowest_s: float = 0.0


@contextmanager
def silent_stripe(folder: Path) -> Iterator[Twin]:
    """It runs in a thread of its own."""
    port = free_port()
    twin = Twin(f"http://127.0.0.1:{port}{STRIPE_DOOR}")
    config = OfflineStripeConfig(
        KEY, "whsec_nobody", NOBODY, twin.url, folder / "stripe.sqlite3", retry_seconds=()
    )
    logging.getLogger("stripe-offline").setLevel(logging.ERROR)
    loop, ready, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    app = _application(config, twin)
    serving = threading.Thread(target=lambda: loop.run_until_complete(_serve(app, port, ready, ended)))
    serving.start()
    try:
        assert ready.wait(20), "the twin does not start"
        yield twin
    finally:
        loop.call_soon_threadsafe(ended.set)
        serving.join()
        loop.close()


def _application(config: OfflineStripeConfig, twin: Twin) -> web.Application:
    @web.middleware
    async def late(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if request.method == "GET" and twin.slowest_s:
            await asyncio.sleep(twin.slowest_s * random.random() ** 4)  # most are soon there, some are not
        return answer

    app = web.Application(middlewares=[late])
    app.add_subapp(STRIPE_DOOR, create_offline_stripe_app(config))
    return app


async def _serve(app: web.Application, port: int, ready: threading.Event, ended: asyncio.Event) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        ready.set()
        await ended.wait()
    finally:
        await runner.cleanup()


class Stripe:
    """A client of the twin's API, its controls and its pages."""

    def __init__(self, url: str) -> None:
        self._url = url
        headers = {"authorization": f"Bearer {KEY}"}
        self._http = httpx.AsyncClient(headers=headers, timeout=30, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """An object, or a page of a list."""
        return self._body(await self._http.get(f"{self._url}{path}", params=query))

    async def post(self, path: str, **fields: Any) -> dict[str, Any]:
        """What the API or a control made of it."""
        return self._body(await self._http.post(f"{self._url}{path}", data=fields))

    async def cancel(self, subscription: str) -> None:
        """At once."""
        self._body(await self._http.delete(f"{self._url}/v1/subscriptions/{subscription}"))

    async def press(self, path: str) -> None:
        """A button on a page, which leads to another page."""
        response = await self._http.post(f"{self._url}{path}")
        assert response.status_code == 303, f"{path}: {response.status_code} {response.text[:300]}"

    async def everything(self, path: str, known: Collection[str] = (), **query: Any) -> list[dict[str, Any]]:
        """A list from its newest to the first that is known, oldest first."""
        found: list[dict[str, Any]] = []
        more = True
        while more:
            after = {"starting_after": found[-1]["id"]} if found else {}
            page = await self.get(path, limit=100, **query, **after)
            new = [each for each in page["data"] if each["id"] not in known]
            found, more = [*found, *new], page["has_more"] and len(new) == len(page["data"])
        return found[::-1]

    @staticmethod
    def _body(response: httpx.Response) -> dict[str, Any]:
        assert response.status_code == 200, f"{response.url}: {response.status_code} {response.text[:300]}"
        body: dict[str, Any] = response.json()
        return body
