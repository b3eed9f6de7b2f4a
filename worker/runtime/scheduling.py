"""Fires schedules; the database lets one worker through per tick."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import structlog

from worker.runtime.cron import ticks
from worker.runtime.registry import Schedule
from worker.runtime.store import JobStore

log = structlog.get_logger("worker.schedule")

LONGEST_SLEEP = 30.0
"""A machine that slept wakes to a clock that jumped; so no sleep is long."""
SHORTEST_SLEEP = 0.05
RETRY_SECONDS = 1.0


async def fire_schedules(store: JobStore, schedules: list[Schedule], catch_up: float) -> None:
    """Runs until cancelled; a tick that could not be fired is tried again."""
    begin = _now() - timedelta(seconds=catch_up)
    done = {schedule.name: begin for schedule in schedules}
    while schedules:
        failed = False
        for schedule in schedules:
            for tick in ticks(schedule.cron, done[schedule.name], _now()):
                if not await _fire(store, schedule, tick):
                    failed = True
                    break
                done[schedule.name] = tick
        await asyncio.sleep(RETRY_SECONDS if failed else pause(schedules, _now()))


async def _fire(store: JobStore, schedule: Schedule, tick: datetime) -> bool:
    try:
        job_id = await store.fire_schedule(schedule.name, tick, schedule.kind)
    except psycopg.Error as error:
        log.warning("schedule.failed", schedule=schedule.name, error=str(error).strip())
        return False
    if job_id is not None:
        log.info("schedule.fired", schedule=schedule.name, tick=tick.isoformat(), job_id=job_id)
    return True


def pause(schedules: list[Schedule], now: datetime) -> float:
    """Seconds until the next tick of any, within bounds."""
    horizon = now + timedelta(seconds=LONGEST_SLEEP)
    nearest = min(
        (next(ticks(schedule.cron, now, horizon), horizon) for schedule in schedules), default=horizon
    )
    return max((nearest - now).total_seconds(), SHORTEST_SLEEP)


def _now() -> datetime:
    return datetime.now(UTC)
