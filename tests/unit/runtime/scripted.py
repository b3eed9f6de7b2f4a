"""A job store without a database, which answers as the test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

from worker.runtime.attempt import Attempt
from worker.runtime.job import Job
from worker.runtime.store import JobStore
from worker.runtime.verdict import Verdict


class ScriptedDatabase:
    """Hands out nothing, as often as it is asked."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[None]:
        yield None

    transaction = connection


class ScriptedStore:
    """Remembers batches of ends; ``errors`` are raised first, ``poison`` is an id that is always refused."""

    def __init__(self, errors: Sequence[Exception] = (), poison: int | None = None) -> None:
        self.db = ScriptedDatabase()
        self.batches: list[list[Verdict]] = []
        self.pauses: list[str] = []
        self.lost: set[int] = set()
        self._errors = list(errors)
        self._poison = poison

    async def finish(self, connection: Any, verdicts: Sequence[Verdict]) -> set[int]:
        if self._errors:
            raise self._errors.pop(0)
        if any(verdict.id == self._poison for verdict in verdicts):
            raise ValueError("a value that Postgres does not take")
        self.batches.append(list(verdicts))
        return {verdict.id for verdict in verdicts} - self.lost

    async def pause_provider(self, provider: str, until: datetime, reason: str) -> None:
        self.pauses.append(provider)

    def ended(self) -> dict[int, str]:
        """Job id → ending."""
        return {verdict.id: verdict.ending for batch in self.batches for verdict in batch}

    def as_store(self) -> JobStore:
        return cast("JobStore", self)


def attempt(job_id: int, number: int = 1, **fields: Any) -> Attempt:
    return Attempt(Job(job_id, "test.work", "bulk", number, 3, **fields), lease_ends=1e12)
