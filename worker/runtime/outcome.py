"""How an attempt at a job can end: a closed set.

A ``write`` runs in the same transaction as the job's end, after the lease has been proved: either both are
committed or neither. It may be called again when the connection broke, so it must do nothing but use the
connection it is given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

Write = Callable[[AsyncConnection[Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Done:
    """The work is complete."""

    write: Write | None = None


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Try again in ``delay`` seconds, None for the usual backoff; after the last attempt the job fails.

    ``counts=False`` burns no attempt.
    """

    delay: float | None
    reason: str
    code: str = "job.retry"
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Fail:
    """It cannot succeed; ``message`` is for the user."""

    code: str
    message: str
    write: Write | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """It stopped because it was asked to."""

    write: Write | None = None


@dataclass(frozen=True, slots=True)
class ProviderDown:
    """The provider asked for patience: its jobs wait until then and no attempt is burned."""

    provider: str
    until: datetime
    reason: str
    code: str = "provider.paused"


Outcome = Done | RetryAfter | Fail | Cancelled | ProviderDown
DONE = Done()
