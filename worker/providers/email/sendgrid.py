"""E-mail by SendGrid's Web API.

Request and answers: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send. The API knows no
idempotency key: a repeated request is a second message.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from worker.errors import DeliveryUnknown, ProviderAuthError, ProviderError
from worker.providers.email.port import ROW_ARGUMENT, Address, Mail, Sent
from worker.providers.vendors import faults

PROVIDER = "sendgrid"
_AFTER_SENDING = (502, 504)
"""A gateway gave up on what stands behind it, which may have taken the message."""


class SendGridMailer:
    """``sandbox``: the API checks each message and delivers none."""

    name = PROVIDER

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = "https://api.sendgrid.com",
        sandbox: bool = False,
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
    ) -> None:
        self.offline = sandbox
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=httpx.Timeout(timeout, connect=connect_timeout),
        )

    async def start(self) -> None:
        """Nothing: a key may be allowed to send and to ask for nothing else."""

    async def send(self, message: Mail, *, idempotency_key: str) -> Sent:
        """See the port; the state is never "sent", since 202 means accepted into SendGrid's queue."""
        try:
            response = await self._http.post("/v3/mail/send", json=payload(message, sandbox=self.offline))
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise faults.timed_out(PROVIDER) from error
        except (httpx.ConnectError, httpx.UnsupportedProtocol) as error:
            raise faults.unavailable(PROVIDER) from error
        except httpx.HTTPError as error:
            raise DeliveryUnknown(provider=PROVIDER) from error
        if response.is_success:
            return Sent(response.headers.get("x-message-id"), "queued")
        raise _fault(response)

    async def close(self) -> None:
        await self._http.aclose()


def payload(mail: Mail, *, sandbox: bool) -> dict[str, Any]:
    """The body of the request: one personalization with one recipient."""
    envelope: dict[str, Any] = {"to": [_person(mail.to)], "custom_args": {ROW_ARGUMENT: mail.row_id}}
    if mail.headers:
        envelope["headers"] = dict(mail.headers)
    contents = [("text/plain", mail.text), ("text/html", mail.html)]
    body: dict[str, Any] = {
        "personalizations": [envelope],
        "from": _person(mail.sender),
        "subject": mail.subject,
        "content": [{"type": kind, "value": value} for kind, value in contents if value],
        "mail_settings": {"sandbox_mode": {"enable": sandbox}},
    }
    if mail.reply_to is not None:
        body["reply_to"] = _person(mail.reply_to)
    if mail.categories:
        body["categories"] = list(mail.categories)
    return body


def wait_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """From Retry-After, else from X-RateLimit-Reset, which is a Unix time in seconds."""
    wait = faults.retry_after_seconds(headers.get("retry-after"), now)
    reset = headers.get("x-ratelimit-reset", "")
    if wait is None and reset.isascii() and reset.isdigit():
        return max(0.0, int(reset) - now.timestamp())
    return wait


def _person(address: Address) -> dict[str, str]:
    return {"email": address.email, "name": address.name} if address.name else {"email": address.email}


def _fault(response: httpx.Response) -> ProviderError:
    """Refusals come as ``{"errors": [{"message", "field", "help"}]}``."""
    status, errors = response.status_code, _errors(response)
    words = " ".join(str(error.get("message") or "") for error in errors)
    if status in _AFTER_SENDING:
        return DeliveryUnknown(provider=PROVIDER)
    if "credits exceeded" in words.lower():
        return faults.fault(PROVIDER, 402)
    if status == 403 and any(str(error.get("field") or "").startswith("from") for error in errors):
        return ProviderAuthError(
            "email.sender_refused",
            f"SendGrid does not send from this address: {words[:200]}",
            provider=PROVIDER,
        )
    wait = wait_seconds(response.headers, datetime.now(UTC))
    return faults.fault(PROVIDER, 400 if status == 404 else status, message=words, retry_after=wait)


def _errors(response: httpx.Response) -> list[dict[str, Any]]:
    try:
        body = response.json()
    except ValueError:
        return []
    listed = body.get("errors") if isinstance(body, dict) else None
    return [error for error in listed if isinstance(error, dict)] if isinstance(listed, list) else []
