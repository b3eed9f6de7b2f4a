"""A vendor on the loopback interface: plays a script of replies and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Vendor:
    """`replies` are used in order; the last one answers all further requests."""

    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        self.asked.append(Asked(request.method, request.path_qs, dict(request.headers), _parsed(raw)))
        reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
        return await reply(request)


def _parsed(raw: bytes) -> Any:
    """What was sent as JSON; a file as its bytes."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw


@asynccontextmanager
async def running_vendor() -> AsyncIterator[Vendor]:
    vendor = Vendor()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", vendor.handle)
    server = TestServer(app)
    await server.start_server()
    vendor.url = str(server.make_url("")).rstrip("/")
    try:
        yield vendor
    finally:
        await server.close()


def json_reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return raw_reply(
        json.dumps(body).encode(), status, {"Content-Type": "application/json", **(headers or {})}
    )


def raw_reply(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    async def reply(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return reply


def event_stream(events: Sequence[Any], *, then: str = "end") -> Reply:
    """Server-sent events; `then` is "end", "reset" (the connection breaks) or "silence"."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for event in events:
            line = event if isinstance(event, str) else f"data: {json.dumps(event)}"
            await response.write(f"{line}\n\n".encode())
        if then == "reset":
            assert request.transport is not None
            request.transport.abort()
        elif then == "silence":
            await asyncio.sleep(30)
        return response

    return reply


def hang_up() -> Reply:
    async def reply(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return reply


def silence() -> Reply:
    async def reply(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    return reply
