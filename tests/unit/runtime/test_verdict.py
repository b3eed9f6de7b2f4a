"""From an outcome to what the database is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import AsyncConnection

from worker.runtime.job import Job
from worker.runtime.outcome import DONE, Cancelled, Done, Fail, Outcome, ProviderDown, RetryAfter
from worker.runtime.verdict import (
    MESSAGE_LENGTH,
    Stop,
    Verdict,
    after_stop,
    clean,
    release_of,
    verdict_of,
    write_of,
)

JOB = Job(7, "test.work", "bulk", 2, 3)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def longest(low: float, high: float) -> float:
    return high


async def write(connection: AsyncConnection[Any]) -> None: ...


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (DONE, Verdict(7, 2, "done")),
        (Cancelled(), Verdict(7, 2, "cancelled")),
        (Fail("a.code", "Words."), Verdict(7, 2, "fail", "a.code", "Words.")),
        (RetryAfter(9.0, "Later.", "a.code"), Verdict(7, 2, "retry", "a.code", "Later.", 9.0)),
        (RetryAfter(None, "Later."), Verdict(7, 2, "retry", "job.retry", "Later.", 4.0)),
        (RetryAfter(9.0, "Later.", counts=False), Verdict(7, 2, "defer", "job.retry", "Later.", 9.0)),
        (
            ProviderDown("llm", NOW + timedelta(seconds=30), "Busy."),
            Verdict(7, 2, "defer", "provider.paused", "Busy.", 30.0),
        ),
        (
            ProviderDown("llm", NOW - timedelta(seconds=30), "Busy.", "provider.rate_limited"),
            Verdict(7, 2, "defer", "provider.rate_limited", "Busy.", 0.0),
        ),
    ],
)
def test_outcomes(outcome: Outcome, expected: Verdict) -> None:
    assert verdict_of(JOB, outcome, NOW, longest) == expected


def test_a_release_is_an_end_too() -> None:
    assert release_of(JOB) == Verdict(7, 2, "release")


@pytest.mark.parametrize("outcome", [Done(write), Cancelled(write), Fail("a.code", "Words.", write)])
def test_rows_to_be_written(outcome: Outcome) -> None:
    assert write_of(outcome) is write


@pytest.mark.parametrize("outcome", [DONE, RetryAfter(None, "Later."), ProviderDown("llm", NOW, "Busy.")])
def test_no_rows_to_be_written(outcome: Outcome) -> None:
    assert write_of(outcome) is None


@pytest.mark.parametrize(
    ("stop", "outcome", "counts"),
    [
        (Stop.LOST, DONE, None),
        (Stop.LOST, None, None),
        (Stop.RELEASE, None, None),
        (Stop.RELEASE, DONE, DONE),
        (Stop.RELEASE, Cancelled(), None),
        (Stop.CANCEL, None, Cancelled()),
        (Stop.CANCEL, DONE, DONE),
        (Stop.CANCEL, RetryAfter(None, "Later."), Cancelled()),
        (Stop.CANCEL, ProviderDown("llm", NOW, "Busy."), Cancelled()),
    ],
)
def test_what_counts_of_an_attempt_that_was_stopped(
    stop: Stop, outcome: Outcome | None, counts: Outcome | None
) -> None:
    assert after_stop(stop, outcome) == counts


@given(st.text(st.characters(codec=None, categories=None)))
def test_messages_can_be_stored(text: str) -> None:
    stored = clean(text)
    assert "\0" not in stored
    assert len(stored) <= MESSAGE_LENGTH
    stored.encode()
