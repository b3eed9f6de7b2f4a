"""The integrations domain's statements; all are in queries.sql."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from worker.db.queries import load_queries
from worker.runtime.outcome import Write

SQL = load_queries(__package__, "queries.sql")


def write(name: str, **parameters: Any) -> Write:
    """A named statement to be committed together with the job's end."""

    async def run(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL[name], parameters)

    return run
