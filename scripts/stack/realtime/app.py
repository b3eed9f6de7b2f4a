"""The doors of Realtime: the socket, broadcasts by POST, and how it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import WSCloseCode, web

from scripts.stack.realtime.broadcasts import CORS, Broadcasts, policy_headers, problem
from scripts.stack.realtime.config import InvalidToken, RealtimeConfig
from scripts.stack.realtime.connection import Connection
from scripts.stack.realtime.database import Database
from scripts.stack.realtime.hub import Hub
from scripts.stack.realtime.protocol import VERSIONS
from scripts.stack.realtime.relay import Relay
from scripts.stack.realtime.session import Door
from scripts.stack.realtime.tasks import end_tasks

log = logging.getLogger("realtime")


def create_realtime_app(config: RealtimeConfig) -> web.Application:
    """To be mounted at /realtime/v1."""
    server = _Server(config)
    broadcasts = Broadcasts(config, server.database, server.hub)
    app = web.Application(client_max_size=config.limits.payload * 4)
    app.cleanup_ctx.append(server.run)
    app.on_shutdown.append(server.say_goodbye)
    app.router.add_get("/websocket", server.socket)
    app.router.add_get("/api/health", server.health)
    app.router.add_post("/api/broadcast", broadcasts.many)
    app.router.add_post("/api/broadcast/{topic:[^/]+}/events/{event:[^/]+}", broadcasts.one)
    app.router.add_route("OPTIONS", "/{rest:.*}", _preflight)
    return app


class _Server:
    """What all sockets share."""

    def __init__(self, config: RealtimeConfig) -> None:
        self.config, self.hub = config, Hub()
        self.database = Database(config.dsn)
        self._relay = Relay(self.database, self.hub, config.limits.payload)
        self._connections: set[Connection] = set()

    async def run(self, app: web.Application) -> AsyncIterator[None]:
        """Around the application's life; nobody joins before the database is heard, unless it is away."""
        await self.database.open()
        tasks = [asyncio.create_task(each) for each in (self._relay.run(), self.database.prune())]
        if not await self.database.wait_until_listening():
            log.warning("the database does not answer: until it does, only public channels work")
        yield
        for failure in await end_tasks(tasks):
            log.error("a task of the server had failed", exc_info=failure)
        await self.database.close()

    async def say_goodbye(self, app: web.Application) -> None:
        """Clients come back by themselves."""
        for connection in self._connections:
            connection.end(WSCloseCode.GOING_AWAY, "the server stops")

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Phoenix over WebSocket: ``?apikey=…&vsn=1.0.0|2.0.0``."""
        version = request.query.get("vsn", VERSIONS[0])
        key = request.headers.get("x-api-key") or request.query.get("apikey", "")
        if version not in VERSIONS:
            return problem(400, f"vsn must be one of {', '.join(VERSIONS)}")
        if not key:
            return problem(401, "API key is missing")
        try:
            self.config.claims(key)
        except InvalidToken as error:
            return problem(401, f"The API key is not valid: {error}")
        door = Door(key, policy_headers(request))
        connection = Connection(request, version, self.config, self.database, self.hub, door)
        self._connections.add(connection)
        try:
            return await connection.serve()
        finally:
            self._connections.discard(connection)

    async def health(self, request: web.Request) -> web.Response:
        """503 while broadcasts from the database are not heard."""
        healthy = self.database.is_listening.is_set()
        body = {"healthy": healthy, "sockets": len(self._connections), "channels": self.hub.count()}
        return web.json_response(body, status=200 if healthy else 503, headers=CORS)


async def _preflight(request: web.Request) -> web.Response:
    asked = request.headers.get("access-control-request-headers", "authorization, apikey, content-type")
    return web.Response(
        status=204,
        headers=CORS | {"access-control-allow-methods": "GET, POST", "access-control-allow-headers": asked},
    )
