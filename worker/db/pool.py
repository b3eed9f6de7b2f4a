"""Connections to Postgres: a pool that survives a restart of the server, and single ones for LISTEN."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from worker.db.faults import is_outage

Connection = AsyncConnection[Any]
Row = dict[str, Any]

WAIT_SECONDS = 10.0
RECONNECT_SECONDS = 4.0  # the pool doubles its pauses up to this; the next request starts it again


class Database:
    """One Postgres database.

    ``pooled``: a transaction pooler (PgBouncer, Supavisor) stands before it, so no prepared statements.
    Connections are in autocommit mode: one statement is one round trip.
    """

    def __init__(
        self, dsn: str, *, min_size: int = 1, max_size: int = 10, pooled: bool = False, name: str = "lamina"
    ) -> None:
        self.dsn = dsn
        self._options: dict[str, Any] = {
            "autocommit": True,
            "application_name": name,
            "prepare_threshold": None if pooled else 3,
            "connect_timeout": 10,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,  # milliseconds; keepalives are silent while a statement is on its way
        }
        self._checking: asyncio.Task[None] | None = None
        self._sizes = (min_size, max_size)
        self._pool = self._new_pool()

    def _new_pool(self) -> AsyncConnectionPool[Connection]:
        return AsyncConnectionPool(
            self.dsn,
            min_size=self._sizes[0],
            max_size=self._sizes[1],
            open=False,
            kwargs=self._options,
            timeout=WAIT_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
        )

    async def open(self) -> None:
        """Connects, or raises psycopg_pool.PoolTimeout after ten seconds; may be tried again."""
        if self._pool.closed:  # by a timeout or by `close`: such a pool is never opened again
            self._pool = self._new_pool()
        await self._pool.open(wait=True, timeout=WAIT_SECONDS)

    async def close(self) -> None:
        """Closes all connections of the pool."""
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.wait((self._checking,))
        await self._pool.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode. Raises psycopg.OperationalError while the server is away."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except psycopg.Error as error:
            if is_outage(error):
                self._drop_dead_connections()
            raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction, which commits at the end and rolls back on an exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def one(self, statement: Any, parameters: Row) -> Row | None:
        """The first row of a statement, or None."""
        async with self.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement, parameters)
            return await cursor.fetchone()

    async def rows(self, statement: Any, parameters: Row) -> list[Row]:
        """All rows of a statement."""
        async with self.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement, parameters)
            return await cursor.fetchall()

    async def dedicated(self, dsn: str | None = None) -> Connection:
        """A connection outside the pool, for the caller to close; ``dsn`` when it needs another door."""
        return await AsyncConnection.connect(dsn or self.dsn, **self._options)

    def _drop_dead_connections(self) -> None:
        """Beside what the caller does: over a silent network each one takes long to be known as dead."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._pool.check())
            self._checking.add_done_callback(lambda task: task.cancelled() or task.exception())
