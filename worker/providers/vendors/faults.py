"""From a vendor's fault to one of our errors. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from worker.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)

LABELS = {
    "openai": "OpenAI",
    "gemini": "Gemini",
    "openrouter": "OpenRouter",
    "storage": "The file storage",
    "payments": "Stripe",
    "sendgrid": "SendGrid",
    "smtp": "The mail server",
    "manychat": "ManyChat",
    "webhook": "The webhook's address",
    "mcp": "The MCP server for e-mail",
    "github": "GitHub",
    "x": "X",
    "linkedin": "LinkedIn",
    "mailchimp": "Mailchimp",
    "salesforce": "Salesforce",
    "google_analytics": "Google Analytics",
}

_NO_CREDIT = re.compile(r"insufficient_quota|insufficient credits|billing_hard_limit", re.I)
_TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|context window|input token count.{0,40}exceeds", re.I
)
_FILTERED = re.compile(r"content_filter|content_policy|moderation|flagged", re.I)
_BAD_KEY = re.compile(r"api_key_invalid|api key not valid|invalid_api_key|api key expired", re.I)
_NO_MODEL = re.compile(
    r"model_not_found|not a valid model|no endpoints found|model.{0,80}(does not exist|not found)", re.I
)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds to wait from a Retry-After header: a number, an HTTP date, or a duration such as ``34s``."""
    text = (value or "").strip()
    if re.fullmatch(r"\d+(\.\d+)?s?", text):
        return float(text.removesuffix("s"))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def fault(
    provider: str, status: int, *, code: str = "", message: str = "", retry_after: float | None = None
) -> ProviderError:
    """The error for an HTTP status and whatever code and words came with it."""
    refusal = _refusal(status, f"{code} {message}")
    if refusal is not None:
        return ProviderRejected(refusal[0], f"{_label(provider)} {refusal[1]}", provider=provider)
    if status in (401, 403) or _BAD_KEY.search(f"{code} {message}"):
        return unauthorised(provider)
    if status == 429:
        return ProviderRateLimited(
            "provider.rate_limited",
            f"{_label(provider)} asked us to slow down.",
            provider=provider,
            retry_after=retry_after,
        )
    if status in (408, 504):
        return timed_out(provider)
    if status in (409, 425) or status >= 500:
        return unavailable(provider, retry_after=retry_after)
    detail = " ".join(message.split())[:200]
    return ProviderRejected(
        "provider.bad_request", f"{_label(provider)} refused the request: {detail}", provider=provider
    )


def _refusal(status: int, words: str) -> tuple[str, str] | None:
    """Code and rest of the sentence when the very request can never succeed."""
    if status == 402 or _NO_CREDIT.search(words):
        return "provider.no_credit", "has no credit left for this key."
    if status == 413:
        return "provider.request_too_large", "found the request too large."
    if status in (400, 403, 422) and _FILTERED.search(words):
        return filtered_words()
    if status in (400, 422) and _TOO_LONG.search(words):
        return "provider.context_too_long", "cannot take so much text at once."
    if status == 404 or (status == 400 and _NO_MODEL.search(words)):
        return "provider.model_not_found", "does not offer this model to this key."
    return None


def filtered_words() -> tuple[str, str]:
    return "provider.content_filtered", "declined to answer because of its content rules."


def filtered(provider: str) -> ProviderRejected:
    code, words = filtered_words()
    return ProviderRejected(code, f"{_label(provider)} {words}", provider=provider)


def unauthorised(provider: str) -> ProviderAuthError:
    return ProviderAuthError(
        "provider.unauthorised", f"{_label(provider)} does not accept the configured key.", provider=provider
    )


def unavailable(provider: str, *, retry_after: float | None = None) -> ProviderUnavailable:
    return ProviderUnavailable(
        "provider.unavailable",
        f"{_label(provider)} is not available now.",
        provider=provider,
        retry_after=retry_after,
    )


def timed_out(provider: str) -> ProviderTimeout:
    return ProviderTimeout(
        "provider.timeout", f"{_label(provider)} did not answer in time.", provider=provider
    )


def bad_response(provider: str) -> ProviderUnavailable:
    return ProviderUnavailable(
        "provider.bad_response", f"{_label(provider)} sent an answer we cannot read.", provider=provider
    )


def _label(provider: str) -> str:
    return LABELS.get(provider, provider)
