"""When an account is read, when again, and what stands in the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domains.social import rules
from worker.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 22, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def account(**changes: Any) -> dict[str, Any]:
    row = {
        "id": UUID(int=7), "platform": "github", "kind": "repo", "subject": "a/b", "scopes": [],
        "token": None, "etag": '"e"', "expires_at": None, "failures": 0, "has_figures": True,
    }  # fmt: skip
    return row | changes


def error(kind: type[ProviderError], code: str = "provider.x", **named: Any) -> ProviderError:
    return kind(code, "A sentence.", provider="github", **named)


def test_an_etag_is_sent_only_with_figures_to_keep() -> None:
    assert rules.wanted_of(account()).etag == '"e"'
    assert rules.wanted_of(account(has_figures=False)).etag is None


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(rules.wanted_of(account(token="secret")))


@pytest.mark.parametrize(
    ("changes", "needs_token", "code"),
    [
        ({}, False, None),
        ({"expires_at": NOW + timedelta(seconds=1)}, False, None),
        ({"expires_at": NOW}, False, "social.token_expired"),
        ({"platform": "x", "kind": "user"}, True, "social.not_configured"),
        ({"platform": "x", "kind": "user", "token": "t"}, True, None),
        ({"platform": "linkedin", "kind": "member"}, True, "social.not_configured"),
        ({"platform": "linkedin", "kind": "member", "token": "t"}, True, "social.scope_missing"),
        (
            {"platform": "linkedin", "kind": "member", "token": "t", "scopes": ["r_member_postAnalytics"]},
            True,
            None,
        ),
        (
            {"platform": "linkedin", "kind": "organization", "token": "t", "scopes": ["r_member_social"]},
            True,
            "social.scope_missing",
        ),
        (
            {"platform": "linkedin", "kind": "post", "token": "t", "scopes": ["x", "r_organization_social"]},
            True,
            None,
        ),
    ],
)
def test_what_need_not_be_asked(changes: dict[str, Any], needs_token: bool, code: str | None) -> None:
    why = rules.refusal(account(**changes), NOW, needs_token=needs_token)
    assert (why and why[0]) == code


def test_each_kind_of_linkedin_names_its_scopes() -> None:
    assert set(rules.SCOPES) == {"organization", "post", "member"}


def test_only_an_ended_token_breaks_what_was_not_asked() -> None:
    expired = rules.refused(account(failures=3), ("social.token_expired", "Ended."), NOW)
    missing = rules.refused(account(failures=3), ("social.scope_missing", "Missing."), NOW)
    assert (expired.is_broken, missing.is_broken) == (True, False)
    assert expired.failures == missing.failures == 3


@given(st.uuids(), moments)
def test_the_next_day_is_the_next_utc_day_within_six_hours(account_id: UUID, now: datetime) -> None:
    at = rules.next_day(account_id, now)
    assert at.date() == now.date() + timedelta(days=1)
    assert at.hour < 6
    assert at == rules.next_day(account_id, now)


def test_accounts_are_spread_over_the_day() -> None:
    assert len({rules.next_day(uuid4(), NOW).hour for _ in range(200)}) == 6


@given(moments)
def test_the_next_month_begins_on_its_first(now: datetime) -> None:
    at = rules.next_month(now)
    assert (at.day, at.hour, at.minute) == (1, 0, 0)
    assert timedelta(0) < at - now <= timedelta(days=31)
    assert at.month == now.month % 12 + 1


@given(st.integers(1, 200), st.floats(0, 1))
def test_waits_double_and_end_at_a_day(failures: int, jitter: float) -> None:
    wait = rules.backoff(failures, jitter)
    whole = min(86_400.0, 300.0 * 2.0 ** (failures - 1))
    assert whole / 2 <= wait <= whole


def test_jitter_parts_those_who_failed_together() -> None:
    assert rules.backoff(3, 0.0) == 1200.0
    assert rules.backoff(3, 1.0) == 600.0


@given(st.integers(1, 50), st.floats(0, 1), st.floats(0, 1e6))
def test_never_sooner_than_the_platform_asks(failures: int, jitter: float, retry_after: float) -> None:
    assert rules.backoff(failures, jitter, retry_after) >= retry_after


@pytest.mark.parametrize(
    ("fault", "is_broken", "is_next_day", "is_free"),
    [
        (error(ProviderRateLimited, retry_after=90.0), False, False, True),
        (error(ProviderUnavailable), False, False, False),
        (error(ProviderTimeout), False, False, False),
        (error(ProviderAuthError), True, True, True),
        (error(ProviderRejected, "social.not_found"), True, True, True),
        (error(ProviderRejected, "social.forbidden"), False, True, True),
        (error(ProviderRejected, "social.offline"), False, True, True),
    ],
)
def test_what_a_failure_leaves(
    fault: ProviderError, is_broken: bool, is_next_day: bool, is_free: bool
) -> None:
    left = rules.failed(account(failures=2), fault, NOW, 0.0)
    assert (left.code, left.failures, left.is_broken) == (fault.code, 3, is_broken)
    assert (left.next_try_at >= TOMORROW) is is_next_day
    assert left.next_try_at > NOW
    assert rules.is_free(fault) is is_free


@given(st.floats(1, 4000), st.floats(0.001, 10), st.integers(1, 100))
def test_a_held_bucket_is_empty_for_as_long_as_asked(wait: float, rate: float, burst: int) -> None:
    """What app.take_tokens answers for one token right after the hold."""
    held = rules.hold_seconds(wait, rate, burst)
    assert held + 1 / rate - burst / rate == pytest.approx(wait)
