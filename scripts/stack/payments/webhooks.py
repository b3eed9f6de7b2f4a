"""Delivers events, signed as Stripe signs them, until the receiver answers 2xx or patience ends.

As at Stripe an event may come twice and in any order, and each attempt has a signature of its own
(docs.stripe.com/webhooks#verify-manually).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from typing import Any

import aiohttp

from scripts.stack.payments.config import OfflineStripeConfig
from scripts.stack.payments.store import Store

AT_ONCE = 4
TIMEOUT_SECONDS = 20.0
IDLE_SECONDS = 60.0
AFTER_FAILURE_SECONDS = 5.0

log = logging.getLogger("stripe-offline")


def signature(secret: str, body: bytes, at: int) -> str:
    """The value of the header ``Stripe-Signature``."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Deliveries:
    """The store says what is due; ``wake`` when something was added."""

    def __init__(self, config: OfflineStripeConfig, store: Store) -> None:
        self._config, self._store = config, store
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Looks for due events now."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled; an attempt that is cut off is made again after the next start."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                try:
                    await self._round(session)
                except Exception:
                    log.exception("events could not be delivered")
                    await asyncio.sleep(AFTER_FAILURE_SECONDS)

    async def _round(self, session: aiohttp.ClientSession) -> None:
        self._woken.clear()
        if due := self._store.due(self._config.clock(), AT_ONCE):
            await asyncio.gather(*(self._deliver(session, *each) for each in due))
        else:
            await self._wait()

    async def _wait(self) -> None:
        next_due = self._store.next_due()
        left = IDLE_SECONDS if next_due is None else next_due - self._config.clock()
        try:
            await asyncio.wait_for(self._woken.wait(), min(max(left, 0.01), IDLE_SECONDS))
        except TimeoutError:
            return

    async def _deliver(self, session: aiohttp.ClientSession, event_id: str, attempts: int) -> None:
        problem = await self._attempt(session, event_id)
        waits = self._config.retry_seconds
        if problem is None or attempts >= len(waits):
            self._store.attempted(event_id, None)
        else:
            self._store.attempted(event_id, self._config.clock() + waits[attempts])
        if problem is not None:
            log.warning("event %s was not received (attempt %d): %s", event_id, attempts + 1, problem)

    async def _attempt(self, session: aiohttp.ClientSession, event_id: str) -> str | None:
        """None when it was received."""
        body = json.dumps(_payload(self._store.get(event_id) or {})).encode()
        headers = {
            "content-type": "application/json; charset=utf-8",
            "stripe-signature": signature(self._config.webhook_secret, body, int(self._config.clock())),
            "user-agent": "Stripe/1.0 (offline twin)",
        }
        try:
            async with session.post(
                self._config.webhook_url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return None if 200 <= answer.status < 300 else f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"


def _payload(event: dict[str, Any]) -> dict[str, Any]:
    """A thin event is told without its data."""
    if event["object"] == "v2.core.event":
        return {name: value for name, value in event.items() if name != "data"}
    return event
