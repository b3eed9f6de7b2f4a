"""Cron expressions: five fields, UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

from worker.errors import ConfigurationError

INSTANT = timedelta(microseconds=1)


def parse(cron: str) -> CronTrigger:
    """Raises ConfigurationError. Weekdays go by name: their numbers mean other days here than elsewhere."""
    try:
        trigger = CronTrigger.from_crontab(cron, timezone=UTC)
    except ValueError as error:
        raise ConfigurationError("registry.bad_cron", f"'{cron}': {error}.") from error
    if any(character.isdigit() for character in cron.split()[4].partition("/")[0]):
        raise ConfigurationError("registry.bad_cron", f"'{cron}': name the weekdays, as in mon-fri.")
    return trigger


def ticks(cron: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every tick in the half-open interval (after, until]."""
    trigger = parse(cron)
    tick = trigger.get_next_fire_time(None, after + INSTANT)
    while tick is not None and tick <= until:
        yield tick
        tick = trigger.get_next_fire_time(tick, tick + INSTANT)
