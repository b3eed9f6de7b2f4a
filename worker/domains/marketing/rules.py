"""Decisions of the marketing domain; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from worker.errors import DeliveryUnknown, LaminaError, ProviderRejected
from worker.providers.email.port import RECIPIENT_DEFERRED, RECIPIENT_REFUSED, Sent

AT_ONCE = 10
"""Mails that are marked, sent side by side and settled together: at most so many are unknown when a worker
dies, and so many still leave when a campaign is stopped."""

PATIENCE_SECONDS = 5.0
"""Longest wait for a turn inside a job; beyond that its place goes to others meanwhile."""

OURS = frozenset({"provider.no_credit"})
"""Refusals of one mail that would be those of every other: a person must act first."""

WAITS_SECONDS = (300.0, 900.0, 3600.0, 14400.0)
"""Before each further try at a mailbox that was refused for the moment; greylisting lasts minutes."""


class Result(TypedDict):
    """One element of what ``app.settle_campaign_mails`` takes."""

    id: str
    status: str
    error_code: str | None
    error_message: str | None
    provider_message_id: str | None
    wait_seconds: float | None


@dataclass(frozen=True, slots=True)
class Settled:
    """``fault`` is why a mail was not sent for sure and may be tried again, and why others would not be."""

    result: Result
    fault: LaminaError | None = None


def bucket_of(workspace_id: UUID) -> str:
    """The rate limit's name."""
    return f"campaigns:{workspace_id}"


def burst_of(rate: float) -> float:
    """Mails that may leave at once: a tenth of a second's, and never fewer than one turn takes."""
    return max(float(AT_ONCE), rate / 10)


def settled(recipient_id: UUID, outcome: Sent | LaminaError, tries: int = 0) -> Settled:
    """What an answer of the mailer means for its recipient, whose mailbox was refused ``tries`` times."""
    if isinstance(outcome, Sent):
        return Settled(_result(recipient_id, "sent", message_id=outcome.provider_message_id))
    if isinstance(outcome, DeliveryUnknown):
        return Settled(_result(recipient_id, "unknown", outcome))
    if outcome.code == RECIPIENT_DEFERRED:
        return Settled(_deferred(recipient_id, outcome, tries))
    if isinstance(outcome, ProviderRejected) and outcome.code not in OURS:
        status = "bounced" if outcome.code == RECIPIENT_REFUSED else "failed"
        return Settled(_result(recipient_id, status, outcome))
    return Settled(_result(recipient_id, "queued"), outcome)


def _deferred(recipient_id: UUID, why: LaminaError, tries: int) -> Result:
    """Waits for its time, or has failed after the last."""
    if tries >= len(WAITS_SECONDS):
        return _result(recipient_id, "failed", why)
    return {**_result(recipient_id, "queued", why), "wait_seconds": WAITS_SECONDS[tries]}


def _result(
    recipient_id: UUID, status: str, why: LaminaError | None = None, message_id: str | None = None
) -> Result:
    return {
        "id": str(recipient_id),
        "status": status,
        "error_code": why.code if why else None,
        "error_message": why.message if why else None,
        "provider_message_id": message_id,
        "wait_seconds": None,
    }
