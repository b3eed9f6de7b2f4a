"""A reply goes out to a person, at most once unless a person asks for more."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any
from uuid import UUID

from worker.db.pool import Row
from worker.domains.messaging import rules
from worker.domains.messaging.ports import MessagingPorts
from worker.domains.messaging.repository import SQL, write
from worker.errors import (
    DeliveryUnknown,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from worker.providers.chat.port import SendRequest
from worker.runtime.outcome import DONE, Done, Fail, Outcome, RetryAfter

PATIENCE_SECONDS = 1.0
"""A shorter wait for the rate limit is spent here; for a longer one the job makes room for others."""

LATE_SECONDS = 0.15
TURNS = 3

SLOW_DOWN_SECONDS = 5.0
"""When ManyChat asks us to slow down and does not say for how long."""


async def send_reply(ports: MessagingPorts, delivery_id: UUID) -> Outcome:
    """Sends what is left of a delivery. Raises ProviderUnavailable when nothing of it was delivered now."""
    reply = await ports.db.one(SQL["get_delivery"], {"delivery_id": delivery_id})
    if reply is None or reply["status"] not in ("queued", "sending"):
        return DONE
    if reply["status"] == "sending":
        return await _begin(ports, reply) or _lost()
    if why := rules.refusal(reply, needs_key=ports.chat.name != "offline"):
        return await _fail(ports, reply, *why)
    key, requests = reply["page_key"] or "", rules.requests_of(reply["text"])
    for number in range(reply["requests_sent"], len(requests)):
        request = SendRequest(reply["subscriber_id"], requests[number])
        if outcome := await _turn(ports, reply, key):
            return outcome
        try:
            receipt = await ports.chat.send(key, request)
        except ProviderError as error:
            return await _after(ports, reply, error)
        if number + 1 < len(requests):
            await _settle(ports, reply, "queued", requests_sent=number + 1)
    sent = _settling(reply, "sent", requests_sent=len(requests), is_offline=receipt.is_offline)
    return Done(write("settle_delivery", **sent))


async def _turn(ports: MessagingPorts, reply: Row, key: str) -> Outcome | None:
    """Waits for the page's turn and commits that a request is about to be made; None when it may be.

    A turn that comes late (the machine or the database is busy) would meet the turns of others: another is
    taken, a few times.
    """
    is_begun = False
    for _ in range(TURNS):
        asked_at = monotonic()
        wait = await _take(ports, key)
        if wait > PATIENCE_SECONDS:
            if is_begun:
                await _settle(ports, reply, "queued")
            return RetryAfter(wait, "Others of this page go first.", code="chat.paced", counts=False)
        await asyncio.sleep(wait)
        if not is_begun and (outcome := await _begin(ports, reply)):
            return outcome
        is_begun = True
        if monotonic() - asked_at - wait <= LATE_SECONDS:
            break
    return None


async def _take(ports: MessagingPorts, key: str) -> float:
    """Seconds until the turn that was taken; more than the patience: none was."""
    limit = {"rate": rules.SENDS_PER_SECOND, "burst": rules.SEND_BURST, "patience": PATIENCE_SECONDS}
    taken = await ports.db.one(SQL["take_token"], {"bucket": rules.bucket_of(key), **limit})
    return float(taken["wait"]) if taken else 0.0


async def _begin(ports: MessagingPorts, reply: Row) -> Outcome | None:
    """Commits that a request is about to be made; None when it may be."""
    begun = await ports.db.one(SQL["begin_delivery"], {"delivery_id": reply["id"]})
    status = begun["status"] if begun else None
    if status == "sending":
        return None
    return _lost() if status == "unknown" else DONE


async def _after(ports: MessagingPorts, reply: Row, error: ProviderError) -> Outcome:
    """What a request that did not succeed leaves behind."""
    if isinstance(error, ProviderRateLimited):
        seconds = error.retry_after or SLOW_DOWN_SECONDS
        bucket = rules.bucket_of(reply["page_key"] or "")
        await ports.db.one(SQL["hold_bucket"], {"bucket": bucket, "seconds": seconds})
        await _settle(ports, reply, "queued")
        return RetryAfter(seconds, error.message, error.code, counts=False)
    if isinstance(error, DeliveryUnknown):
        return await _fail(ports, reply, error.code, error.message, status="unknown")
    if isinstance(error, ProviderAuthError):
        told = {"page_key": reply["page_key"], "code": error.code, "message": error.message}
        await ports.db.one(SQL["break_channel"], {"channel_id": reply["channel_id"], **told})
    if isinstance(error, ProviderAuthError | ProviderRejected):
        return await _fail(ports, reply, error.code, error.message)
    if isinstance(error, ProviderUnavailable):
        await _settle(ports, reply, "queued")
    raise error


async def _fail(
    ports: MessagingPorts, reply: Row, code: str, message: str, *, status: str = "failed"
) -> Fail:
    """Told before the job ends, since its end would take a delivery that is still sending for unknown."""
    await _settle(ports, reply, status, code=code, message=message)
    return Fail(code, message)


async def _settle(ports: MessagingPorts, reply: Row, status: str, **told: Any) -> None:
    await ports.db.one(SQL["settle_delivery"], _settling(reply, status, **told))


def _settling(reply: Row, status: str, **told: Any) -> Row:
    nothing = dict.fromkeys(("requests_sent", "is_offline", "code", "message"))
    return {"delivery_id": reply["id"], "status": status, **nothing, **told}


def _lost() -> Fail:
    """An earlier attempt died between the request and its end."""
    error = DeliveryUnknown()
    return Fail(error.code, error.message)
