"""Keeps the leases alive, and lets go of jobs whose lease is gone."""

from __future__ import annotations

import asyncio
from time import monotonic

import psycopg
import structlog

from worker.runtime.attempt import Attempt, Leases
from worker.runtime.options import WorkerOptions
from worker.runtime.store import JobStore
from worker.runtime.verdict import Stop

log = structlog.get_logger("worker.heartbeat")

RETRY_SECONDS = 0.5
MARGIN = 0.1
"""Share of a lease that is left when we give up on it, so that nobody else runs the job meanwhile."""


async def keep_alive(store: JobStore, leases: Leases, options: WorkerOptions) -> None:
    """Runs until cancelled."""
    pause = options.heartbeat_every
    while True:
        await asyncio.sleep(pause)
        held = leases.all()
        try:
            pause = options.heartbeat_every
            if held:
                await beat(store, leases, held)
        except psycopg.Error as error:
            log.warning("heartbeat.failed", error=str(error).strip())
            pause = RETRY_SECONDS
        stop_expired(held, options.lease * MARGIN)


async def beat(store: JobStore, leases: Leases, held: list[Attempt]) -> None:
    """One heartbeat for all attempts. Raises psycopg.Error."""
    ends = monotonic() + store.lease_seconds
    alive = await store.heartbeat({attempt.job.id: attempt.job.attempt for attempt in held})
    for attempt in held:
        cancel_requested = alive.get(attempt.job.id)
        if cancel_requested is not None:
            attempt.lease_ends = ends
            if cancel_requested:
                attempt.stop(Stop.CANCEL)
        elif leases.holds(attempt) and attempt.stop(Stop.LOST):
            log.warning("lease.lost", job_id=attempt.job.id, attempt=attempt.job.attempt)


def stop_expired(held: list[Attempt], margin: float) -> None:
    """Another worker may take these over any moment."""
    now = monotonic()
    for attempt in held:
        if now > attempt.lease_ends - margin and attempt.stop(Stop.LOST):
            log.warning("lease.expired", job_id=attempt.job.id, attempt=attempt.job.attempt)
