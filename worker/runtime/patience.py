"""Riding out an outage of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
import structlog

from worker.db.faults import is_conflict, is_outage

log = structlog.get_logger("worker.database")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0

Result = TypeVar("Result")


async def insist(what: str, attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Tries until Postgres answers; any other fault is raised. Meant to be cancelled when patience ends."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await attempt()
        except psycopg.Error as error:
            if not (is_outage(error) or is_conflict(error)):
                raise
            log.warning("database.away", during=what, error=str(error).strip(), pause_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
