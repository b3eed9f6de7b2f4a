"""Fires schedules; the database lets one worker through per tick."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import structlog
from apscheduler.triggers.cron import CronTrigger

from worker.runtime.registry import Schedule
from worker.runtime.store import JobStore

log = structlog.get_logger("worker.schedule")

LONGEST_SLEEP = 30.0
"""A machine that slept wakes to a clock that jumped; so no sleep is long."""


def ticks(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every tick in the half-open interval (after, until]."""
    trigger = CronTrigger.from_crontab(schedule.cron, timezone=UTC)
    tick = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    while tick is not None and tick <= until:
        yield tick
        tick = trigger.get_next_fire_time(tick, tick + timedelta(microseconds=1))


async def fire_schedules(store: JobStore, schedules: list[Schedule], catch_up: float) -> None:
    """Runs until cancelled; a tick that could not be fired is tried again."""
    done = dict.fromkeys((schedule.name for schedule in schedules), _now() - timedelta(seconds=catch_up))
    while schedules:
        now = _now()
        for schedule in schedules:
            for tick in ticks(schedule, done[schedule.name], now):
                if not await _fire(store, schedule, tick):
                    break
                done[schedule.name] = tick
        await asyncio.sleep(_pause(schedules, _now()))


async def _fire(store: JobStore, schedule: Schedule, tick: datetime) -> bool:
    try:
        job_id = await store.fire_schedule(schedule.name, tick, schedule.kind)
    except psycopg.Error as error:
        log.warning("schedule.failed", schedule=schedule.name, error=str(error).strip())
        return False
    if job_id is not None:
        log.info("schedule.fired", schedule=schedule.name, tick=tick.isoformat(), job_id=job_id)
    return True


def _pause(schedules: list[Schedule], now: datetime) -> float:
    horizon = now + timedelta(seconds=LONGEST_SLEEP)
    nearest = min((next(ticks(schedule, now, horizon), horizon) for schedule in schedules), default=horizon)
    return max((nearest - now).total_seconds(), 0.05)


def _now() -> datetime:
    return datetime.now(UTC)
