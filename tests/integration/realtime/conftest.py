"""A Realtime server of each test's own, on a fresh database with policies for a few topics."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.integration.realtime.server import POLICIES, Realtime, serving
from tests.support.database import Database


@pytest.fixture
def realtime_db(platform_db: Database) -> Database:
    """The policies are made as a migration makes them: by postgres, who is not a superuser."""
    with psycopg.connect(platform_db.dsn("postgres"), autocommit=True) as connection:
        connection.execute(POLICIES.encode())
    return platform_db


@pytest.fixture
async def realtime(realtime_db: Database) -> AsyncIterator[Realtime]:
    """The server with the platform's limits."""
    async with serving(realtime_db) as server:
        yield server
