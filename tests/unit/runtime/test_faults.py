"""What an exception out of a handler means for its job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from worker.errors import (
    ComputationKilled,
    DeliveryUnknown,
    DocumentRejected,
    JobCancelled,
    ProviderAuthError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.runtime.faults import OUTAGE_SECONDS, RATE_LIMIT_SECONDS, is_crash, outcome_of
from worker.runtime.outcome import Cancelled, Fail, Outcome, ProviderDown, RetryAfter
from worker.runtime.retry import LONGEST_WAIT_SECONDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIMITED = ("provider.rate_limited", "Slow down.")
AWAY = ("provider.unavailable", "Away.")


def of(error: Exception) -> Outcome:
    return outcome_of(error, lambda: NOW)


def down(seconds: float, code: str, message: str) -> ProviderDown:
    return ProviderDown("openai", NOW + timedelta(seconds=seconds), message, code)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ProviderRateLimited(*LIMITED, provider="openai", retry_after=7), down(7, *LIMITED)),
        (ProviderRateLimited(*LIMITED, provider="openai"), down(RATE_LIMIT_SECONDS, *LIMITED)),
        (
            ProviderRateLimited(*LIMITED, provider="openai", retry_after=1e9),
            down(LONGEST_WAIT_SECONDS, *LIMITED),
        ),
        (ProviderUnavailable(*AWAY, provider="openai", retry_after=3), down(3, *AWAY)),
        (ProviderUnavailable(*AWAY), RetryAfter(None, "Away.", "provider.unavailable")),
        (ProviderTimeout("provider.timeout", "Late."), RetryAfter(None, "Late.", "provider.timeout")),
        (ProviderAuthError("provider.unauthorised", "No."), Fail("provider.unauthorised", "No.")),
        # Perhaps it arrived: the same again may arrive twice.
        (
            DeliveryUnknown("provider.outcome_unknown", "No answer."),
            Fail("provider.outcome_unknown", "No answer."),
        ),
        (ProviderRejected("provider.bad_request", "No."), Fail("provider.bad_request", "No.")),
        (DocumentRejected("document.damaged", "Broken."), Fail("document.damaged", "Broken.")),
        (ComputationKilled("document.bomb", "Too much."), Fail("document.bomb", "Too much.")),
        (JobCancelled(), Cancelled()),
    ],
)
def test_our_own_errors(error: Exception, outcome: Outcome) -> None:
    assert of(error) == outcome
    assert not is_crash(error)


def test_an_outage_of_the_database_burns_no_attempt() -> None:
    outcome = of(psycopg.OperationalError("server closed the connection"))
    assert outcome == RetryAfter(OUTAGE_SECONDS, "The database was away.", "job.database_away", counts=False)


def test_a_conflict_is_tried_again() -> None:
    error = psycopg.errors.SerializationFailure("could not serialize")
    assert of(error) == RetryAfter(None, "Another change came in between.", "job.conflict")
    assert not is_crash(error)


def test_a_crash_names_its_type_and_nothing_of_its_text() -> None:
    error = ValueError("with a customer's secret")
    assert of(error) == RetryAfter(None, "Unexpected error: ValueError.", "job.crashed")
    assert is_crash(error)


def test_a_group_counts_as_its_first_error() -> None:
    inner = DocumentRejected("document.damaged", "Broken.")
    group = ExceptionGroup("several", [ExceptionGroup("inner", [inner]), ValueError()])
    assert of(group) == Fail("document.damaged", "Broken.")
    assert not is_crash(group)
