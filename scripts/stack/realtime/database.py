"""What Realtime asks of the database: rights, messages, and to be rid of old ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row
from psycopg_pool import AsyncConnectionPool

from scripts.stack.realtime.config import Claims
from scripts.stack.realtime.joining import Refused, Replay
from scripts.stack.realtime.rights import Rights, rights_on

log = logging.getLogger("realtime")

KEPT = "3 days"
MOST_KEPT = 50_000
PRUNE_SECONDS = 600.0
LISTENING_SECONDS = 5.0
CONNECTION_SECONDS = 5.0

_COLUMNS = """
select id, topic, event, coalesce(private, false) as private, inserted_at, payload, binary_payload as binary
from realtime.messages
"""
_BY_ID = _COLUMNS + "where id = any(%s)"
_SINCE = """
select id from realtime.messages
where extension = 'broadcast' and inserted_at >= %s::timestamp order by inserted_at
"""
_BEFORE = """
where extension = 'broadcast' and private and topic = %(topic)s and inserted_at >= %(since)s::timestamp
order by inserted_at desc limit %(limit)s
"""
_PRUNE = """
delete from realtime.messages where inserted_at < greatest(
  timezone('utc', now()) - %s::interval,
  (select m.inserted_at from realtime.messages as m order by m.inserted_at desc offset %s limit 1))
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A row of realtime.messages; ``binary`` excludes ``payload``, times are in UTC without saying so."""

    id: UUID
    topic: str
    event: str | None
    private: bool
    inserted_at: datetime
    payload: Any
    binary: bytes | None

    @property
    def content(self) -> Any:
        """What was sent."""
        return self.payload if self.binary is None else self.binary


class Database:
    """A small pool."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.is_listening = asyncio.Event()
        """Set while new messages are heard."""
        self.pool = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=4,
            timeout=CONNECTION_SECONDS,
            open=False,
            kwargs={"autocommit": True},
            check=AsyncConnectionPool.check_connection,
        )

    async def open(self) -> None:
        """Does not wait: the database may come later."""
        await self.pool.open()

    async def close(self) -> None:
        """Ends all connections."""
        await self.pool.close()

    async def wait_until_listening(self) -> bool:
        """False when that takes too long."""
        try:
            await asyncio.wait_for(self.is_listening.wait(), LISTENING_SECONDS)
        except TimeoutError:
            return False
        return True

    async def rights(self, topic: str, claims: Claims, headers: Mapping[str, str]) -> Rights:
        """On a private channel. Raises Refused when the database does not answer."""
        return await rights_on(self.pool, topic, claims, headers)

    async def replay(self, topic: str, replay: Replay) -> list[Message]:
        """Private messages of before, the oldest first. Raises Refused when the database does not answer."""
        since = datetime.fromtimestamp(replay.since / 1000, UTC).replace(tzinfo=None)
        parameters = {"topic": topic, "since": since, "limit": replay.limit}
        try:
            async with self.pool.connection() as connection:
                cursor = connection.cursor(row_factory=class_row(Message))
                await cursor.execute(_COLUMNS + _BEFORE, parameters)
                return (await cursor.fetchall())[::-1]
        except psycopg.Error as error:
            log.warning("messages could not be replayed: %s", error)
            raise Refused("UnableToReplayMessages: Realtime was unable to replay messages") from error

    async def prune(self) -> None:
        """Runs until cancelled: messages that are old, or too many, go."""
        while True:
            try:
                async with self.pool.connection() as connection:
                    await connection.execute(_PRUNE, (KEPT, MOST_KEPT))
            except psycopg.Error as error:
                log.warning("old messages could not be deleted: %s", error)
            await asyncio.sleep(PRUNE_SECONDS)


async def messages_by_id(connection: psycopg.AsyncConnection, ids: Sequence[UUID]) -> list[Message]:
    """In the order of ``ids``; those that are gone are left out."""
    cursor = connection.cursor(row_factory=class_row(Message))
    await cursor.execute(_BY_ID, (list(ids),))
    found = {message.id: message for message in await cursor.fetchall()}
    return [found[each] for each in ids if each in found]


async def ids_since(connection: psycopg.AsyncConnection, at: datetime) -> list[UUID]:
    """Of messages whose transactions began then or later."""
    cursor = connection.cursor(row_factory=scalar_row)
    await cursor.execute(_SINCE, (at,))
    return await cursor.fetchall()


async def current_time(connection: psycopg.AsyncConnection) -> datetime:
    """By the clock that stamps messages."""
    cursor = connection.cursor(row_factory=scalar_row)
    await cursor.execute("select timezone('utc', clock_timestamp())")
    time: datetime | None = await cursor.fetchone()
    assert time is not None
    return time
