"""What an event of the mail provider means for its message. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict
from uuid import UUID

from worker.providers.email.events import Kind, MailEvent

_STATUS: dict[Kind, str | None] = {
    "processed": None,
    "deferred": None,
    "delivered": "delivered",
    "opened": "delivered",
    "clicked": "delivered",
    "unsubscribed": None,
    "bounced": "bounced",
    "complained": "complained",
    "dropped": "failed",
}


class Effect(TypedDict):
    """One element of what ``app.apply_mail_events`` takes."""

    id: str
    status: str | None
    error_code: str | None
    error_message: str | None
    provider_message_id: str | None
    email: str
    suppress: str | None


def effects_of(events: Iterable[MailEvent]) -> list[Effect]:
    """What is to be written; events of messages that are not ours have no effect."""
    return [_effect(event, event.row_id) for event in events if event.row_id and is_uuid(event.row_id)]


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _effect(event: MailEvent, row_id: str) -> Effect:
    status = _STATUS[event.kind]
    if event.kind == "dropped" and event.suppresses:
        status = "suppressed"
    error_code, error_message = _why(event)
    return {
        "id": row_id,
        "status": status,
        "error_code": error_code if status else None,
        "error_message": error_message if status else None,
        "provider_message_id": event.provider_message_id,
        "email": event.email,
        "suppress": event.suppresses,
    }


def _why(event: MailEvent) -> tuple[str | None, str | None]:
    """Code and sentence; none for good news."""
    if event.kind == "bounced":
        return "email.bounced", event.reason or "The recipient's server does not take it."
    if event.kind == "dropped":
        return "email.dropped", event.reason or "The provider does not send to this address."
    if event.kind == "complained":
        return "email.complained", "The recipient calls it unwanted."
    return None, None
