"""What became of messages, from the batches of SendGrid's event webhook. Pure.

Fields: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event. A batch may come more than
once and out of order; ``sg_event_id`` tells events apart.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from worker.providers.email.port import ROW_ARGUMENT
from worker.providers.email.rules import one_line

Kind = Literal[
    "processed",
    "deferred",
    "delivered",
    "bounced",
    "dropped",
    "complained",
    "unsubscribed",
    "opened",
    "clicked",
]
Bounce = Literal["hard", "soft", "blocked"]
"""hard: no such mailbox. soft: it takes nothing now. blocked: the server does not want this message."""

_KINDS: dict[str, Kind] = {
    "processed": "processed",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "dropped",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "open": "opened",
    "click": "clicked",
}
Suppression = Literal["bounced", "complained", "unsubscribed"]

_DROPPED_FOR: dict[str, Suppression] = {
    "bounced address": "bounced",
    "invalid": "bounced",
    "spam reporting address": "complained",
    "unsubscribed address": "unsubscribed",
}
_ENHANCED = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class MailEvent:
    """``row_id`` is ours, None for a message sent by someone else with the same account."""

    event_id: str
    kind: Kind
    at: datetime
    email: str
    row_id: str | None
    provider_message_id: str | None
    """What the request that sent it was answered with in x-message-id."""
    reason: str | None
    bounce: Bounce | None

    @property
    def suppresses(self) -> Suppression | None:
        """Why nothing more should be sent to the address; None when there is no reason."""
        if self.kind == "complained" or self.kind == "unsubscribed":
            return self.kind
        if self.kind == "bounced" and self.bounce == "hard":
            return "bounced"
        return _dropped_for(self.reason) if self.kind == "dropped" else None


def parse_events(batch: object) -> list[MailEvent]:
    """The events of a parsed batch in its order; what is none, or of an unknown kind, is left out."""
    listed = batch if isinstance(batch, list) else []
    found = (_event(item) for item in listed if isinstance(item, dict))
    return [event for event in found if event is not None]


def _event(item: Mapping[str, Any]) -> MailEvent | None:
    kind, at = _KINDS.get(_text(item, "event") or ""), _moment(item.get("timestamp"))
    if kind is None or at is None:
        return None
    return MailEvent(
        event_id=_text(item, "sg_event_id") or _digest(item),
        kind=kind,
        at=at,
        email=_text(item, "email") or "",
        row_id=_text(item, ROW_ARGUMENT),
        provider_message_id=_request_id(_text(item, "sg_message_id")),
        reason=_reason(item, kind),
        bounce=_bounce(item) if kind == "bounced" else None,
    )


def _bounce(item: Mapping[str, Any]) -> Bounce:
    """``type`` is "bounce" or "blocked"; ``status`` an enhanced code, which may be in the reason only."""
    if (_text(item, "type") or "bounce") != "bounce":
        return "blocked"
    code = _ENHANCED.search(f"{_text(item, 'status') or ''} {_text(item, 'reason') or ''}")
    full = _text(item, "bounce_classification") == "Mailbox Unavailable"
    return "soft" if full or (code and code[1] == "4") else "hard"


def _reason(item: Mapping[str, Any], kind: Kind) -> str | None:
    """What the recipient's server or SendGrid said when it did not deliver."""
    if kind not in ("bounced", "dropped", "deferred"):
        return None
    said = one_line(_text(item, "reason") or _text(item, "response") or "")
    return said[:_LONGEST_REASON] or None


def _dropped_for(reason: str | None) -> Suppression | None:
    return _DROPPED_FOR.get((reason or "").lower())


def _request_id(message_id: str | None) -> str | None:
    """``sg_message_id`` is the id of the request and, after the first dot, that of the recipient."""
    return message_id.partition(".")[0] or None if message_id else None


def _moment(seconds: object) -> datetime | None:
    """A Unix time in whole seconds, as a number or in digits."""
    try:
        return datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _text(item: Mapping[str, Any], key: str) -> str | None:
    value = item.get(key)
    return value if isinstance(value, str) and value else None


def _digest(item: Mapping[str, Any]) -> str:
    """A name for an event without one: the same event has the same."""
    return hashlib.sha256(json.dumps(item, sort_keys=True, default=str).encode()).hexdigest()
