from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.email.events import MailEvent, parse_events


def event(**fields: Any) -> dict[str, Any]:
    return {
        "email": "anna@example.com",
        "timestamp": 1_600_112_492,
        "event": "delivered",
        "sg_event_id": "ZHJvcC0x",
        "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58.0",
        "smtp-id": "<a@b>",
        "lamina_id": "8c1f",
        **fields,
    }


def one(**fields: Any) -> MailEvent:
    (parsed,) = parse_events([event(**fields)])
    return parsed


def test_an_event() -> None:
    assert one(response="250 OK") == MailEvent(
        event_id="ZHJvcC0x",
        kind="delivered",
        at=datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC),
        email="anna@example.com",
        row_id="8c1f",
        provider_message_id="LRzXl_NHStOGhQ4kofSm_A",
        reason=None,
        bounce=None,
    )


@pytest.mark.parametrize(
    ("name", "kind", "suppresses"),
    [
        ("processed", "processed", None),
        ("deferred", "deferred", None),
        ("delivered", "delivered", None),
        ("bounce", "bounced", "bounced"),
        ("dropped", "dropped", None),
        ("spamreport", "complained", "complained"),
        ("unsubscribe", "unsubscribed", "unsubscribed"),
        ("group_unsubscribe", "unsubscribed", "unsubscribed"),
        ("open", "opened", None),
        ("click", "clicked", None),
    ],
)
def test_kinds(name: str, kind: str, suppresses: str | None) -> None:
    parsed = one(event=name)
    assert (parsed.kind, parsed.suppresses) == (kind, suppresses)


@pytest.mark.parametrize(
    ("fields", "bounce"),
    [
        ({"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 unknown user"}, "hard"),
        ({"type": "bounce", "reason": "500 unknown recipient"}, "hard"),
        ({"type": "bounce", "status": "4.2.2"}, "soft"),
        ({"type": "bounce", "reason": "452 4.2.2 The mailbox is full"}, "soft"),
        ({"type": "bounce", "status": "5.2.2", "bounce_classification": "Mailbox Unavailable"}, "soft"),
        ({"type": "blocked", "reason": "550 5.7.1 listed", "bounce_classification": "Reputation"}, "blocked"),
        ({"type": "blocked", "bounce_classification": "Unclassified"}, "blocked"),
        ({"type": "expired"}, "blocked"),
        ({}, "hard"),
        ({"type": 7, "status": None, "reason": "took 14.5.2026 seconds"}, "hard"),
    ],
)
def test_bounces(fields: dict[str, Any], bounce: str) -> None:
    parsed = one(event="bounce", **fields)
    assert parsed.bounce == bounce
    assert parsed.suppresses == ("bounced" if bounce == "hard" else None)


@pytest.mark.parametrize(
    ("reason", "suppresses"),
    [
        ("Bounced Address", "bounced"),
        ("Invalid", "bounced"),
        ("Spam Reporting Address", "complained"),
        ("Unsubscribed Address", "unsubscribed"),
        ("Spam Content (if Spam Checker app is enabled)", None),
        ("Recipient List over Package Quota", None),
        (None, None),
    ],
)
def test_drops(reason: str | None, suppresses: str | None) -> None:
    parsed = one(event="dropped", reason=reason)
    assert (parsed.reason, parsed.suppresses, parsed.bounce) == (reason, suppresses, None)


def test_reasons() -> None:
    assert one(event="deferred", response="400 try\r\nagain later").reason == "400 try again later"
    assert one(event="bounce", reason="x" * 900).reason == "x" * 500
    assert one(event="open", reason="none").reason is None


def test_a_message_of_someone_else_and_an_event_without_a_name() -> None:
    foreign = event()
    for key in ("lamina_id", "sg_event_id", "sg_message_id"):
        del foreign[key]
    first, again, other = parse_events(
        [foreign, dict(reversed(foreign.items())), {**foreign, "event": "open"}]
    )
    assert (first.row_id, first.provider_message_id) == (None, None)
    assert first.event_id == again.event_id != other.event_id


def test_what_is_no_event_is_left_out() -> None:
    wrong = [
        "words",
        None,
        [],
        {},
        event(event="group_resubscribe"),
        event(event=None),
        event(event=["open"]),
        event(timestamp=None),
        event(timestamp="soon"),
        event(timestamp=10**30),
        event(timestamp=1.5),
    ]
    assert [parsed.event_id for parsed in parse_events([*wrong, event(), *wrong])] == ["ZHJvcC0x"]
    assert parse_events({"event": "open"}) == []


def test_digits_are_a_time_too() -> None:
    assert one(timestamp="1600112492") == one()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
FIELDS = (
    "event",
    "timestamp",
    "email",
    "sg_event_id",
    "sg_message_id",
    "lamina_id",
    "reason",
    "type",
    "status",
)


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON)), JSON)
def test_survives_anything(changes: list[dict[str, Any]], batch: Any) -> None:
    parsed = parse_events([event(**change) for change in changes])
    assert len(parsed) <= len(changes)
    assert all(found.at.tzinfo is UTC for found in parsed)
    parse_events(batch)
