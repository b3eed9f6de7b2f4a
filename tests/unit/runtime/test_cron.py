"""Cron expressions and the registry that takes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ConfigurationError
from worker.runtime.cron import parse, ticks
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry, Schedule
from worker.runtime.scheduling import LONGEST_SLEEP, SHORTEST_SLEEP, pause

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


async def handler(job: Job, ctx: JobContext) -> Outcome:
    return DONE


def test_ticks_begin_after_the_last_one_and_include_the_end() -> None:
    found = list(ticks("*/15 * * * *", NOON, NOON + timedelta(hours=1)))
    assert found == [NOON + timedelta(minutes=minutes) for minutes in (15, 30, 45, 60)]


@given(TIMES, st.integers(0, 300), st.integers(0, 300))
def test_no_tick_is_lost_or_repeated_where_two_looks_meet(begin: datetime, first: int, second: int) -> None:
    middle = begin + timedelta(seconds=first)
    end = middle + timedelta(seconds=second)
    whole = list(ticks("* * * * *", begin, end))
    assert [*ticks("* * * * *", begin, middle), *ticks("* * * * *", middle, end)] == whole


def test_days_are_those_of_utc() -> None:
    assert next(ticks("17 3 * * *", NOON, NOON + timedelta(days=2))) == datetime(
        2026, 3, 2, 3, 17, tzinfo=UTC
    )


@pytest.mark.parametrize("cron", ["", "* * * *", "61 * * * *", "hourly", "0 0 * * 0", "0 0 * * 1-5"])
def test_what_is_no_expression_is_refused(cron: str) -> None:
    with pytest.raises(ConfigurationError, match=r"registry\.bad_cron"):
        Registry().every("name", cron, "test.work")


@pytest.mark.parametrize("cron", ["0 0 * * mon-fri", "0 0 * * */2", "0 0 1 * sun"])
def test_weekdays_by_name(cron: str) -> None:
    parse(cron)


def test_names_and_kinds_are_taken_once() -> None:
    registry = Registry()
    registry.handles("test.work")(handler)
    registry.every("name", "* * * * *", "test.work")
    with pytest.raises(ConfigurationError):
        registry.add("test.work", handler)
    with pytest.raises(ConfigurationError):
        registry.every("name", "0 * * * *", "test.work")
    assert registry.kinds == ["test.work"]
    assert registry.schedules == [Schedule("name", "* * * * *", "test.work")]


def test_the_sleep_ends_at_the_next_tick_and_is_never_long() -> None:
    every_minute = [Schedule("a", "* * * * *", "test.work")]
    assert pause(every_minute, NOON - timedelta(seconds=7)) == 7
    assert pause(every_minute, NOON + timedelta(seconds=1)) == LONGEST_SLEEP
    assert pause(every_minute, NOON - timedelta(microseconds=1)) == SHORTEST_SLEEP
    assert pause([], NOON) == LONGEST_SLEEP
