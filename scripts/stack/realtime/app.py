"""The HTTP side: the socket, and broadcasts by POST."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web
from psycopg_pool import AsyncConnectionPool

from scripts.stack.realtime.config import Claims, RealtimeConfig
from scripts.stack.realtime.database import prune, relay
from scripts.stack.realtime.hub import Hub
from scripts.stack.realtime.protocol import Frame, MalformedFrame, decode, encode
from scripts.stack.realtime.rights import rights_on
from scripts.stack.realtime.session import Session

log = logging.getLogger("realtime")

VERSIONS = ("1.0.0", "2.0.0")
EXPIRY_SECONDS = 1.0
CORS = {"access-control-allow-origin": "*"}

CONFIG = web.AppKey("config", RealtimeConfig)
POOL = web.AppKey("pool", AsyncConnectionPool)
HUB = web.AppKey("hub", Hub)


def create_realtime_app(config: RealtimeConfig) -> web.Application:
    """To be mounted at /realtime/v1."""
    app = web.Application(client_max_size=config.limits.payload * 4)
    app[CONFIG], app[HUB] = config, Hub()
    app.cleanup_ctx.append(_database)
    app.router.add_get("/websocket", _socket)
    app.router.add_post("/api/broadcast", _broadcast_many)
    app.router.add_post("/api/broadcast/{topic}/events/{event}", _broadcast_one)
    app.router.add_route("OPTIONS", "/{rest:.*}", _preflight)
    return app


async def _database(app: web.Application) -> AsyncIterator[None]:
    dsn = app[CONFIG].dsn
    async with AsyncConnectionPool(
        dsn, min_size=1, max_size=4, open=False, kwargs={"autocommit": True}
    ) as pool:
        app[POOL] = pool
        tasks = [asyncio.create_task(relay(pool, dsn, app[HUB])), asyncio.create_task(prune(pool))]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _socket(request: web.Request) -> web.StreamResponse:
    config, version = request.app[CONFIG], request.query.get("vsn", "1.0.0")
    key = request.query.get("apikey", "")
    if version not in VERSIONS:
        return web.json_response({"error": f"vsn must be one of {', '.join(VERSIONS)}"}, status=400)
    try:
        config.claims(key)
    except Exception as error:
        return web.json_response({"error": f"The apikey is not valid: {error}"}, status=401)
    socket = web.WebSocketResponse(max_msg_size=config.limits.payload * 2, compress=False)
    await socket.prepare(request)
    await _Connection(request.app, socket, version, key).serve()
    return socket


class _Connection:
    """Reads frames, and writes what is queued; a socket that does not keep up is dropped."""

    def __init__(self, app: web.Application, socket: web.WebSocketResponse, version: str, key: str) -> None:
        self._limits = app[CONFIG].limits
        self._socket, self._version = socket, version
        self._queue: asyncio.Queue[Frame] = asyncio.Queue(self._limits.backlog)
        self._session = Session(app[CONFIG], app[POOL], app[HUB], key, self._enqueue)
        self._closing: tuple[int, bytes] | None = None
        self._reader: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Until the client goes, misbehaves or falls silent."""
        helpers = [asyncio.create_task(self._write()), asyncio.create_task(self._watch_expiry())]
        self._reader = asyncio.create_task(self._read())
        try:
            await asyncio.wait((self._reader,))
        finally:
            self._reader.cancel()
            self._session.close()
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            code, reason = self._closing or (WSCloseCode.OK, b"")
            await self._socket.close(code=code, message=reason)

    async def _read(self) -> None:
        try:
            while True:
                message = await self._socket.receive(timeout=self._limits.idle)
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    return
                await self._take(message.data)
        except TimeoutError:
            self._closing = (WSCloseCode.GOING_AWAY, b"no heartbeat")
        except MalformedFrame as error:
            self._closing = (WSCloseCode.PROTOCOL_ERROR, str(error).encode()[:100])

    async def _take(self, data: str | bytes) -> None:
        frame = decode(data, self._version)
        if len(data) > self._limits.payload:
            reason = {"reason": f"Payload size exceeds {self._limits.payload} bytes"}
            self._enqueue(
                Frame(
                    frame.topic,
                    "phx_reply",
                    {"status": "error", "response": reason},
                    frame.ref,
                    frame.join_ref,
                )
            )
            return
        await self._session.receive(frame)

    def _enqueue(self, frame: Frame) -> None:
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self._closing = (WSCloseCode.TRY_AGAIN_LATER, b"too slow")
            if self._reader is not None:
                self._reader.cancel()

    async def _write(self) -> None:
        while True:
            frame = await self._queue.get()
            try:
                data = encode(frame, self._version)
            except MalformedFrame:
                continue  # a binary broadcast, and this client cannot read those
            try:
                await (
                    self._socket.send_bytes(data) if isinstance(data, bytes) else self._socket.send_str(data)
                )
            except (ConnectionError, RuntimeError):
                return

    async def _watch_expiry(self) -> None:
        while True:
            await asyncio.sleep(EXPIRY_SECONDS)
            self._session.end_expired(time.time())


async def _preflight(request: web.Request) -> web.Response:
    asked = request.headers.get("access-control-request-headers", "authorization, apikey, content-type")
    return web.Response(
        status=204,
        headers=CORS | {"access-control-allow-methods": "POST", "access-control-allow-headers": asked},
    )


async def _broadcast_many(request: web.Request) -> web.Response:
    try:
        body = await request.json()
        messages = [_checked(message) for message in body["messages"]]
    except (ValueError, KeyError, TypeError):
        return _error(422, "The body must be {messages: [{topic, event, payload, private}]}")
    for topic, event, payload, is_private in messages:
        refusal = await _send(request, topic, event, payload, is_private)
        if refusal is not None:
            return refusal
    return web.Response(status=202, headers=CORS)


async def _broadcast_one(request: web.Request) -> web.Response:
    body = await request.read()
    try:
        payload: Any = body if request.content_type == "application/octet-stream" else json.loads(body)
    except ValueError:
        return _error(422, "The body must be JSON or application/octet-stream")
    is_private = request.query.get("private") == "true"
    topic, event = request.match_info["topic"], request.match_info["event"]
    refusal = await _send(request, topic, event, payload, is_private)
    return refusal or web.Response(status=202, headers=CORS)


def _checked(message: dict[str, Any]) -> tuple[str, str, Any, bool]:
    topic, event = message["topic"], message["event"]
    if not isinstance(topic, str) or not isinstance(event, str) or "payload" not in message:
        raise TypeError
    return topic, event, message["payload"], message.get("private") is True


async def _send(
    request: web.Request, topic: str, event: str, payload: Any, is_private: bool
) -> web.Response | None:
    """None when it was sent."""
    try:
        claims = _caller(request)
    except Exception as error:
        return _error(401, f"The credentials are not valid: {error}")
    if is_private and "broadcast" not in (await rights_on(request.app[POOL], topic, claims)).write:
        return _error(403, "Unauthorized: You do not have permissions to write to this Channel topic")
    request.app[HUB].broadcast((topic, is_private), event, payload)
    return None


def _caller(request: web.Request) -> Claims:
    config = request.app[CONFIG]
    key = config.claims(request.headers.get("apikey", ""))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return config.claims(token) if scheme.lower() == "bearer" and token else key


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message, "message": message}, status=status, headers=CORS)
