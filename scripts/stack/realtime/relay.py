"""Broadcasts from the database: rows of realtime.messages become messages to those who listen."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from scripts.stack.realtime.database import (
    Database,
    Message,
    current_time,
    ids_since,
    messages_by_id,
)
from scripts.stack.realtime.hub import Hub
from scripts.stack.realtime.protocol import MalformedFrame, broadcast

log = logging.getLogger("realtime")

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
MARGIN = timedelta(minutes=1)
"""What took longer from the start of its transaction to the end, and ended during a break, is not heard."""
REMEMBERED = 50_000
BATCH = 100


class Relay:
    """Listens for the ids of new rows, fetches them, and tells the hub.

    After a break of the connection it catches up with what was sent meanwhile.
    """

    def __init__(self, database: Database, hub: Hub, largest: int) -> None:
        self._database, self._hub, self._largest = database, hub, largest
        self._passed_on: OrderedDict[UUID, None] = OrderedDict()
        self._began_at: datetime | None = None
        self._latest: datetime | None = None

    async def run(self) -> None:
        """Until cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with await AsyncConnection.connect(self._database.dsn, autocommit=True) as connection:
                    await self._listen(connection)
            except psycopg.Error as error:
                log.warning("no connection to the database: %s", error)
            finally:
                was_listening = self._database.is_listening.is_set()
                self._database.is_listening.clear()
            pause = FIRST_PAUSE if was_listening else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _listen(self, connection: AsyncConnection) -> None:
        await connection.execute("listen lamina_realtime")
        if self._began_at is None or self._latest is None:
            self._began_at = self._latest = await current_time(connection)
        else:
            since = max(self._began_at, self._latest - MARGIN)
            await self._pass_on(connection, await ids_since(connection, since))
        self._database.is_listening.set()
        while True:
            heard = [notify.payload async for notify in connection.notifies(stop_after=1)]
            await self._pass_on(connection, [each for each in map(_uuid, heard) if each])

    async def _pass_on(self, connection: AsyncConnection, ids: Sequence[UUID]) -> None:
        """In pieces, so that sockets can be written meanwhile."""
        new = [each for each in ids if each not in self._passed_on]
        for start in range(0, len(new), BATCH):
            for message in await messages_by_id(connection, new[start : start + BATCH]):
                self._remember(message)
                self._send(message)

    def _send(self, message: Message) -> None:
        meta = {"id": str(message.id)}
        frame = broadcast(message.topic, message.event or "", message.content, meta)
        try:
            if len(frame.wire("2.0.0")) > self._largest:
                raise MalformedFrame(f"it has more than {self._largest} bytes")
            self._hub.broadcast(frame, message.private)
        except MalformedFrame as error:
            log.warning("message %s to %s cannot be sent: %s", message.id, message.topic, error)

    def _remember(self, message: Message) -> None:
        self._passed_on[message.id] = None
        if len(self._passed_on) > REMEMBERED:
            self._passed_on.popitem(last=False)
        if self._latest is None or message.inserted_at > self._latest:
            self._latest = message.inserted_at


def _uuid(text: str) -> UUID | None:
    """Every role may notify, and anything."""
    try:
        return UUID(text)
    except ValueError:
        return None
