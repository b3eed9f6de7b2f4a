"""The worker: claims jobs while it has slots, keeps what serves them alive, and stops in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import psycopg
import structlog

from worker.db.pool import Database
from worker.runtime import metrics
from worker.runtime.attempt import Attempt, Leases
from worker.runtime.heartbeat import keep_alive, watch_leases
from worker.runtime.job import Job
from worker.runtime.options import WorkerOptions
from worker.runtime.patience import insist
from worker.runtime.registry import Registry
from worker.runtime.running import Runner
from worker.runtime.scheduling import fire_schedules
from worker.runtime.slots import Slots
from worker.runtime.store import JobStore
from worker.runtime.verdict import Stop
from worker.runtime.waking import listen, poll, wait_for_change

log = structlog.get_logger("worker")

RELEASE_SECONDS = 5.0
"""How long each may take at shutdown: a claim under way, interrupted handlers, the last ends."""
ABANDON_SECONDS = 1.0

Part = Coroutine[Any, Any, None]


class Worker:
    """One process's share of the work. ``run`` returns after ``stop`` when everything is put in order."""

    def __init__(self, db: Database, registry: Registry, options: WorkerOptions) -> None:
        self.options = options
        self.leases = Leases()
        self.slots = Slots(options.lanes)
        self._registry = registry
        self._store = JobStore(db, options.worker_id, registry.kinds, options.lease)
        self._runner = Runner(self._store, registry, self.leases, self.slots, options)
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._limit: asyncio.Timeout | None = None
        self._fault: BaseException | None = None

    @property
    def is_ready(self) -> bool:
        """It takes jobs, and Postgres has answered lately."""
        answered = self._store.answered_at
        patience = max(self.options.lease, 3 * self.options.poll)
        return not self._stopping.is_set() and answered is not None and monotonic() - answered < patience

    def stop(self) -> None:
        """Takes no new job and lets running ones finish for the grace period; the second call ends that."""
        if self._stopping.is_set():
            self._hurry.set()
            return
        self._stopping.set()
        self.slots.changed.set()
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time() + RELEASE_SECONDS)

    async def measure(self) -> None:
        """Brings the gauges up to date. Raises psycopg.Error."""
        for lane, limit in self.slots.limits.items():
            metrics.RUNNING.labels(lane).set(limit - self.slots.free[lane])
        metrics.show_queue(await self._store.stats())

    async def run(self) -> None:
        """Works until stopped. Raises what a part of the engine raises beyond an outage of Postgres."""
        log.info("worker.started", worker_id=self.options.worker_id, lanes=dict(self.options.lanes))
        async with self._parts_running() as finishing:
            try:
                await self._claim_until_stopped()
            except Exception as error:
                self._fail(error)
            await self._runner.wait(self.options.grace, self._hurry)
            released = await self._wind_up(finishing)
        await self._tell_others(released)
        if self._fault is not None:
            raise self._fault
        log.info("worker.stopped", worker_id=self.options.worker_id)

    @asynccontextmanager
    async def _parts_running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Yields the task that writes ends, the only one that is to end by itself."""
        tasks = [asyncio.create_task(part) for part in (self._runner.finisher.run(), *self._endless())]
        for task in tasks:
            task.add_done_callback(self._stop_on_fault)
        try:
            yield tasks[0]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _endless(self) -> list[Part]:
        options, store = self.options, self._store
        parts: list[Part] = [
            keep_alive(store, self.leases, options),
            watch_leases(self.leases, options),
            poll(self.slots, options.poll),
            fire_schedules(store, self._registry.schedules, options.catch_up),
        ]
        if options.listen_dsn is not None:
            parts.append(listen(store, self.slots, self.leases, options.listen_dsn))
        return parts

    def _stop_on_fault(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """A worker without heartbeat or schedules would look alive; better that it is started anew."""
        log.error("worker.failed", error=f"{type(error).__name__}: {error}".strip())
        self._fault = self._fault or error
        self.stop()
        self._hurry.set()

    async def _claim_until_stopped(self) -> None:
        """Postgres may be away; but once the worker is told to stop, it does not wait long for it."""
        while not self._stopping.is_set():
            self.slots.changed.clear()
            try:
                async with asyncio.timeout(None) as self._limit:
                    await self._claim_or_wait()
            except TimeoutError:
                return
            finally:
                self._limit = None

    async def _claim_or_wait(self) -> None:
        is_behind = self._runner.finisher.is_behind
        quotas = {} if is_behind else self.slots.ask()
        if quotas:
            await self._claim(quotas)
        elif any(self.slots.free.values()) and not is_behind:
            await wait_for_change(self._store, self.slots, self.options.poll)
        else:
            await self.slots.changed.wait()

    async def _claim(self, quotas: dict[str, int]) -> None:
        jobs, lease_ends = await insist("claim", lambda: self._claim_once(quotas))
        self.slots.learn(quotas, (job.lane for job in jobs))
        for job in jobs:
            self._runner.start(Attempt(job, lease_ends))
        if jobs:
            await asyncio.sleep(0)

    async def _claim_once(self, quotas: dict[str, int]) -> tuple[list[Job], float]:
        lease_ends = monotonic() + self.options.lease
        return await self._store.claim(quotas), lease_ends

    async def _wind_up(self, finishing: asyncio.Task[None]) -> set[str]:
        """Gives back what still runs and commits all ends, if Postgres answers; the lanes given back."""
        released = {attempt.job.lane for attempt in self.leases.all() if attempt.stop(Stop.RELEASE)}
        await self._runner.wait(RELEASE_SECONDS)
        self._runner.finisher.close()
        await asyncio.wait((finishing,), timeout=RELEASE_SECONDS)
        for attempt in self.leases.all():
            log.warning("job.abandoned", job_id=attempt.job.id, kind=attempt.job.kind)
            attempt.abandon()
        await self._runner.wait(ABANDON_SECONDS)
        return released if finishing.done() else set()

    async def _tell_others(self, released: set[str]) -> None:
        if not released:
            return
        log.info("worker.released", lanes=sorted(released))
        try:
            await self._store.notify(sorted(released))
        except psycopg.Error as error:
            log.warning("worker.notify_failed", error=str(error).strip())
