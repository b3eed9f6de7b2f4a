"""Writes the ends of attempts: many at once without rows of their own, else each in its own transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from worker.runtime.attempt import Attempt, Leases
from worker.runtime.metrics import record_end
from worker.runtime.outcome import Write
from worker.runtime.patience import insist
from worker.runtime.slots import Slots
from worker.runtime.store import JobStore
from worker.runtime.verdict import Verdict

log = structlog.get_logger("worker.job")

End = tuple[Attempt, Verdict]
BATCHES_BEHIND = 4


class Finisher:
    """``submit`` returns at once; ``run`` writes until ``close`` and everything is written."""

    def __init__(self, store: JobStore, leases: Leases, slots: Slots, at_once: int) -> None:
        self._store = store
        self._leases = leases
        self._slots = slots
        self._at_once = at_once
        self._waiting: list[End] = []
        self._arrived = asyncio.Event()
        self._closed = False

    @property
    def is_behind(self) -> bool:
        """So many ends wait that nothing more should be claimed; ``Slots.changed`` tells when it is over."""
        return len(self._waiting) > BATCHES_BEHIND * self._at_once

    def submit(self, attempt: Attempt, verdict: Verdict) -> None:
        """For an end without rows of its own."""
        attempt.is_ending = True
        self._waiting.append((attempt, verdict))
        self._arrived.set()

    async def write(self, attempt: Attempt, verdict: Verdict, write: Write) -> None:
        """Commits the end and the rows together, or neither when the lease is lost."""
        attempt.is_ending = True
        is_ours = await insist("finish", lambda: self._write_once(verdict, write))
        self._settle([(attempt, verdict)], {verdict.id} if is_ours else set())

    async def _write_once(self, verdict: Verdict, write: Write) -> bool:
        async with self._store.db.transaction() as connection:
            if verdict.id not in await self._store.finish(connection, [verdict]):
                return False
            await write(connection)
        return True

    def close(self) -> None:
        """Ends ``run`` once nothing waits."""
        self._closed = True
        self._arrived.set()

    async def run(self) -> None:
        """Group commit: what arrived while the last batch was written is the next batch."""
        while self._waiting or not self._closed:
            if not self._waiting:
                await self._arrived.wait()
            self._arrived.clear()
            was_behind = self.is_behind
            batch, self._waiting = self._waiting[: self._at_once], self._waiting[self._at_once :]
            if batch:
                await self._finish(batch)
            if was_behind and not self.is_behind:
                self._slots.changed.set()

    async def _finish(self, batch: Sequence[End]) -> None:
        """An end that the database refuses is left to its lease, and does not take others along.

        By workspace, since ends lock its usage counters: two batches must not wait for each other.
        """
        batch = sorted(batch, key=lambda end: (str(end[0].job.workspace_id), end[1].id))
        verdicts = [verdict for _, verdict in batch]
        try:
            ours = await insist("finish", lambda: self._finish_once(verdicts))
        except Exception:
            if len(batch) > 1:
                for end in batch:
                    await self._finish([end])
                return
            log.exception("job.end_refused", job_id=verdicts[0].id, ending=verdicts[0].ending)
            ours = set()
        self._settle(batch, ours)

    async def _finish_once(self, verdicts: Sequence[Verdict]) -> set[int]:
        async with self._store.db.connection() as connection:
            return await self._store.finish(connection, verdicts)

    def _settle(self, batch: Sequence[End], ours: set[int]) -> None:
        """Forgets the leases; what is queued again may be due at once, or when nobody would look."""
        for attempt, verdict in batch:
            self._leases.remove(attempt)
            _note(attempt, verdict, verdict.id in ours)
        again = {attempt.job.lane for attempt, verdict in batch if verdict.ending in ("retry", "defer")}
        if again:
            self._slots.hint(again)


def _note(attempt: Attempt, verdict: Verdict, is_ours: bool) -> None:
    ending = verdict.ending if is_ours else "lost"
    record_end(attempt, ending)
    if ending in ("fail", "retry", "lost"):
        log.warning(
            "job.ended", job_id=verdict.id, kind=attempt.job.kind, attempt=verdict.attempt, ending=ending,
            code=verdict.code, reason=verdict.message,
        )  # fmt: skip
