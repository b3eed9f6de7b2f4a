"""One attempt at a job while this worker holds its lease."""

from __future__ import annotations

import asyncio
from time import monotonic

from worker.runtime.job import Job
from worker.runtime.verdict import Stop


class Attempt:
    """``lease_ends`` is by our monotonic clock, from before the statement was sent: never too late."""

    __slots__ = (
        "cancelled", "is_ending", "is_handling", "job", "lease_ends", "started", "stop_reason", "task",
    )  # fmt: skip

    def __init__(self, job: Job, lease_ends: float) -> None:
        self.job = job
        self.lease_ends = lease_ends
        self.started = monotonic()
        self.cancelled = asyncio.Event()
        self.stop_reason: Stop | None = None
        self.is_handling = False
        self.is_ending = False
        self.task: asyncio.Task[None] | None = None

    def stop(self, reason: Stop) -> bool:
        """Interrupts the handler, once; too late when its end is being written. True when it was stopped.

        A handler that has not begun yet will not begin: cancelling its task now would skip the clean-up too.
        A lost lease overrides an earlier reason: nothing may be written any more.
        """
        if self.is_ending:
            return False
        if self.stop_reason is not None:
            if reason is Stop.LOST:
                self.stop_reason = reason
            return False
        self.stop_reason = reason
        self.cancelled.set()
        if self.is_handling and self.task is not None:
            self.task.cancel()
        return True

    def abandon(self) -> None:
        """Ends it without a word to the database: the lease runs out by itself."""
        self.stop_reason = Stop.LOST
        if self.task is not None:
            self.task.cancel()


class Leases:
    """What this worker holds: from the claim until the end is committed."""

    def __init__(self) -> None:
        self._held: dict[int, Attempt] = {}

    def __len__(self) -> int:
        return len(self._held)

    def add(self, attempt: Attempt) -> Attempt | None:
        """Returns the earlier attempt at the same job, if this worker lost that lease to itself."""
        earlier = self._held.get(attempt.job.id)
        self._held[attempt.job.id] = attempt
        return earlier

    def remove(self, attempt: Attempt) -> None:
        """Forgets it, unless a newer attempt took its place."""
        if self._held.get(attempt.job.id) is attempt:
            del self._held[attempt.job.id]

    def get(self, job_id: int) -> Attempt | None:
        """The current attempt at this job."""
        return self._held.get(job_id)

    def holds(self, attempt: Attempt) -> bool:
        """It is the current attempt at its job."""
        return self._held.get(attempt.job.id) is attempt

    def all(self) -> list[Attempt]:
        """A snapshot."""
        return list(self._held.values())
