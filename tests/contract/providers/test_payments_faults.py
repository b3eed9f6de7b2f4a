"""Every way Stripe can fail becomes one of our errors, is asked once, and shows no key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.contract.providers.stripe_api import KEY, StripeApi, example, listed, refusal
from tests.contract.providers.vendor import Reply, hang_up, json_reply, raw_reply, silence
from worker.errors import (
    ConfigurationError,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.payments.stripe import StripePayments
from worker.providers.payments.wire import Endpoint, NoWire, StripeWire

PORTAL = "/v1/billing_portal/sessions"
CUSTOMER = "/v1/customers/cus_1"

Call = Callable[[StripePayments], Awaitable[object]]


async def read(payments: StripePayments) -> object:
    return await payments.customer("cus_1")


async def write(payments: StripePayments) -> object:
    return await payments.create_portal(customer_id="cus_1", return_url="https://a", idempotency_key="k")


async def failure(payments: StripePayments, call: Call) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await call(payments)
    return caught.value


def html(status: int) -> Reply:
    return raw_reply(b"<html>proxy</html>", status, {"Content-Type": "text/html"})


def invalid_key() -> Reply:
    return refusal(401, f"Invalid API Key provided: {KEY}")


def card_refusal() -> Reply:
    return refusal(402, "Your card was declined.", type="card_error", code="card_declined")


def key_in_use() -> Reply:
    return refusal(409, "In use", type="idempotency_error", code="idempotency_key_in_use")


FAULTS = [
    (refusal(400, "Invalid integer: x"), ProviderRejected, "payments.rejected"),
    (refusal(400, "No such price", code="resource_missing"), ProviderRejected, "payments.not_found"),
    (refusal(400, "Other", type="idempotency_error"), ProviderRejected, "payments.idempotency_mismatch"),
    (invalid_key(), ProviderAuthError, "provider.unauthorised"),
    (card_refusal(), ProviderRejected, "payments.declined"),
    (refusal(403, "The provided key has no access"), ProviderAuthError, "provider.unauthorised"),
    (refusal(404, "Unrecognized request URL"), ProviderRejected, "payments.rejected"),
    (key_in_use(), ProviderUnavailable, "payments.busy"),
    (refusal(429, "Locked", code="lock_timeout"), ProviderUnavailable, "payments.busy"),
    (refusal(429, "Slow down", code="rate_limit"), ProviderRateLimited, "provider.rate_limited"),
    (refusal(500, "Oops", type="api_error"), ProviderUnavailable, "provider.unavailable"),
    (html(502), ProviderUnavailable, "provider.unavailable"),
    (html(504), ProviderTimeout, "provider.timeout"),
    (html(403), ProviderAuthError, "provider.unauthorised"),
    (html(200), ProviderUnavailable, "provider.bad_response"),
    (raw_reply(b'{"id": "cus_', 200), ProviderUnavailable, "provider.bad_response"),
    (raw_reply(b"\xff\xfe", 200), ProviderUnavailable, "provider.bad_response"),
    (json_reply([]), ProviderUnavailable, "provider.bad_response"),
    (json_reply({"error": "Bad gateway"}, 502), ProviderUnavailable, "provider.bad_response"),
    (json_reply({"object": "customer"}), ProviderUnavailable, "provider.bad_response"),
    (json_reply({"id": "x", "url": None}, 201), ProviderUnavailable, "provider.bad_response"),
    (silence(), ProviderTimeout, "provider.timeout"),
    (hang_up(), ProviderUnavailable, "provider.unavailable"),
]


@pytest.mark.parametrize(("reply", "kind", "code"), FAULTS)
async def test_a_failed_write(
    payments: StripePayments, stripe_api: StripeApi, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    stripe_api.on("POST", PORTAL, reply)
    error = await failure(payments, write)
    assert (error.code, error.provider) == (code, "payments")
    assert isinstance(error, kind)
    assert stripe_api.paths == [f"POST {PORTAL}"]
    assert KEY not in f"{error} {error!r}"


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refusal(404, "Unrecognized request URL"), ProviderRejected, "payments.rejected"),
        (html(404), ProviderRejected, "payments.rejected"),
        (invalid_key(), ProviderAuthError, "provider.unauthorised"),
        (html(503), ProviderUnavailable, "provider.unavailable"),
        (json_reply({"object": "customer"}), ProviderUnavailable, "provider.bad_response"),
        (silence(), ProviderTimeout, "provider.timeout"),
    ],
)
async def test_a_failed_read_is_never_taken_for_a_missing_object(
    payments: StripePayments, stripe_api: StripeApi, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    stripe_api.on("GET", CUSTOMER, reply)
    error = await failure(payments, read)
    assert (error.code, type(error).__mro__.count(kind)) == (code, 1)
    assert stripe_api.paths == [f"GET {CUSTOMER}"]


async def test_stripe_says_how_long_to_wait(payments: StripePayments, stripe_api: StripeApi) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    slow = [refusal(429, "Slow", {"Retry-After": wait}) for wait in ("7", at)]
    stripe_api.on("GET", CUSTOMER, *slow, refusal(429, "Slow"))
    assert (await failure(payments, read)).retry_after == 7
    assert 50 < ((await failure(payments, read)).retry_after or 0) <= 60
    assert (await failure(payments, read)).retry_after is None


async def test_a_busy_object_does_not_rest_the_provider(
    payments: StripePayments, stripe_api: StripeApi
) -> None:
    busy = [refusal(409, "Busy", {"Retry-After": "9"}), refusal(500, "Oops", {"Retry-After": "9"})]
    stripe_api.on("GET", CUSTOMER, *busy)
    assert (await failure(payments, read)).retry_after is None
    assert (await failure(payments, read)).retry_after == 9


async def test_keys_in_stripes_words_are_cut(payments: StripePayments, stripe_api: StripeApi) -> None:
    words = f"Key {KEY} or rk_live_abc123 or sk_live_****wxyz cannot do this" + " x" * 300
    stripe_api.on("POST", PORTAL, refusal(400, words))
    message = (await failure(payments, write)).message
    assert message.startswith("Stripe refused the request: Key sk_… or rk_… or sk_… cannot do this x")
    assert len(message) < 240


async def test_nobody_listens() -> None:
    payments = StripePayments(StripeWire(Endpoint("http://127.0.0.1:1", KEY)))
    assert (await failure(payments, read)).code == "provider.unavailable"
    await payments.close()


async def test_a_list_that_breaks_off_is_no_short_list(
    payments: StripePayments, stripe_api: StripeApi
) -> None:
    stripe_api.on("GET", "/v1/subscriptions", listed([example("subscription")], more=True), html(500))
    found = payments.subscriptions()
    assert (await anext(found)).id == "sub_1Pgc6rB7WZ01zgkWNy0Cn5nw"
    with pytest.raises(ProviderUnavailable):
        await anext(found)


@pytest.mark.parametrize("page", [{"object": "list"}, {"data": 3, "has_more": False}, {"data": []}])
async def test_a_page_that_is_no_list(payments: StripePayments, stripe_api: StripeApi, page: object) -> None:
    stripe_api.on("GET", "/v1/subscriptions", json_reply(page))
    with pytest.raises(ProviderUnavailable) as caught:
        await anext(payments.subscriptions())
    assert caught.value.code == "provider.bad_response"


@pytest.mark.parametrize("call", [read, write])
async def test_without_a_key_every_call_says_so(call: Call) -> None:
    with pytest.raises(ConfigurationError, match="STRIPE_SECRET_KEY") as caught:
        await call(StripePayments(NoWire()))
    assert caught.value.code == "payments.not_configured"
