"""WhatsApp through ManyChat's public API (https://api.manychat.com/swagger)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from worker.errors import DeliveryUnknown, ProviderRejected
from worker.providers.chat import refusals
from worker.providers.chat.blocks import dynamic_block
from worker.providers.chat.port import Page, SendReceipt, SendRequest
from worker.providers.vendors import faults

PROVIDER = refusals.PROVIDER

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Faults before the first byte of the request went out."""


class ManyChatChannel:
    """Every request has a connection of its own: one kept open could break under a send, unknown to us."""

    name = PROVIDER

    def __init__(self, base_url: str, *, connect_timeout: float = 5.0, timeout: float = 15.0) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            timeout=httpx.Timeout(timeout, connect=connect_timeout),
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def send(self, page_key: str, request: SendRequest) -> SendReceipt:
        """See the port."""
        body = _body(request)
        try:
            response = await self._http.post("/fb/sending/sendContent", json=body, headers=_headers(page_key))
        except httpx.HTTPError as error:
            if isinstance(error, httpx.TimeoutException) and isinstance(error, _NOT_SENT):
                raise faults.timed_out(PROVIDER) from error
            if isinstance(error, _NOT_SENT):
                raise faults.unavailable(PROVIDER) from error
            raise DeliveryUnknown(provider=PROVIDER) from error
        answer = _parsed(response)
        if response.is_success and refusals.is_success(answer):
            return SendReceipt(len(request.texts), is_offline=False)
        raise refusals.fault_of_send(response.status_code, answer, _retry_after(response))

    async def check(self, page_key: str) -> Page:
        """See the port."""
        try:
            response = await self._http.get("/fb/page/getInfo", headers=_headers(page_key))
        except httpx.TimeoutException as error:
            raise faults.timed_out(PROVIDER) from error
        except httpx.HTTPError as error:
            raise faults.unavailable(PROVIDER) from error
        answer = _parsed(response)
        data = answer.get("data") if isinstance(answer, dict) else None
        if response.is_success and refusals.is_success(answer) and isinstance(data, dict):
            return Page(str(data.get("id") or ""), str(data.get("name") or ""))
        raise refusals.fault(response.status_code, answer, _retry_after(response))

    async def close(self) -> None:
        await self._http.aclose()


def _headers(page_key: str) -> dict[str, str]:
    """Raises ProviderAuthError for a key that no header can carry."""
    if not page_key.isascii() or not page_key.isprintable() or not page_key.strip():
        raise faults.unauthorised(PROVIDER)
    return {"Authorization": f"Bearer {page_key.strip()}"}


def _body(request: SendRequest) -> dict[str, Any]:
    """The subscriber's id is a string wherever ManyChat tells it, but an integer here."""
    if not (request.subscriber_id.isascii() and request.subscriber_id.isdigit()):
        raise ProviderRejected(
            "chat.unknown_contact", "ManyChat's contacts have a number.", provider=PROVIDER
        )
    if not request.texts:
        raise ProviderRejected("chat.bad_message", "There is no message to send.", provider=PROVIDER)
    tag = {"message_tag": request.message_tag} if request.message_tag else {}
    return {"subscriber_id": int(request.subscriber_id), "data": dynamic_block(request.texts), **tag}


def _parsed(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _retry_after(response: httpx.Response) -> float | None:
    return faults.retry_after_seconds(response.headers.get("retry-after"), datetime.now(UTC))
