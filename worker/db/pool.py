"""Connections to Postgres: a pool that survives a restart of the server, and single ones for LISTEN."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

Connection = AsyncConnection[Any]


class Database:
    """One Postgres database.

    ``pooled`` says that a transaction pooler (PgBouncer, Supavisor) stands before it: no prepared statements then.
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
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
        }
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            dsn, min_size=min_size, max_size=max_size, open=False, kwargs=self._options, timeout=10
        )

    async def open(self, *, timeout: float = 10.0) -> None:
        """Connects, or raises psycopg_pool.PoolTimeout after ``timeout`` seconds."""
        await self._pool.open(wait=True, timeout=timeout)

    async def close(self) -> None:
        """Closes all connections of the pool."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode. Raises psycopg.OperationalError while the server is away."""
        async with self._pool.connection() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction, which commits at the end and rolls back on an exception."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection

    async def dedicated(self, dsn: str | None = None) -> Connection:
        """A connection of its own outside the pool, for the caller to close; ``dsn`` when it needs another door."""
        return await AsyncConnection.connect(dsn or self.dsn, **self._options)
