"""What a handler is given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from worker.db.pool import Database

Report = Callable[[str, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at a job; ``attempt`` counts from 1 and, with the worker's name, is the fencing token.

    ``provider`` is the capability whose pause holds the job back. `claim` returns the fields in this order.
    """

    id: int
    kind: str
    lane: str
    attempt: int
    max_attempts: int
    args: dict[str, Any] = field(default_factory=dict)
    workspace_id: UUID | None = None
    subject_id: UUID | None = None
    created_by: UUID | None = None
    provider: str | None = None

    def subject(self) -> UUID:
        """The subject of a kind that always has one. Raises ValueError without."""
        if self.subject_id is None:
            raise ValueError(f"job {self.id} of kind {self.kind} has no subject")
        return self.subject_id

    def is_last_attempt(self) -> bool:
        """A RetryAfter that counts would now fail the job."""
        return self.attempt >= self.max_attempts


class JobContext:
    """What surrounds an attempt. Log lines carry the job's id by themselves."""

    __slots__ = ("_report", "cancelled", "db", "log")

    def __init__(self, db: Database, report: Report, cancelled: asyncio.Event, log: Any = None) -> None:
        self.db = db
        self.cancelled = cancelled
        self.log = log if log is not None else structlog.get_logger("worker.job")
        self._report = report

    async def progress(self, stage: str, fraction: float) -> None:
        """Shows members the stage and how far it is, 0 to 1; a hint that never fails the job."""
        await self._report(stage, fraction)
