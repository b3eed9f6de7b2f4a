"""What events of the mail provider mean for a message."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from worker.domains.notifications.rules import effects_of
from worker.providers.email.events import parse_events

ROW = str(uuid4())


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "event": kind, "email": "Ada@Example.test", "timestamp": 1_790_000_000, "sg_event_id": uuid4().hex,
        "sg_message_id": "req1.filter1", "lamina_id": ROW, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "status", "code", "suppress"),
    [
        (event("processed"), None, None, None),
        (event("deferred", response="451 later"), None, None, None),
        (event("delivered"), "delivered", None, None),
        (event("open"), "delivered", None, None),
        (event("click"), "delivered", None, None),
        (event("bounce", status="5.1.1", reason="no such user"), "bounced", "email.bounced", "bounced"),
        (event("bounce", status="4.2.2", reason="mailbox full"), "bounced", "email.bounced", None),
        (event("bounce", type="blocked", reason="spam"), "bounced", "email.bounced", None),
        (event("dropped", reason="Bounced Address"), "suppressed", "email.dropped", "bounced"),
        (event("dropped", reason="Spam Content"), "failed", "email.dropped", None),
        (event("spamreport"), "complained", "email.complained", "complained"),
        (event("unsubscribe"), None, None, "unsubscribed"),
    ],
)
def test_what_an_event_means(given: Any, status: str | None, code: str | None, suppress: str | None) -> None:
    (effect,) = effects_of(parse_events([given]))
    assert (effect["id"], effect["status"], effect["error_code"], effect["suppress"]) == (
        ROW,
        status,
        code,
        suppress,
    )
    assert bool(effect["error_message"]) == bool(code)
    assert effect["provider_message_id"] == "req1"


def test_messages_of_others_have_no_effect() -> None:
    others = [event("bounce", lamina_id=None), event("bounce", lamina_id="42"), {"event": "bounce"}, "words"]
    assert effects_of(parse_events(others)) == []
