"""What the Stripe adapter sends: forms, idempotency keys, and what it makes of refusals that are fine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.contract.providers.stripe_api import StripeApi, example, refusal
from tests.contract.providers.vendor import Reply
from worker.errors import ProviderRejected
from worker.providers.payments.states import CheckoutRequest, SubscriptionState
from worker.providers.payments.stripe import StripePayments

WORKSPACE = UUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff")
REFERENCE = UUID("11111111-2222-3333-4444-555555555555")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def sent(api: StripeApi) -> tuple[str, str, dict[str, str]]:
    asked = api.asked[-1]
    return asked.path, asked.headers["Idempotency-Key"], asked.fields


async def test_a_new_customer(payments: StripePayments, stripe_api: StripeApi) -> None:
    metadata = {"lamina_workspace": str(WORKSPACE)}
    stripe_api.on("POST", "/v1/customers", example("customer", metadata=metadata))
    made = await payments.create_customer(
        workspace_id=WORKSPACE, name="Müller & Söhne", email=None, idempotency_key="k1"
    )
    assert (made.id, made.workspace_id) == ("cus_QXg1o8vcGmoR32", WORKSPACE)
    form = {"name": "Müller & Söhne", "metadata[lamina_workspace]": str(WORKSPACE)}
    assert sent(stripe_api) == ("/v1/customers", "k1", form)


def checkout(mode: Any, *metered: str) -> CheckoutRequest:
    return CheckoutRequest(
        mode=mode,
        workspace_id=WORKSPACE,
        reference=REFERENCE,
        customer_id="cus_1",
        price_id="price_1",
        metered_price_ids=metered,
        success_url="https://app.example/done?s={CHECKOUT_SESSION_ID}",
        cancel_url="https://app.example/back",
    )


COMMON = {
    "customer": "cus_1",
    "client_reference_id": str(REFERENCE),
    "metadata[lamina_workspace]": str(WORKSPACE),
    "line_items[0][price]": "price_1",
    "line_items[0][quantity]": "1",
    "success_url": "https://app.example/done?s={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://app.example/back",
}


async def test_a_checkout_of_a_subscription(payments: StripePayments, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/checkout/sessions", example("checkout.session"))
    page = await payments.create_checkout(checkout("subscription", "price_u"), idempotency_key="k1")
    assert page.url.startswith("https://checkout.stripe.com/pay/")
    assert page.expires_at == datetime.fromtimestamp(1234567890, UTC)
    assert sent(stripe_api) == (
        "/v1/checkout/sessions",
        "k1",
        COMMON
        | {
            "mode": "subscription",
            "line_items[1][price]": "price_u",
            "subscription_data[metadata][lamina_workspace]": str(WORKSPACE),
            "subscription_data[billing_mode][type]": "flexible",
        },
    )


async def test_a_checkout_of_a_pack(payments: StripePayments, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/checkout/sessions", example("checkout.session"))
    await payments.create_checkout(checkout("payment"), idempotency_key="k1")
    form = {"mode": "payment", "payment_intent_data[metadata][lamina_workspace]": str(WORKSPACE)}
    assert sent(stripe_api)[2] == COMMON | form


async def test_expiring_a_checkout(payments: StripePayments, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/checkout/sessions/cs_1/expire", example("checkout.session"))
    await payments.expire_checkout("cs_1")
    assert stripe_api.paths == ["POST /v1/checkout/sessions/cs_1/expire"]


@pytest.mark.parametrize("status", ["complete", "expired"])
async def test_a_checkout_that_is_not_open_needs_no_expiring(
    payments: StripePayments, stripe_api: StripeApi, status: str
) -> None:
    words = 'Only Checkout Sessions with a status in ["open"] can be expired.'
    stripe_api.on("POST", "/v1/checkout/sessions/cs_1/expire", refusal(400, words))
    stripe_api.on("GET", "/v1/checkout/sessions/cs_1", example("checkout.session", status=status))
    await payments.expire_checkout("cs_1")
    await payments.expire_checkout("cs_unknown")
    assert "GET /v1/checkout/sessions/cs_1" in stripe_api.paths


async def test_an_open_checkout_that_cannot_be_expired_is_said(
    payments: StripePayments, stripe_api: StripeApi
) -> None:
    stripe_api.on("POST", "/v1/checkout/sessions/cs_1/expire", refusal(400, "Not now."))
    stripe_api.on("GET", "/v1/checkout/sessions/cs_1", example("checkout.session"))
    with pytest.raises(ProviderRejected, match=r"Not now\."):
        await payments.expire_checkout("cs_1")


async def test_the_portal(payments: StripePayments, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/billing_portal/sessions", example("billing_portal.session"))
    page = await payments.create_portal(
        customer_id="cus_1", return_url="https://app.example/", idempotency_key="k2"
    )
    assert (page.id, page.expires_at) == ("bps_1Pgc7HB7WZ01zgkWNs8s9Auh", None)
    form = {"customer": "cus_1", "return_url": "https://app.example/"}
    assert sent(stripe_api) == ("/v1/billing_portal/sessions", "k2", form)


def subscription(**metered: str) -> SubscriptionState:
    return SubscriptionState(
        id="sub_1",
        customer_id="cus_1",
        workspace_id=WORKSPACE,
        status="active",
        item_id="si_plan",
        price_id="price_old",
        interval="month",
        quantity=1,
        anchor=NOW,
        current_period_start=NOW,
        current_period_end=NOW,
        cancel_at_period_end=False,
        cancel_at=None,
        canceled_at=None,
        ended_at=None,
        trial_end=None,
        metered_items=metered,
    )


async def test_a_change_of_plan_replaces_the_metered_items(
    payments: StripePayments, stripe_api: StripeApi
) -> None:
    stripe_api.on("POST", "/v1/subscriptions/sub_1", example("subscription"))
    await payments.change_subscription(
        subscription(price_kept="si_kept", price_gone="si_gone"),
        price_id="price_new",
        metered_price_ids=["price_kept", "price_added"],
        idempotency_key="k3",
    )
    assert sent(stripe_api) == (
        "/v1/subscriptions/sub_1",
        "k3",
        {
            "items[0][id]": "si_plan",
            "items[0][price]": "price_new",
            "items[0][quantity]": "1",
            "items[1][id]": "si_gone",
            "items[1][deleted]": "true",
            "items[2][price]": "price_added",
            "proration_behavior": "create_prorations",
        },
    )


async def test_cancelling_once_and_again(payments: StripePayments, stripe_api: StripeApi) -> None:
    stripe_api.on("DELETE", "/v1/subscriptions/sub_1", example("subscription", status="canceled"))
    await payments.cancel_subscription("sub_1", idempotency_key="k4")
    assert sent(stripe_api) == ("/v1/subscriptions/sub_1", "k4", {"invoice_now": "true"})
    await payments.cancel_subscription("sub_gone", idempotency_key="k5")
    assert stripe_api.paths[-1] == "DELETE /v1/subscriptions/sub_gone"


async def test_a_refused_cancellation_is_said(payments: StripePayments, stripe_api: StripeApi) -> None:
    stripe_api.on("DELETE", "/v1/subscriptions/sub_1", refusal(400, "It is managed by a schedule."))
    with pytest.raises(ProviderRejected, match="managed by a schedule") as caught:
        await payments.cancel_subscription("sub_1", idempotency_key="k4")
    assert caught.value.code == "payments.rejected"


async def report(payments: StripePayments) -> str:
    return await payments.send_meter_event(
        event_name="lamina_requests", customer_id="cus_1", value=12345, identifier="usage:42", at=NOW
    )


async def test_usage_is_reported(payments: StripePayments, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/billing/meter_events", example("billing.meter_event"))
    assert await report(payments) == "accepted"
    form = {
        "event_name": "lamina_requests",
        "identifier": "usage:42",
        "timestamp": str(int(NOW.timestamp())),
        "payload[stripe_customer_id]": "cus_1",
        "payload[value]": "12345",
    }
    assert sent(stripe_api) == ("/v1/billing/meter_events", "usage:42", form)


@pytest.mark.parametrize(
    "reply",
    [
        refusal(400, "An event already exists with identifier usage:42."),
        refusal(400, "A duplicate identifier.", code="duplicate_meter_event"),
    ],
)
async def test_usage_reported_before_is_a_duplicate(
    payments: StripePayments, stripe_api: StripeApi, reply: Reply
) -> None:
    stripe_api.on("POST", "/v1/billing/meter_events", reply)
    assert await report(payments) == "duplicate"


@pytest.mark.parametrize(
    "reply",
    [
        refusal(400, "The event timestamp cannot be more than 35 days in past. Expected 1758141836."),
        refusal(400, "Too late.", code="timestamp_too_far_in_past"),
    ],
)
async def test_usage_of_too_long_ago(payments: StripePayments, stripe_api: StripeApi, reply: Reply) -> None:
    stripe_api.on("POST", "/v1/billing/meter_events", reply)
    with pytest.raises(ProviderRejected) as caught:
        await report(payments)
    assert (caught.value.code, caught.value.provider) == ("payments.meter_event_too_old", "payments")


@pytest.mark.parametrize(
    "words", ["No active meter found.", "The event timestamp cannot be more than 5 minutes in future."]
)
async def test_usage_refused_for_another_reason(
    payments: StripePayments, stripe_api: StripeApi, words: str
) -> None:
    stripe_api.on("POST", "/v1/billing/meter_events", refusal(400, words))
    with pytest.raises(ProviderRejected) as caught:
        await report(payments)
    assert caught.value.code == "payments.rejected"
    assert words in caught.value.message
