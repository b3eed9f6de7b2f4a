"""Decisions of the social domain; no I/O. Times are UTC, waits in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from worker.errors import ProviderAuthError, ProviderError, ProviderRateLimited, ProviderRejected
from worker.providers.social.port import Wanted

SPREAD_SECONDS = 6 * 3600
"""Over how much of a day's beginning the accounts are read."""

FIRST_WAIT, LONGEST_WAIT = 300.0, 24 * 3600.0

SCOPES: Mapping[str, frozenset[str]] = {
    "organization": frozenset({"rw_organization_admin"}),
    "post": frozenset({"r_organization_social", "r_organization_social_feed", "r_member_social"}),
    "member": frozenset({"r_member_postAnalytics"}),
}
"""Of LinkedIn: one of them must have been granted for each kind."""

Why = tuple[str, str]
"""A stable code and a sentence for people."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a try that brought nothing leaves behind; `is_broken`: a person must act before the next."""

    code: str
    message: str
    is_broken: bool
    failures: int
    next_try_at: datetime


def wanted_of(account: Mapping[str, Any]) -> Wanted:
    """`account` is a row of the query `get_account`. Without earlier figures there is nothing to compare."""
    return Wanted(
        platform=account["platform"],
        kind=account["kind"],
        subject=account["subject"],
        token=account["token"],
        etag=account["etag"] if account["has_figures"] else None,
    )


def refusal(account: Mapping[str, Any], now: datetime, *, needs_token: bool) -> Why | None:
    """Why the platform need not even be asked; None when it may be."""
    if account["expires_at"] is not None and account["expires_at"] <= now:
        return "social.token_expired", "The token has expired: set a new one."
    if needs_token and account["token"] is None:
        return "social.not_configured", "There is no token for this platform: set one."
    if account["platform"] != "linkedin" or not needs_token:
        return None
    needed = SCOPES[account["kind"]]
    if needed & set(account["scopes"]):
        return None
    return "social.scope_missing", f"LinkedIn has not granted the token {' or '.join(sorted(needed))}."


def refused(account: Mapping[str, Any], why: Why, now: datetime) -> Failure:
    """Nobody was asked, so nothing failed in a row; an ended token needs a person."""
    is_broken = why[0] == "social.token_expired"
    return Failure(*why, is_broken, account["failures"], next_day(account["id"], now))


def held_back(account: Mapping[str, Any], verdict: str, now: datetime) -> Failure:
    """`verdict` is over_budget, not_entitled or too_often. Money comes next month, reads come tomorrow."""
    next_try_at = next_month(now) if verdict == "over_budget" else next_day(account["id"], now)
    return Failure(*_reason(verdict), False, account["failures"], next_try_at)


def _reason(verdict: str) -> Why:
    if verdict == "over_budget":
        return "social.budget_spent", "This month's budget for reading X is spent: wait for the next."
    if verdict == "not_entitled":
        return "plan.not_entitled", "Reading X costs money: set a token, or choose a plan with social.paid."
    return "social.too_often", "100 reads a day come with the installation's token: set one, or wait a day."


def failed(account: Mapping[str, Any], error: ProviderError, now: datetime, jitter: float) -> Failure:
    """After an answer that is none. What will be refused again tomorrow is not asked again today."""
    failures = account["failures"] + 1
    is_broken = isinstance(error, ProviderAuthError) or error.code == "social.not_found"
    if isinstance(error, ProviderRejected | ProviderAuthError):
        next_try_at = next_day(account["id"], now)
    else:
        next_try_at = now + timedelta(seconds=backoff(failures, jitter, error.retry_after))
    return Failure(error.code, error.message, is_broken, failures, next_try_at)


def backoff(failures: int, jitter: float, retry_after: float | None = None) -> float:
    """Doubles with each failure in a row, from 5 minutes to a day; never less than the platform asks for.

    `jitter` (0 to 1) takes up to half of it away, or adds up to a minute to what the platform names, so
    that accounts that failed together do not come back together.
    """
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures - 1, 20)) * (1 - jitter / 2)
    return wait if retry_after is None else max(wait, retry_after + 60 * jitter)


def next_day(account_id: UUID, now: datetime) -> datetime:
    """In the first hours of the next UTC day, each account at its own time."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight + timedelta(seconds=account_id.int % SPREAD_SECONDS)


def next_month(now: datetime) -> datetime:
    """The first moment of the next UTC month."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def is_free(error: ProviderError) -> bool:
    """The platform refused and has not charged; after no answer it may have."""
    return isinstance(error, ProviderRateLimited | ProviderAuthError | ProviderRejected)


def hold_seconds(wait: float, rate: float, burst: float) -> float:
    """For how long a bucket must be held to give no token for `wait`: its burst would come sooner."""
    return wait + (burst - 1) / rate
