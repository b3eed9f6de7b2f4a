"""The worker: claims jobs, runs their handlers, commits their ends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

import psycopg
import structlog

from worker.db.pool import Database
from worker.runtime import metrics
from worker.runtime.attempt import Attempt, Leases
from worker.runtime.faults import is_crash, outcome_of
from worker.runtime.finishing import Finisher
from worker.runtime.heartbeat import keep_alive
from worker.runtime.job import Job, JobContext
from worker.runtime.options import WorkerOptions
from worker.runtime.outcome import Outcome, ProviderDown
from worker.runtime.patience import insist
from worker.runtime.registry import Registry
from worker.runtime.scheduling import fire_schedules
from worker.runtime.slots import Slots
from worker.runtime.store import JobStore
from worker.runtime.verdict import Stop, after_stop, release_of, verdict_of, write_of
from worker.runtime.waking import listen, poll, wait_for_change

log = structlog.get_logger("worker")

RELEASE_SECONDS = 5.0
"""How long interrupted handlers may take to clean up at shutdown."""


def _now() -> datetime:
    return datetime.now(UTC)


class Worker:
    """One process's share of the work. ``run`` returns after ``stop`` when everything is put in order."""

    def __init__(self, db: Database, registry: Registry, options: WorkerOptions) -> None:
        self.options = options
        self.leases = Leases()
        self.slots = Slots(options.lanes)
        self.is_ready = False
        self._db = db
        self._registry = registry
        self._store = JobStore(db, options.worker_id, registry.kinds, options.lease)
        self._finisher = Finisher(self._store, self.leases, options.finish_at_once)
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fault: BaseException | None = None

    def stop(self) -> None:
        """Takes no new job and lets running ones finish for the grace period; the second call ends that."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()
        self.slots.changed.set()

    async def measure(self) -> None:
        """Brings the gauges up to date. Raises psycopg.Error."""
        for lane, limit in self.slots.limits.items():
            metrics.RUNNING.labels(lane).set(limit - self.slots.free[lane])
        metrics.show_queue(await self._store.stats())

    async def run(self) -> None:
        """Works until stopped. Raises what a part of the engine raises beyond an outage of Postgres."""
        log.info("worker.started", worker_id=self.options.worker_id, lanes=dict(self.options.lanes))
        finishing = asyncio.create_task(self._finisher.run())
        try:
            async with self._background():
                await self._claim_until_stopped()
                await self._let_finish()
                released = await self._interrupt()
                self._finisher.close()
                await finishing
            await self._tell_others(released)
        finally:
            finishing.cancel()
        if self._fault is not None:
            raise self._fault
        log.info("worker.stopped", worker_id=self.options.worker_id)

    @asynccontextmanager
    async def _background(self) -> AsyncIterator[None]:
        options, store = self.options, self._store
        parts = [keep_alive(store, self.leases, options), poll(self.slots, options.poll)]
        parts.append(fire_schedules(store, self._registry.schedules, options.catch_up))
        if options.listen_dsn is not None:
            parts.append(listen(store, self.slots, self.leases, options.listen_dsn))
        tasks = [asyncio.create_task(part) for part in parts]
        for task in tasks:
            task.add_done_callback(self._stop_on_fault)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _stop_on_fault(self, task: asyncio.Task[None]) -> None:
        """A worker without heartbeat or schedules would look alive; better that it is started anew."""
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()
            self.stop()

    async def _claim_until_stopped(self) -> None:
        while not self._stopping.is_set():
            self.slots.changed.clear()
            quotas = self.slots.quotas()
            if quotas:
                await self._claim(quotas)
            elif any(self.slots.free.values()):
                await wait_for_change(self._store, self.slots, self.options.poll)
            else:
                await self.slots.changed.wait()

    async def _claim(self, quotas: dict[str, int]) -> None:
        lease_ends = monotonic() + self.options.lease
        jobs = await self._insist_on_claim(quotas)
        self.is_ready = True
        self.slots.learn(quotas, (job.lane for job in jobs))
        for job in jobs:
            self._start(Attempt(job, lease_ends))
        if jobs:
            await asyncio.sleep(0)

    async def _insist_on_claim(self, quotas: dict[str, int]) -> list[Job]:
        """An empty list when the worker is stopped while Postgres is away."""
        claiming = asyncio.create_task(insist("claim", lambda: self._store.claim(quotas)))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((claiming, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if claiming.done():
            return claiming.result()
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                return await claiming
        except TimeoutError:
            return []

    def _start(self, attempt: Attempt) -> None:
        earlier = self.leases.add(attempt)
        if earlier is not None:
            earlier.stop(Stop.LOST)
        self.slots.take(attempt.job.lane)
        task = asyncio.create_task(self._attempt(attempt))
        attempt.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, attempt: Attempt) -> None:
        try:
            outcome = await self._handle(attempt)
        finally:
            self.slots.give_back(attempt.job.lane)
        if attempt.stop_reason is not None:
            outcome = after_stop(attempt.stop_reason, outcome)
        if outcome is not None:
            await self._end(attempt, outcome)
        elif attempt.stop_reason is Stop.RELEASE:
            self._finisher.submit(attempt, release_of(attempt.job))
        else:
            self.leases.remove(attempt)

    async def _handle(self, attempt: Attempt) -> Outcome | None:
        """None when it was interrupted before it had an outcome."""
        job = attempt.job
        context = JobContext(
            self._db, _Reporter(self._store, job, self.options.report_every), attempt.cancelled
        )
        try:
            return await self._registry.handlers[job.kind](job, context)
        except asyncio.CancelledError:
            if attempt.stop_reason is None:
                raise
            return None
        except Exception as error:
            if is_crash(error):
                log.exception("job.crashed", job_id=job.id, kind=job.kind, attempt=job.attempt)
            return outcome_of(error, _now)

    async def _end(self, attempt: Attempt, outcome: Outcome) -> None:
        attempt.is_ending = True
        if isinstance(outcome, ProviderDown):
            await self._pause(attempt.job, outcome)
        verdict = verdict_of(attempt.job, outcome, _now(), random.uniform)
        write = write_of(outcome)
        if write is None:
            self._finisher.submit(attempt, verdict)
            return
        try:
            await self._finisher.write(attempt, verdict, write)
        except Exception as error:
            log.exception("job.write_failed", job_id=attempt.job.id, kind=attempt.job.kind)
            self._finisher.submit(
                attempt, verdict_of(attempt.job, outcome_of(error, _now), _now(), random.uniform)
            )

    async def _pause(self, job: Job, outcome: ProviderDown) -> None:
        """The pause is of the capability that the job's kind waits for, whichever vendor asked for it."""
        name = job.provider or outcome.provider
        await insist("pause", lambda: self._store.pause_provider(name, outcome.until, outcome.reason))

    async def _let_finish(self) -> None:
        if not self._tasks:
            return
        hurry = asyncio.create_task(self._hurry.wait())
        everything = asyncio.gather(*self._tasks, return_exceptions=True)
        waiting = (hurry, everything)
        await asyncio.wait(waiting, timeout=self.options.grace, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()

    async def _interrupt(self) -> set[str]:
        """The lanes of jobs that are given back."""
        released = {attempt.job.lane for attempt in self.leases.all() if attempt.stop(Stop.RELEASE)}
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=RELEASE_SECONDS)
        return released

    async def _tell_others(self, released: set[str]) -> None:
        if not released:
            return
        log.info("worker.released", lanes=sorted(released))
        try:
            await self._store.notify(sorted(released))
        except psycopg.Error as error:
            log.warning("worker.notify_failed", error=str(error).strip())


class _Reporter:
    """Progress, at most every so often for one stage; never fails the job."""

    __slots__ = ("_every", "_job", "_last", "_stage", "_store")

    def __init__(self, store: JobStore, job: Job, every: float) -> None:
        self._store, self._job, self._every = store, job, every
        self._stage = ""
        self._last = 0.0

    async def __call__(self, stage: str, fraction: float) -> None:
        if stage == self._stage and monotonic() - self._last < self._every:
            return
        self._stage, self._last = stage, monotonic()
        try:
            await self._store.report_progress(self._job, stage, fraction)
        except psycopg.Error as error:
            log.warning("progress.lost", job_id=self._job.id, error=str(error).strip())
