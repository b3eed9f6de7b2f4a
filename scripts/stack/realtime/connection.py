"""One WebSocket: reads frames, and writes what is queued; one that does not keep up is dropped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque

from aiohttp import WSCloseCode, WSMsgType, web

from scripts.stack.realtime.config import Limits, RealtimeConfig
from scripts.stack.realtime.hub import Hub
from scripts.stack.realtime.protocol import Frame, MalformedFrame, decode, reply
from scripts.stack.realtime.session import Door, Session, Store
from scripts.stack.realtime.tasks import end_tasks

log = logging.getLogger("realtime")

EXPIRY_SECONDS = 1.0
REPLY_SECONDS = 0.5
"""For the client to say that it closes too; while the server stops, aiohttp does not hear it."""
CLOSE_SECONDS = 2.0
"""For a socket to take what is left, before it is cut off."""


class Backlog:
    """Frames that wait to be written, in bounds."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: deque[str | bytes] = deque()
        self._bytes = 0
        self._something = asyncio.Event()

    def add(self, data: str | bytes) -> bool:
        """False when there is no room; then it was not added. One frame always has room."""
        size = self._bytes + len(data)
        if self._waiting and (
            len(self._waiting) >= self._limits.backlog or size > self._limits.backlog_bytes
        ):
            return False
        self._waiting.append(data)
        self._bytes = size
        self._something.set()
        return True

    async def next(self) -> str | bytes:
        """The oldest; waits for one."""
        while not self._waiting:
            self._something.clear()
            await self._something.wait()
        data = self._waiting.popleft()
        self._bytes -= len(data)
        return data


class Connection:
    """Between a socket and its session."""

    def __init__(
        self,
        request: web.Request,
        version: str,
        config: RealtimeConfig,
        store: Store,
        hub: Hub,
        door: Door,
    ) -> None:
        self._request, self._version, self._limits = request, version, config.limits
        self._socket = web.WebSocketResponse(
            timeout=REPLY_SECONDS, max_msg_size=config.limits.payload * 2, compress=False
        )
        self._backlog = Backlog(config.limits)
        self._session = Session(config, store, hub, door, self._enqueue)
        self._end: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def end(self, code: int, reason: str) -> None:
        """Closes the socket soon; ``reason`` is for the client."""
        if not self._end.done():
            self._end.set_result((code, reason))

    async def serve(self) -> web.WebSocketResponse:
        """Until the client goes, misbehaves or falls silent."""
        await self._socket.prepare(self._request)
        tasks = [asyncio.create_task(each) for each in (self._read(), self._write(), self._watch_expiry())]
        try:
            await self._end
        finally:
            self._session.close()
            await end_tasks(tasks)
            await self._close(*self._outcome())
        return self._socket

    def _outcome(self) -> tuple[int, str]:
        is_known = self._end.done() and not self._end.cancelled()
        return self._end.result() if is_known else (WSCloseCode.GOING_AWAY, "the server stops")

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._socket.close(code=code, message=reason.encode()[:120])
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()

    async def _read(self) -> None:
        try:
            while True:
                message = await self._socket.receive(timeout=self._limits.idle)
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self.end(WSCloseCode.OK, "")
                    return
                await self._take(message.data)
        except TimeoutError:
            self.end(WSCloseCode.GOING_AWAY, f"no heartbeat for {self._limits.idle:g} seconds")
        except MalformedFrame as error:
            self.end(WSCloseCode.PROTOCOL_ERROR, str(error))
        except Exception:
            log.exception("a frame could not be handled")
            self.end(WSCloseCode.INTERNAL_ERROR, "internal error")

    async def _take(self, data: str | bytes) -> None:
        frame = decode(data, self._version)
        if len(data) > self._limits.payload:
            too_large = f"Payload size exceeds {self._limits.payload} bytes"
            self._enqueue(reply(frame, "error", {"reason": too_large}))
        else:
            await self._session.receive(frame)

    def _enqueue(self, frame: Frame) -> None:
        try:
            data = frame.wire(self._version)
        except MalformedFrame:
            return  # a binary broadcast, and this client cannot read those
        if not self._backlog.add(data):
            self.end(WSCloseCode.TRY_AGAIN_LATER, "too slow: messages are not read")

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            while True:
                data = await self._backlog.next()
                if isinstance(data, bytes):
                    await self._socket.send_bytes(data)
                else:
                    await self._socket.send_str(data)
        self.end(WSCloseCode.OK, "")

    async def _watch_expiry(self) -> None:
        while True:
            await asyncio.sleep(EXPIRY_SECONDS)
            self._session.end_expired(time.time())
