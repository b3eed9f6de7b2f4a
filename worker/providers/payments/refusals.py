"""From a fault of Stripe's API to one of our errors. Pure.

Status and codes: https://docs.stripe.com/error-codes and https://docs.stripe.com/error-low-level.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import stripe

from worker.errors import ProviderError, ProviderRejected, ProviderUnavailable
from worker.providers.vendors import faults

PROVIDER = "payments"
NOT_FOUND = "payments.not_found"

_BUSY = ("lock_timeout", "idempotency_key_in_use")
_MISSING = ("resource_missing", "not_found")
_SECRET = re.compile(r"\b((?:sk|rk|pk|whsec)_)[\w*.…-]+")
_DUPLICATE = re.compile(r"duplicate_meter_event|event already exists with identifier", re.I)
_TOO_OLD = re.compile(r"timestamp_too_far_in_past|timestamp\b.*\bpast\b", re.I | re.S)


class StripeRejected(ProviderRejected):
    """`said` is Stripe's own code and words, for the few calls that must tell refusals apart."""

    said: str = ""

    @property
    def is_duplicate_event(self) -> bool:
        """A meter event with this identifier was sent before.

        Documented as code `duplicate_meter_event`; /v1/billing/meter_events gives no code, only words.
        """
        return bool(_DUPLICATE.search(self.said))

    @property
    def is_too_old_event(self) -> bool:
        """A meter event is of more than 35 days ago; again words on v1 and a code elsewhere."""
        return bool(_TOO_OLD.search(self.said))


def fault_of(error: stripe.StripeError) -> ProviderError:
    """What an answer of Stripe's that is not a success means for us."""
    status, code = error.http_status or 0, _code(error)
    if status < 300:
        return faults.bad_response(PROVIDER)
    if status == 409 or code in _BUSY:
        return ProviderUnavailable(  # without a wait: the provider is not to rest for one object
            "payments.busy", "Stripe is busy with this very object.", provider=PROVIDER
        )
    if status in (401, 403, 408, 425, 429) or status >= 500:
        wait = faults.retry_after_seconds(_header(error, "retry-after"), datetime.now(UTC))
        return faults.fault(PROVIDER, status, retry_after=wait)
    rejected = _rejected(error, status, code, sentence(error.user_message))
    rejected.said = f"{code} {error.user_message or ''}"
    return rejected


def _rejected(error: stripe.StripeError, status: int, code: str, words: str) -> StripeRejected:
    if code in _MISSING:  # a 404 without it is a wrong address, which must not look like a deleted object
        return StripeRejected(
            "payments.not_found", f"Stripe does not know this object: {words}", provider=PROVIDER
        )
    if isinstance(error, stripe.IdempotencyError):
        return StripeRejected(
            "payments.idempotency_mismatch",
            "Stripe has seen this idempotency key with another request.",
            provider=PROVIDER,
        )
    if status == 402:
        return StripeRejected("payments.declined", f"The payment was declined: {words}", provider=PROVIDER)
    return StripeRejected("payments.rejected", f"Stripe refused the request: {words}", provider=PROVIDER)


def too_old() -> ProviderRejected:
    return ProviderRejected(
        "payments.meter_event_too_old", "Stripe takes usage of the last 35 days only.", provider=PROVIDER
    )


def sentence(words: str | None) -> str:
    """One line of bounded length without anything that looks like a key."""
    return _SECRET.sub(r"\1…", " ".join((words or "no reason given").split()))[:200]


def _code(error: stripe.StripeError) -> str:
    """From the body: the SDK drops the code of some kinds, such as that of a 429."""
    body = error.json_body if isinstance(error.json_body, dict) else {}
    inner = body.get("error")
    return str(inner.get("code") or "") if isinstance(inner, dict) else ""


def _header(error: stripe.StripeError, name: str) -> str | None:
    return {key.lower(): value for key, value in (error.headers or {}).items()}.get(name)
