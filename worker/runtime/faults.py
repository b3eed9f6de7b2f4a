"""What an exception out of a handler means for its job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from worker.db.faults import is_conflict, is_outage
from worker.errors import (
    DeliveryUnknown,
    JobCancelled,
    LaminaError,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from worker.runtime.outcome import Cancelled, Fail, Outcome, ProviderDown, RetryAfter
from worker.runtime.retry import LONGEST_WAIT_SECONDS

RATE_LIMIT_SECONDS = 10.0
OUTAGE_SECONDS = 2.0

LEAKED_CANCELLATION = RetryAfter(None, "A part of the work was cancelled.", code="job.crashed")
"""A handler raised CancelledError though nobody had told it to stop."""

Clock = Callable[[], datetime]


def outcome_of(error: Exception, now: Clock) -> Outcome:
    """The outcome of an attempt that raised; of several errors at once, the first decides."""
    error = first_of(error)
    if isinstance(error, ProviderError):
        return _of_provider(error, now)
    if isinstance(error, JobCancelled):
        return Cancelled()
    if isinstance(error, LaminaError):
        return Fail(error.code, error.message)
    if is_outage(error):
        return RetryAfter(OUTAGE_SECONDS, "The database was away.", code="job.database_away", counts=False)
    if is_conflict(error):
        return RetryAfter(None, "Another change came in between.", code="job.conflict")
    return RetryAfter(None, f"Unexpected error: {type(error).__name__}.", code="job.crashed")


def alone(error: ProviderError) -> Fail | RetryAfter:
    """What it means for this job, whoever else waits for the same vendor."""
    if isinstance(error, ProviderRejected | ProviderAuthError | DeliveryUnknown):
        return Fail(error.code, error.message)
    seconds = error.retry_after
    if isinstance(error, ProviderRateLimited):
        seconds = seconds or RATE_LIMIT_SECONDS
    return RetryAfter(seconds, error.message, error.code)


def first_of(error: Exception) -> Exception:
    """What a task group raises is a group, even for one error."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def is_crash(error: Exception) -> bool:
    """The exception is a fault in our code, which someone should look at."""
    error = first_of(error)
    return not isinstance(error, LaminaError) and not is_outage(error) and not is_conflict(error)


def _of_provider(error: ProviderError, now: Clock) -> Outcome:
    """As `alone`, but a vendor who names a time is left in peace by everybody until then."""
    outcome = alone(error)
    names_a_time = isinstance(error, ProviderRateLimited | ProviderUnavailable)
    if not names_a_time or isinstance(outcome, Fail) or outcome.delay is None:
        return outcome
    wait = timedelta(seconds=min(max(outcome.delay, 0.0), LONGEST_WAIT_SECONDS))
    return ProviderDown(error.provider, now() + wait, error.message, error.code)
