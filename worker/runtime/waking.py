"""Hints that there is work: LISTEN, timers, and polling."""

from __future__ import annotations

import asyncio

import psycopg
import structlog

from worker.db.pool import Connection
from worker.runtime.attempt import Leases
from worker.runtime.heartbeat import beat
from worker.runtime.slots import Slots
from worker.runtime.store import SQL, JobStore
from worker.runtime.verdict import Stop

log = structlog.get_logger("worker.listen")

LONGEST_PAUSE = 5.0
JOBS_CHANNEL = "lamina_jobs"


async def listen(store: JobStore, slots: Slots, leases: Leases, dsn: str) -> None:
    """Runs until cancelled, on a connection of its own that is made anew when it breaks."""
    pause = 0.1
    while True:
        try:
            connection = await store.db.dedicated(dsn)
            async with connection:
                await connection.execute(SQL["listen"])
                await connection.execute(SQL["listen_cancel"])
                await _catch_up(connection, store, slots, leases)
                pause = 0.1
                async for notify in connection.notifies():
                    _hear(notify, slots, leases)
        except psycopg.Error as error:
            log.warning("listen.broken", error=str(error).strip(), pause_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _catch_up(connection: Connection, store: JobStore, slots: Slots, leases: Leases) -> None:
    """Whatever was notified while nobody listened: work, and wishes to cancel."""
    slots.hint()
    if held := leases.all():
        await beat(connection, store, leases, held)


def _hear(notify: psycopg.Notify, slots: Slots, leases: Leases) -> None:
    if notify.channel == JOBS_CHANNEL:
        slots.hint([notify.payload])
        return
    attempt = leases.get(int(notify.payload)) if notify.payload.isdigit() else None
    if attempt is not None:
        attempt.stop(Stop.CANCEL)


async def poll(slots: Slots, every: float) -> None:
    """Runs until cancelled."""
    while True:
        await asyncio.sleep(every)
        slots.hint()


async def wait_for_change(store: JobStore, slots: Slots, longest: float) -> None:
    """Returns at the next hint, or when a waiting job comes due."""
    try:
        due = await store.seconds_to_next(list(slots.limits))
    except psycopg.Error:
        due = None
    if due is None or due >= longest:
        await slots.changed.wait()
        return
    try:
        async with asyncio.timeout(max(due, 0.005)):
            await slots.changed.wait()
    except TimeoutError:
        slots.hint()
