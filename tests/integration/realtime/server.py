"""A Realtime server for one test, and the policies that its database has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from scripts.stack.realtime import RealtimeConfig, create_realtime_app
from scripts.stack.realtime.config import Limits
from tests.integration.realtime.wire import Wire
from tests.support.database import Database

SECRET = "a-secret-of-the-tests-with-enough-bytes"
PUBLISHABLE, SERVICE = "sb_publishable_test", "sb_secret_test"

# user:<id> is for that user alone, to hear, to speak and to be seen; whisper:<id> only to hear broadcasts;
# news is for everybody signed in to hear; in the hall they may do everything.
POLICIES = """
create policy own_select on realtime.messages for select to authenticated
  using (split_part((select realtime.topic()), ':', 2) = (select auth.uid())::text
         and (extension = 'broadcast' or split_part((select realtime.topic()), ':', 1) = 'user'));
create policy own_insert on realtime.messages for insert to authenticated
  with check (split_part((select realtime.topic()), ':', 1) = 'user'
              and split_part((select realtime.topic()), ':', 2) = (select auth.uid())::text);
create policy news_select on realtime.messages for select to authenticated
  using ((select realtime.topic()) = 'news' and extension = 'broadcast');
create policy hall_select on realtime.messages for select to authenticated
  using ((select realtime.topic()) = 'hall');
create policy hall_insert on realtime.messages for insert to authenticated
  with check ((select realtime.topic()) = 'hall');
create policy broken_select on realtime.messages for select to authenticated
  using (case when (select realtime.topic()) = 'broken' then 1 / (length(topic) - length(topic)) = 1 end);
"""


def token(sub: str, *, seconds: float = 600, role: str = "authenticated", **claims: Any) -> str:
    """An access token."""
    body = {"sub": sub, "role": role, "exp": int(time.time() + seconds), **claims}
    return jwt.encode(body, SECRET, algorithm="HS256")


def verify(text: str) -> dict[str, Any]:
    return dict(jwt.decode(text, SECRET, algorithms=["HS256"]))


@dataclass
class Realtime:
    """The running server."""

    url: str
    db: Database
    stop: Callable[[], Awaitable[None]]

    def http(self) -> aiohttp.ClientSession:
        """For requests with paths of the gateway."""
        return aiohttp.ClientSession(base_url=self.url.removesuffix("/realtime/v1"))

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        url = URL(self.url)
        assert url.host
        assert url.port
        return url.host, url.port

    async def has(self, **counts: int) -> bool:
        """Whether it says that it has so many ``sockets`` or ``channels``."""
        async with self.http() as http, http.get("/realtime/v1/api/health") as answer:
            body = await answer.json()
        return all(body[name] == count for name, count in counts.items())

    def wire(self, *, version: str = "2.0.0", key: str = PUBLISHABLE) -> Wire:
        """A raw socket; use it with ``async with``."""
        return Wire(f"{self.url.replace('http', 'ws')}/websocket?apikey={key}&vsn={version}", version)

    def send(self, topic: str, event: str = "news", payload: str = '{"n": 1}', private: bool = True) -> None:
        """realtime.send, by a superuser."""
        self.db.admin.execute("select realtime.send(%s::jsonb, %s, %s, %s)", (payload, event, topic, private))


@asynccontextmanager
async def serving(
    db: Database, limits: Limits | None = None, dsn: str | None = None
) -> AsyncIterator[Realtime]:
    """Mounted where the gateway mounts it."""
    config = RealtimeConfig(
        dsn=dsn or db.dsn(),
        verify=verify,
        keys={PUBLISHABLE: "anon", SERVICE: "service_role"},
        limits=limits or Limits(),
    )
    app = web.Application()
    app.add_subapp("/realtime/v1", create_realtime_app(config))
    server = TestServer(app)
    await server.start_server()
    try:
        yield Realtime(str(server.make_url("/realtime/v1")), db, server.close)
    finally:
        await server.close()


async def eventually(holds: Callable[[], Awaitable[bool] | bool], seconds: float = 10) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(seconds):
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)
