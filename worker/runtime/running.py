"""Runs handlers: one task per attempt, from its start to its end."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from time import monotonic

import psycopg
import structlog
from structlog.contextvars import bind_contextvars

from worker.runtime.attempt import Attempt, Leases
from worker.runtime.faults import LEAKED_CANCELLATION, is_crash, outcome_of
from worker.runtime.finishing import Finisher
from worker.runtime.job import JobContext
from worker.runtime.options import WorkerOptions
from worker.runtime.outcome import Outcome, ProviderDown
from worker.runtime.patience import insist
from worker.runtime.registry import Registry
from worker.runtime.slots import Slots
from worker.runtime.store import JobStore
from worker.runtime.verdict import Stop, Verdict, after_stop, release_of, verdict_of, write_of

log = structlog.get_logger("worker.job")


def _now() -> datetime:
    return datetime.now(UTC)


class Runner:
    """``tasks`` are the attempts that run; each keeps its slot until its own rows are committed."""

    def __init__(
        self, store: JobStore, registry: Registry, leases: Leases, slots: Slots, options: WorkerOptions
    ) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self.finisher = Finisher(store, leases, slots, options.finish_at_once)
        self._store = store
        self._handlers = registry.handlers
        self._leases = leases
        self._slots = slots
        self._report_every = options.report_every

    def start(self, attempt: Attempt) -> None:
        """Takes a slot; an older attempt at the same job, whose lease this worker lost, is stopped."""
        earlier = self._leases.add(attempt)
        if earlier is not None:
            earlier.stop(Stop.LOST)
        self._slots.take(attempt.job.lane)
        attempt.task = asyncio.create_task(self._attempt(attempt))
        self.tasks.add(attempt.task)
        attempt.task.add_done_callback(self.tasks.discard)

    async def wait(self, seconds: float, hurry: asyncio.Event | None = None) -> None:
        """Until everything that runs has ended, the time is over, or ``hurry`` is set."""
        if not self.tasks:
            return
        ended = asyncio.ensure_future(asyncio.wait(tuple(self.tasks)))
        hurried = asyncio.ensure_future((hurry or asyncio.Event()).wait())
        await asyncio.wait((ended, hurried), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        hurried.cancel()

    async def _attempt(self, attempt: Attempt) -> None:
        bind_contextvars(job_id=attempt.job.id, kind=attempt.job.kind, attempt=attempt.job.attempt)
        try:
            outcome = None if attempt.stop_reason else await self._handle(attempt)
            await self._end(attempt, outcome)
        except Exception:
            log.exception("job.end_failed")  # its lease runs out, and it is tried again
            self._leases.remove(attempt)
        finally:
            self._slots.give_back(attempt.job.lane)

    async def _handle(self, attempt: Attempt) -> Outcome | None:
        """None when it was interrupted before it had an outcome."""
        context = JobContext(
            self._store.db, _Reporter(self._store, attempt, self._report_every), attempt.cancelled
        )
        attempt.is_handling = True
        try:
            return await self._handlers[attempt.job.kind](attempt.job, context)
        except asyncio.CancelledError:
            if attempt.stop_reason is not None:
                return None
            if _is_being_cancelled():
                raise
            log.exception("job.crashed")
            return LEAKED_CANCELLATION
        except Exception as error:
            if is_crash(error):
                log.exception("job.crashed")
            return outcome_of(error, _now)
        finally:
            attempt.is_handling = False

    async def _end(self, attempt: Attempt, outcome: Outcome | None) -> None:
        if attempt.stop_reason is not None:
            outcome = after_stop(attempt.stop_reason, outcome)
        if outcome is not None:
            await self._write_end(attempt, outcome)
        elif attempt.stop_reason is Stop.RELEASE:
            self.finisher.submit(attempt, release_of(attempt.job))
        else:
            self._leases.remove(attempt)

    async def _write_end(self, attempt: Attempt, outcome: Outcome) -> None:
        attempt.is_ending = True
        if isinstance(outcome, ProviderDown) and attempt.job.provider is not None:
            await self._pause(attempt.job.provider, outcome)
        write = write_of(outcome)
        if write is not None:
            try:
                await self.finisher.write(attempt, _verdict(attempt, outcome), write)
                return
            except Exception as error:
                log.exception("job.write_failed")
                outcome = outcome_of(error, _now)
        self.finisher.submit(attempt, _verdict(attempt, outcome))

    async def _pause(self, name: str, outcome: ProviderDown) -> None:
        """Of the capability that the job's kind waits for, whichever vendor asked for it.

        A kind that uses tenants' own keys waits for none: one tenant's vendor must not hold back the others.
        """
        await insist("pause", lambda: self._store.pause_provider(name, outcome.until, outcome.reason))


def _verdict(attempt: Attempt, outcome: Outcome) -> Verdict:
    return verdict_of(attempt.job, outcome, _now(), random.uniform)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _Reporter:
    """Progress, at most every so often for one stage; never fails the job."""

    __slots__ = ("_attempt", "_every", "_last", "_stage", "_store")

    def __init__(self, store: JobStore, attempt: Attempt, every: float) -> None:
        self._store, self._attempt, self._every = store, attempt, every
        self._stage = ""
        self._last = 0.0

    async def __call__(self, stage: str, fraction: float) -> None:
        if stage == self._stage and monotonic() - self._last < self._every:
            return
        self._stage, self._last = stage, monotonic()
        try:
            await self._store.report_progress(self._attempt.job, stage, fraction)
        except psycopg.Error as error:
            log.warning("progress.lost", error=str(error).strip())
