"""Decisions of the messaging domain; no I/O."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from worker.providers.chat.blocks import batches, split
from worker.providers.chat.wording import for_whatsapp

SENDS_PER_SECOND = 20.0
SEND_BURST = 2.0
"""ManyChat takes 25 a second and page. Any second sees at most burst + rate × 1.15 requests: so late may a
turn be used that was taken in time."""

WINDOW = timedelta(hours=24)
"""So long after a person's last message WhatsApp lets a business answer freely."""

WEBHOOK_DELAYS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 3600.0, 3600.0)
"""Seconds between the attempts at one delivery: about three and a half hours altogether."""

_CITATION = re.compile(r" ?\[\d{1,3}\](?!\()")


def bucket_of(page_key: str) -> str:
    """The rate limit's name: the same for all channels with this key, and it does not show the key."""
    return f"manychat:{hashlib.sha256(page_key.encode()).hexdigest()}"


def requests_of(text: str) -> list[tuple[str, ...]]:
    """The texts of each request, in order. References to sources, which the person cannot open, go."""
    return batches(split(for_whatsapp(_CITATION.sub("", text))))


def refusal(reply: Mapping[str, Any], *, needs_key: bool) -> tuple[str, str] | None:
    """Why a reply (a row of get_delivery) cannot be sent at all: code and sentence."""
    if reply["channel_status"] == "broken":
        return "channel.broken", "The vendor refused the channel's key; set a new one."
    if needs_key and not reply["page_key"]:
        return "channel.no_key", "The channel has no page key yet."
    if not is_window_open(reply["last_inbound_at"], reply["now"]):
        return "chat.window_closed", "The person last wrote more than 24 hours ago."
    if not requests_of(reply["text"] or ""):
        return "chat.bad_message", "The answer has no words to send."
    return None


def is_window_open(last_inbound_at: datetime, now: datetime) -> bool:
    """Whether the person may still be answered."""
    return now - last_inbound_at < WINDOW


def webhook_delay(attempt: int) -> float:
    """Seconds until the next attempt after this one, which counts from 1."""
    return WEBHOOK_DELAYS[min(attempt, len(WEBHOOK_DELAYS)) - 1]


def webhook_body(body: Mapping[str, Any]) -> bytes:
    """The bytes that are signed and sent: the same at every attempt."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
