"""ManyChat's side: takes sends in its documented shape, notes each with its time, stumbles when told to.

``python -m tests.support.manychat`` is one in a process of its own, where a busy test blurs no times:
it prints its address and gives what it took at ``/sends``.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import httpx
from aiohttp import web

from tests.support.clusters import PROJECT

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Send:
    """One request of sendContent; ``at`` in seconds of the machine's monotonic clock."""

    at: float
    key: str
    subscriber_id: int
    texts: tuple[str, ...]


@dataclass
class FakeManyChat:
    """``replies`` answer the next sends, one each; then all succeed. ``refused`` keys are wrong ones."""

    replies: list[Reply] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    checks: int = 0
    check_replies: list[Reply] = field(default_factory=list)
    url: str = ""

    def texts(self, subscriber_id: int | str) -> list[str]:
        """Everything this person was sent, in order."""
        return [
            text for send in self.sends if send.subscriber_id == int(subscriber_id) for text in send.texts
        ]

    def busiest(self, seconds: float = 1.0) -> int:
        """The most sends with one key that any span of so many seconds saw."""
        most = 0
        for key in {send.key for send in self.sends}:
            times = [send.at for send in self.sends if send.key == key]
            first = 0
            for last, at in enumerate(times):
                while times[first] <= at - seconds:
                    first += 1
                most = max(most, last - first + 1)
        return most

    async def send_content(self, request: web.Request) -> web.StreamResponse:
        at = time.monotonic()
        body = await request.json()
        key = request.headers["authorization"].removeprefix("Bearer ")
        if key in self.refused:
            return _error(401, None, "Wrong token")
        assert isinstance(body["subscriber_id"], int)
        assert body["data"]["content"]["type"] == "whatsapp"
        texts = tuple(message["text"] for message in body["data"]["content"]["messages"])
        self.sends.append(Send(at, key, body["subscriber_id"], texts))
        if self.replies:
            return await self.replies.pop(0)(request)
        return web.json_response({"status": "success"})

    async def get_info(self, request: web.Request) -> web.StreamResponse:
        self.checks += 1
        if self.check_replies:
            return await self.check_replies.pop(0)(request)
        if request.headers["authorization"].removeprefix("Bearer ") in self.refused:
            return _error(401, None, "Wrong token")
        return web.json_response({"status": "success", "data": {"id": 1234567, "name": "Café Martin"}})


def failing(status: int, code: int | None = None, message: str = "", **headers: str) -> Reply:
    """An answer with ManyChat's error body, or without one when there is neither code nor message."""

    async def reply(request: web.Request) -> web.StreamResponse:
        if code is None and not message:
            return web.Response(status=status, headers=headers)
        return _error(status, code, message, headers)

    return reply


def hanging_up() -> Reply:
    """Takes the message and breaks the connection."""

    async def reply(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return reply


def held(gate: asyncio.Event) -> Reply:
    """Takes the message and answers once the gate opens."""

    async def reply(request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.json_response({"status": "success"})

    return reply


def _error(
    status: int, code: int | None, message: str, headers: dict[str, str] | None = None
) -> web.Response:
    body = {"status": "error", "code": code, "message": message}
    return web.json_response(body, status=status, headers=headers)


@asynccontextmanager
async def running_manychat() -> AsyncIterator[FakeManyChat]:
    """On a free port of the loopback interface."""
    fake = FakeManyChat()
    runner = web.AppRunner(_application(fake), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    fake.url = f"http://{host}:{port}"
    try:
        yield fake
    finally:
        await runner.cleanup()


@contextmanager
def manychat_process() -> Iterator[str]:
    """The address of one in a process of its own."""
    command = [sys.executable, "-m", "tests.support.manychat"]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=10)


def taken(url: str) -> FakeManyChat:
    """What the process at this address took so far."""
    rows = httpx.get(f"{url}/sends", trust_env=False, timeout=30).json()
    return FakeManyChat(
        sends=[Send(at, key, person, tuple(texts)) for at, key, person, texts in rows], url=url
    )


def _application(fake: FakeManyChat) -> web.Application:
    async def sends(request: web.Request) -> web.Response:
        return web.json_response([[send.at, send.key, send.subscriber_id, send.texts] for send in fake.sends])

    app = web.Application()
    app.router.add_post("/fb/sending/sendContent", fake.send_content)
    app.router.add_get("/fb/page/getInfo", fake.get_info)
    app.router.add_get("/sends", sends)
    return app


async def _main() -> None:
    async with running_manychat() as fake:
        print(fake.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
