"""From an outcome to what the database is told: pure."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Literal, NamedTuple, assert_never

from worker.runtime.job import Job
from worker.runtime.outcome import Cancelled, Done, Fail, Outcome, ProviderDown, RetryAfter, Write
from worker.runtime.retry import Uniform, wait_seconds

MESSAGE_LENGTH = 500

Ending = Literal["done", "retry", "defer", "fail", "cancelled", "release"]


class Stop(Enum):
    """Why a running attempt is told to stop."""

    CANCEL = "cancel"  # its user asked for it
    LOST = "lost"  # another worker holds the lease, or may
    RELEASE = "release"  # this worker shuts down


class Verdict(NamedTuple):
    """One row of ``app.finish_jobs``; ``delay`` in seconds."""

    id: int
    attempt: int
    ending: Ending
    code: str | None = None
    message: str | None = None
    delay: float | None = None


def verdict_of(job: Job, outcome: Outcome, now: datetime, uniform: Uniform) -> Verdict:
    """How this attempt ends."""
    match outcome:
        case Done():
            return Verdict(job.id, job.attempt, "done")
        case Cancelled():
            return Verdict(job.id, job.attempt, "cancelled")
        case Fail(code, message):
            return Verdict(job.id, job.attempt, "fail", code, clean(message))
        case ProviderDown(_, until, reason, code):
            wait = max((until - now).total_seconds(), 0.0)
            return Verdict(job.id, job.attempt, "defer", code, clean(reason), wait)
        case RetryAfter(delay, reason, code, counts):
            wait = wait_seconds(delay, job.attempt, uniform)
            return Verdict(job.id, job.attempt, "retry" if counts else "defer", code, clean(reason), wait)
        case _:
            assert_never(outcome)


def release_of(job: Job) -> Verdict:
    """The lease is given back and no attempt burned."""
    return Verdict(job.id, job.attempt, "release")


def write_of(outcome: Outcome) -> Write | None:
    """What is to be committed together with the end."""
    return outcome.write if isinstance(outcome, Done | Fail | Cancelled) else None


def after_stop(stop: Stop, outcome: Outcome | None) -> Outcome | None:
    """What counts when the attempt was told to stop; ``outcome`` is None when it raised.

    None as the answer means that a released lease is given back, and that nothing is written for a lost one.
    """
    if stop is Stop.LOST:
        return None
    if stop is Stop.RELEASE:
        return None if isinstance(outcome, Cancelled) else outcome
    return outcome if isinstance(outcome, Done | Cancelled | Fail) else Cancelled()


def clean(text: str) -> str:
    """Text that Postgres can store (no NUL, no lone surrogates), of bounded length."""
    stored = text.replace("\0", "").encode("utf-8", "replace").decode()
    return stored if len(stored) <= MESSAGE_LENGTH else stored[: MESSAGE_LENGTH - 1] + "…"
