"""What ManyChat's answers mean. Pure.

Codes of https://api.manychat.com/swagger: 3011 (24 hours are over), 3021 and 3031 (no valid reason to
write after them), 304X (refused by the channel). Limits and their answers are not documented.
"""

from __future__ import annotations

import re
from typing import Any

from worker.errors import (
    DeliveryUnknown,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
)
from worker.providers.vendors import faults

PROVIDER = "manychat"

_WRONG_KEY = re.compile(r"(wrong|invalid|missing)[^.]{0,20}token", re.I)
_UNKNOWN_CONTACT = re.compile(r"(subscriber|contact)[^.]{0,40}(not exist|not found|unknown)", re.I)
_TOO_FAST = re.compile(r"rate limit|too many requests", re.I)


def is_success(body: Any) -> bool:
    return isinstance(body, dict) and body.get("status") == "success"


def fault_of_send(status: int, body: Any, retry_after: float | None) -> ProviderError:
    """The error for any answer to a send but success; `body` is the parsed JSON, None when it is none.

    A server that stumbled (500, 502, 504) or answered gibberish may have delivered before it did.
    """
    if status in (408, 429, 503) or (400 <= status < 500) or _says_error(body):
        return fault(status, body, retry_after)
    return DeliveryUnknown(provider=PROVIDER)


def fault(status: int, body: Any, retry_after: float | None) -> ProviderError:
    """The error for an answer after which nothing was delivered."""
    words = _words(body)
    if status in (401, 403) or _WRONG_KEY.search(words):
        return faults.unauthorised(PROVIDER)
    if status == 429 or _TOO_FAST.search(words):
        return _slow_down(retry_after)
    if status == 408 or status >= 500:
        return faults.unavailable(PROVIDER, retry_after=retry_after)
    if not _says_error(body) and status < 400:
        return faults.bad_response(PROVIDER)
    code, sentence = _refusal(body.get("code") if isinstance(body, dict) else None, words)
    return ProviderRejected(code, sentence, provider=PROVIDER)


def _refusal(code: object, words: str) -> tuple[str, str]:
    number = str(code or "")
    if number == "3011":
        return (
            "chat.window_closed",
            "The person last wrote more than 24 hours ago.",
        )
    if number in ("3021", "3031"):
        return (
            "chat.template_needed",
            "Only a template or an approved reason reaches the person now.",
        )
    if re.fullmatch(r"304\d", number):
        return "chat.channel_refused", "The channel refused the message for this person."
    if _UNKNOWN_CONTACT.search(words):
        return "chat.unknown_contact", "ManyChat does not know this contact."
    return "chat.refused", f"ManyChat refused the message: {' '.join(f'{number} {words}'.split())[:200]}"


def _slow_down(retry_after: float | None) -> ProviderRateLimited:
    return ProviderRateLimited(
        "provider.rate_limited", "ManyChat asked us to slow down.", provider=PROVIDER, retry_after=retry_after
    )


def _says_error(body: Any) -> bool:
    return isinstance(body, dict) and body.get("status") == "error"


def _words(body: Any) -> str:
    """The message and those of `details.messages`, where failed validation explains itself."""
    if not isinstance(body, dict):
        return ""
    details = body.get("details")
    listed = details.get("messages") if isinstance(details, dict) else None
    more = [item.get("message") for item in listed or () if isinstance(item, dict)]
    return " ".join(str(part) for part in (body.get("message"), *more) if part)
