"""Stripe's events and signatures, as its servers would send them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import psutil

from scripts.stack.state import State


def webhook_secret(state: State) -> str:
    """The first secret that the platform's functions check with."""
    environment: dict[str, str] = psutil.Process(state.pids["functions"]).environ()
    return environment["STRIPE_WEBHOOK_SECRET"].split(",")[0]


def signature(body: bytes, secret: str, at: int | None = None) -> str:
    """The header ``stripe-signature``; ``at`` in seconds since 1970, now by default."""
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def snapshot(kind: str, about: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An event with the object as it was, with an id of its own."""
    return {
        "id": f"evt_{uuid4().hex[:24]}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
        **changes,
    }


def thin(kind: str, about: dict[str, Any]) -> dict[str, Any]:
    """A notification of API v2, which names its object only."""
    return {
        "id": f"evt_test_{uuid4().hex[:24]}",
        "object": "v2.core.event",
        "created": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "livemode": False,
        "related_object": about,
        "type": kind,
    }


def encoded(event: dict[str, Any]) -> bytes:
    """The body of a delivery: Stripe indents it."""
    return json.dumps(event, indent=2).encode()
