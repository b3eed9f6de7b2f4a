"""Decisions of the messaging domain."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from worker.domains.messaging.rules import (
    WEBHOOK_DELAYS,
    bucket_of,
    is_window_open,
    refusal,
    requests_of,
    webhook_body,
    webhook_delay,
)

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
REPLY = {
    "channel_status": "active",
    "page_key": "1:2",
    "last_inbound_at": NOW - timedelta(hours=1),
    "now": NOW,
    "text": "Yes.",
}


@pytest.mark.parametrize(
    ("change", "needs_key", "code"),
    [
        ({}, True, None),
        ({"channel_status": "disabled"}, True, None),
        ({"channel_status": "broken"}, True, "channel.broken"),
        ({"page_key": None}, True, "channel.no_key"),
        ({"page_key": None}, False, None),
        ({"last_inbound_at": NOW - timedelta(hours=24)}, True, "chat.window_closed"),
        ({"text": None}, True, "chat.bad_message"),
        ({"text": " [1][2] "}, True, "chat.bad_message"),
    ],
)
def test_why_a_reply_cannot_be_sent(change: dict[str, Any], needs_key: bool, code: str | None) -> None:
    why = refusal(REPLY | change, needs_key=needs_key)
    assert (why[0] if why else None) == code


def test_the_window_is_open_for_just_24_hours() -> None:
    assert is_window_open(NOW - timedelta(hours=24) + timedelta(seconds=1), NOW)
    assert not is_window_open(NOW - timedelta(hours=24), NOW)


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ("At nine [1].", [("At nine.",)]),
        ("**At nine** [1][12], see [the page](https://example.test).",
         [("*At nine*, see the page: https://example.test.",)]),
        ("See [1](https://example.test).", [("See 1: https://example.test.",)]),
        ("", []),
    ],
)  # fmt: skip
def test_an_answer_becomes_texts_for_whatsapp(answer: str, texts: list[tuple[str, ...]]) -> None:
    assert requests_of(answer) == texts


def test_a_long_answer_becomes_several_requests() -> None:
    requests = requests_of("word " * 9000)
    assert [len(texts) for texts in requests] == [10, 10, 3]


def test_a_bucket_does_not_show_its_key() -> None:
    key = "1234567:0123456789abcdef"
    assert key not in bucket_of(key)
    assert bucket_of(key) == bucket_of(key) != bucket_of(key + "0")


def test_delays_grow_and_stay() -> None:
    delays = [webhook_delay(attempt) for attempt in range(1, 12)]
    assert delays[: len(WEBHOOK_DELAYS)] == list(WEBHOOK_DELAYS)
    assert delays == sorted(delays)


def test_the_body_is_the_same_bytes_in_any_order() -> None:
    body = {"id": "1", "data": {"text": "Zoë 😀"}}
    assert webhook_body(body) == webhook_body(dict(reversed(body.items())))
    assert json.loads(webhook_body(body)) == body
