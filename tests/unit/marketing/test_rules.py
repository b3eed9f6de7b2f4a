"""What an answer of the mailer means for one recipient."""

from __future__ import annotations

from uuid import UUID

import pytest

from worker.domains.marketing.rules import AT_ONCE, WAITS_SECONDS, bucket_of, burst_of, settled
from worker.errors import (
    ConfigurationError,
    DeliveryUnknown,
    LaminaError,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from worker.providers.email.port import Sent

ID = UUID(int=7)


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (Sent("m-1", "queued"), "sent", None),
        (DeliveryUnknown(provider="x"), "unknown", "provider.outcome_unknown"),
        (ProviderRejected("email.recipient_refused", "No."), "bounced", "email.recipient_refused"),
        (ProviderRejected("provider.rejected", "No."), "failed", "provider.rejected"),
    ],
)
def test_an_end(outcome: Sent | ProviderError, status: str, code: str | None) -> None:
    found = settled(ID, outcome)
    assert (found.result["id"], found.result["status"], found.result["error_code"]) == (str(ID), status, code)
    assert found.fault is None


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailable("provider.unavailable", "Away."),
        ProviderRateLimited("provider.rate_limited", "Slow.", retry_after=3),
        ProviderAuthError("provider.auth", "Key."),
        ProviderRejected("provider.no_credit", "Paid up."),
        ConfigurationError("config.mcp_tool", "No such tool."),
    ],
)
def test_not_sent_for_sure_waits_and_is_told(error: LaminaError) -> None:
    found = settled(ID, error)
    assert (found.result["status"], found.result["error_code"], found.fault) == ("queued", None, error)
    assert found.result["wait_seconds"] is None


def test_a_mailbox_refused_for_the_moment_is_tried_so_often_and_stops_nobody() -> None:
    busy = ProviderUnavailable("email.recipient_deferred", "Full.")
    found = [settled(ID, busy, tries) for tries in range(len(WAITS_SECONDS) + 1)]
    assert [one.fault for one in found] == [None] * 5
    assert [one.result["wait_seconds"] for one in found] == [*WAITS_SECONDS, None]
    assert [one.result["status"] for one in found] == ["queued"] * 4 + ["failed"]
    assert {one.result["error_code"] for one in found} == {"email.recipient_deferred"}


def test_one_turn_always_fits_into_the_burst() -> None:
    assert burst_of(0.1) == AT_ONCE
    assert burst_of(1000) == 100
    assert bucket_of(ID) != bucket_of(UUID(int=8))
