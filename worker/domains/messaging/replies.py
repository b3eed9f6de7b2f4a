"""A reply goes out to a person, at most once unless a person asks for more."""

from __future__ import annotations

import asyncio
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
from worker.providers.chat.port import SendReceipt, SendRequest
from worker.runtime.outcome import DONE, Done, Fail, Outcome, RetryAfter

PATIENCE_SECONDS = 1.0
"""A shorter wait for the rate limit is spent here; for a longer one the job makes room for others."""

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
        return _failed(reply, *why)
    key, requests = reply["page_key"] or "", rules.requests_of(reply["text"])
    for number in range(reply["requests_sent"], len(requests)):
        request = SendRequest(reply["subscriber_id"], requests[number])
        outcome = await _paced(ports, key) or await _begin(ports, reply)
        if outcome is not None:
            return outcome
        try:
            receipt = await ports.chat.send(key, request)
        except ProviderError as error:
            return await _after(ports, reply, error)
        if number + 1 < len(requests):
            await _settle(ports, reply, "queued", requests_sent=number + 1)
    return Done(_sent(reply, len(requests), receipt))


async def _paced(ports: MessagingPorts, key: str) -> Outcome | None:
    """Waits for the page's turn; None when it has come."""
    taken = await ports.db.one(
        SQL["take_token"],
        {
            "bucket": rules.bucket_of(key),
            "rate": rules.SENDS_PER_SECOND,
            "burst": rules.SEND_BURST,
            "patience": PATIENCE_SECONDS,
        },
    )
    wait = float(taken["wait"]) if taken else 0.0
    if wait > PATIENCE_SECONDS:
        return RetryAfter(wait, "Others of this page go first.", code="chat.paced", counts=False)
    await asyncio.sleep(wait)
    return None


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
        return Fail(error.code, error.message, _settled(reply, "unknown", error))
    if isinstance(error, ProviderAuthError):
        await ports.db.one(
            SQL["break_channel"],
            {
                "channel_id": reply["channel_id"],
                "page_key": reply["page_key"],
                "code": error.code,
                "message": error.message,
            },
        )
    if isinstance(error, ProviderAuthError | ProviderRejected):
        return Fail(error.code, error.message, _settled(reply, "failed", error))
    if isinstance(error, ProviderUnavailable):
        await _settle(ports, reply, "queued")
    raise error


async def _settle(
    ports: MessagingPorts, reply: Row, status: str, *, requests_sent: int | None = None
) -> None:
    parameters = _parameters(reply, status) | {"requests_sent": requests_sent}
    await ports.db.one(SQL["settle_delivery"], parameters)


def _parameters(reply: Row, status: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("requests_sent", "is_offline", "code", "message"))
    return {"delivery_id": reply["id"], "status": status, **nothing}


def _settled(reply: Row, status: str, error: ProviderError) -> Any:
    told = {"code": error.code, "message": error.message}
    return write("settle_delivery", **_parameters(reply, status) | told)


def _sent(reply: Row, requests: int, receipt: SendReceipt) -> Any:
    told = {"requests_sent": requests, "is_offline": receipt.is_offline}
    return write("settle_delivery", **_parameters(reply, "sent") | told)


def _failed(reply: Row, code: str, message: str) -> Fail:
    told = {"code": code, "message": message}
    return Fail(code, message, write("settle_delivery", **_parameters(reply, "failed") | told))


def _lost() -> Fail:
    """An earlier attempt died between the request and its end."""
    error = DeliveryUnknown()
    return Fail(error.code, error.message)
