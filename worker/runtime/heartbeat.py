"""Keeps the leases alive, and lets go of jobs whose lease is gone."""

from __future__ import annotations

import asyncio
from time import monotonic

import psycopg
import structlog

from worker.db.pool import Connection
from worker.runtime.attempt import Attempt, Leases
from worker.runtime.options import WorkerOptions
from worker.runtime.store import JobStore
from worker.runtime.verdict import Stop

log = structlog.get_logger("worker.heartbeat")

RETRY_SECONDS = 0.5
MARGIN = 0.1
"""Share of a lease that is left when we give up on it, so that nobody else runs the job meanwhile."""


async def keep_alive(store: JobStore, leases: Leases, options: WorkerOptions) -> None:
    """Runs until cancelled, on a connection of its own: it must not queue behind the handlers."""
    while True:
        try:
            async with await store.db.dedicated() as connection:
                await _beat_regularly(connection, store, leases, options)
        except (psycopg.Error, TimeoutError) as error:
            log.warning("heartbeat.failed", error=str(error).strip() or "no answer in time")
        await asyncio.sleep(RETRY_SECONDS)


async def _beat_regularly(
    connection: Connection, store: JobStore, leases: Leases, options: WorkerOptions
) -> None:
    while True:
        held = leases.all()
        if held:
            async with asyncio.timeout(options.lease / 3):
                await beat(connection, store, leases, held)
        await asyncio.sleep(options.heartbeat_every)


async def beat(connection: Connection, store: JobStore, leases: Leases, held: list[Attempt]) -> None:
    """One heartbeat for all attempts. Raises psycopg.Error."""
    ends = monotonic() + store.lease_seconds
    alive = await store.heartbeat(connection, {attempt.job.id: attempt.job.attempt for attempt in held})
    for attempt in held:
        cancel_requested = alive.get(attempt.job.id)
        if cancel_requested is not None:
            attempt.lease_ends = ends
            if cancel_requested:
                attempt.stop(Stop.CANCEL)
        elif leases.holds(attempt) and attempt.stop(Stop.LOST):
            log.warning("lease.lost", job_id=attempt.job.id, attempt=attempt.job.attempt)


async def watch_leases(leases: Leases, options: WorkerOptions) -> None:
    """Runs until cancelled, and needs no database: that is what may have stopped answering."""
    margin = options.lease * MARGIN
    while True:
        await asyncio.sleep(min(margin / 4, RETRY_SECONDS))
        stop_expired(leases.all(), margin)


def stop_expired(held: list[Attempt], margin: float) -> None:
    """Another worker may take these over any moment."""
    now = monotonic()
    for attempt in held:
        if now > attempt.lease_ends - margin and attempt.stop(Stop.LOST):
            log.warning("lease.expired", job_id=attempt.job.id, attempt=attempt.job.attempt)
