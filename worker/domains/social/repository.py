"""The social domain's rows; every statement is in queries.sql."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from worker.db.pool import Row
from worker.db.queries import load_queries
from worker.domains.social.rules import Failure
from worker.providers.social.port import Reading
from worker.runtime.outcome import Write

SQL = load_queries(__package__, "queries.sql")


def keep(account: Row, reading: Reading, next_try_at: Any) -> Write:
    """Today's figures, or that they are still those of the last time."""
    return _write(
        "refreshed",
        _named(account)
        | {
            "source": reading.source,
            "metrics": None if reading.figures is None else Jsonb(dict(reading.figures)),
            "etag": reading.etag,
            "next_try_at": next_try_at,
        },
    )


def note(account: Row, source: str, failure: Failure) -> Write:
    """Why nothing came."""
    told = {
        "source": source,
        "code": failure.code,
        "message": failure.message,
        "is_broken": failure.is_broken,
        "failures": failure.failures,
        "next_try_at": failure.next_try_at,
    }
    return _write("failed", _named(account) | told)


def postpone(account: Row, next_try_at: Any) -> Write:
    """Nothing to do before."""
    return _write("postpone", _named(account) | {"next_try_at": next_try_at})


def _named(account: Row) -> Row:
    return {"account_id": account["id"], "revision": account["revision"]}


def _write(query: str, parameters: Row) -> Write:
    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL[query], parameters)

    return write
