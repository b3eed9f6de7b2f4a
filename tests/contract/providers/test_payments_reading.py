"""Payments, checkouts, customers, prices and meter faults as the Stripe adapter reads them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.contract.providers.stripe_api import StripeApi, example, listed
from worker.providers.payments.stripe import StripePayments

WORKSPACE = UUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff")


async def test_a_checkout(payments: StripePayments, stripe_api: StripeApi) -> None:
    page = example("checkout.session", client_reference_id=str(WORKSPACE), amount_total=900, currency="eur")
    stripe_api.on("GET", "/v1/checkout/sessions/cs_1", page)
    found = await payments.checkout("cs_1")
    assert found is not None
    assert (found.reference, found.mode, found.status) == (WORKSPACE, "payment", "open")
    assert (found.payment_status, found.payment_id) == ("unpaid", "pi_1PgafyB7WZ01zgkWSjxsAJo3")
    assert (found.subscription_id, found.amount_total, found.currency) == (None, 900, "eur")


def intent(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"id": "pi_1", "status": "succeeded", "last_payment_error": None}
    return example("payment_intent", **(values | changes))


def with_payment(api: StripeApi, **charge: Any) -> None:
    found = example("charge", id="ch_1", payment_intent="pi_1", **charge)
    api.on("GET", "/v1/payment_intents/pi_1", intent(latest_charge=found))
    api.on("GET", "/v1/invoice_payments", listed([example("invoice_payment", invoice="in_1")]))


@pytest.mark.parametrize(
    ("payment_id", "path", "found"),
    [
        ("ch_1", "/v1/charges/ch_1", example("charge", payment_intent="pi_1")),
        ("py_1", "/v1/charges/py_1", example("charge", payment_intent=example("payment_intent", id="pi_1"))),
        ("re_1", "/v1/refunds/re_1", example("refund", payment_intent="pi_1")),
        ("pyr_1", "/v1/refunds/pyr_1", example("refund", payment_intent="pi_1")),
        ("dp_1", "/v1/disputes/dp_1", example("dispute", payment_intent="pi_1")),
        ("du_1", "/v1/disputes/du_1", example("dispute", payment_intent="pi_1")),
    ],
)
async def test_a_payment_is_found_by_its_parts(
    payments: StripePayments, stripe_api: StripeApi, payment_id: str, path: str, found: dict[str, Any]
) -> None:
    with_payment(stripe_api)
    stripe_api.on("GET", path, found)
    by_part = await payments.payment(payment_id)
    assert by_part is not None
    assert by_part == await payments.payment("pi_1")


async def test_an_old_refund_knows_its_charge_only(payments: StripePayments, stripe_api: StripeApi) -> None:
    with_payment(stripe_api)
    stripe_api.on("GET", "/v1/refunds/re_1", example("refund", charge="ch_1", payment_intent=None))
    stripe_api.on("GET", "/v1/charges/ch_1", example("charge", payment_intent="pi_1"))
    found = await payments.payment("re_1")
    assert found is not None
    assert found.id == "pi_1"


async def test_a_payment_refunded_and_disputed(payments: StripePayments, stripe_api: StripeApi) -> None:
    with_payment(stripe_api, amount_refunded=500, disputed=True, receipt_url="https://receipt")
    stripe_api.on("GET", "/v1/disputes", listed([example("dispute", status="lost")]))
    found = await payments.payment("pi_1")
    assert found is not None
    assert (found.amount, found.amount_refunded, found.dispute_status) == (1099, 500, "lost")
    assert (found.status, found.invoice_id, found.receipt_url) == ("succeeded", "in_1", "https://receipt")
    fields = {asked.path: asked.fields for asked in stripe_api.asked}
    assert fields["/v1/payment_intents/pi_1"] == {"expand[0]": "latest_charge"}
    assert fields["/v1/disputes"]["payment_intent"] == "pi_1"
    assert fields["/v1/invoice_payments"] == {
        "payment[type]": "payment_intent",
        "payment[payment_intent]": "pi_1",
        "limit": "1",
    }


async def test_before_basil_a_payment_names_its_invoice(
    payments: StripePayments, stripe_api: StripeApi
) -> None:
    stripe_api.on("GET", "/v1/payment_intents/pi_1", intent(invoice="in_7"))
    found = await payments.payment("pi_1")
    assert found is not None
    assert (found.invoice_id, found.dispute_status) == ("in_7", None)
    assert stripe_api.paths == ["GET /v1/payment_intents/pi_1"]


async def test_a_failed_payment_says_why(payments: StripePayments, stripe_api: StripeApi) -> None:
    failure = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
    stripe_api.on(
        "GET",
        "/v1/payment_intents/pi_1",
        intent(status="requires_payment_method", last_payment_error=failure),
    )
    stripe_api.on("GET", "/v1/invoice_payments", listed([]))
    found = await payments.payment("pi_1")
    assert found is not None
    assert (found.status, found.failure_code) == ("failed", "card_declined")
    assert (found.failure_message, found.invoice_id) == ("Your card was declined.", None)


async def test_customers(payments: StripePayments, stripe_api: StripeApi) -> None:
    metadata = {"lamina_workspace": str(WORKSPACE)}
    stripe_api.on("GET", "/v1/customers/cus_1", example("customer", metadata=metadata, email="a@b.c"))
    stripe_api.on("GET", "/v1/customers/cus_2", example("deleted_customer", id="cus_2"))
    found, deleted = await payments.customer("cus_1"), await payments.customer("cus_2")
    assert found is not None
    assert (found.deleted, found.workspace_id, found.email) == (False, WORKSPACE, "a@b.c")
    assert deleted is not None
    assert (deleted.id, deleted.deleted, deleted.workspace_id) == ("cus_2", True, None)


async def test_products_and_prices(payments: StripePayments, stripe_api: StripeApi) -> None:
    metadata = {"lamina_plan": "starter", "lamina_version": "3"}
    stripe_api.on("GET", "/v1/products/prod_1", example("product", metadata=metadata))
    stripe_api.on("GET", "/v1/products/prod_2", example("deleted_product"))
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "metered", "meter": "mtr_1"}
    metered = example("price", recurring=recurring, unit_amount_decimal="0.5")
    stripe_api.on("GET", "/v1/prices/price_1", metered)
    stripe_api.on("GET", "/v1/prices/price_2", example("deleted_price"))
    product, gone = await payments.product("prod_1"), await payments.product("prod_2")
    price, gone_price = await payments.price("price_1"), await payments.price("price_2")
    assert product is not None
    assert (product.plan, product.version, product.active) == ("starter", 3, True)
    assert gone is not None
    assert gone.deleted
    assert price is not None
    assert (price.metered, price.meter_id, price.unit_amount, price.interval) == (
        True,
        "mtr_1",
        "0.5",
        "month",
    )
    assert gone_price is not None
    assert gone_price.deleted


def meter_event(**changes: Any) -> dict[str, Any]:
    """As retrieved from /v2/core/events, which Stripe's fixtures do not have."""
    sample = {"error_message": "No customer", "request": {"identifier": "usage:1"}}
    kind = {"code": "meter_event_customer_not_found", "error_count": 1, "sample_errors": [sample]}
    data = {
        "developer_message_summary": "There is 1 invalid event",
        "reason": {"error_count": 1, "error_types": [kind]},
    }
    values = {
        "id": "evt_1",
        "object": "v2.core.event",
        "type": "v1.billing.meter.error_report_triggered",
        "data": data,
        "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
    }
    return values | changes


async def test_meter_faults(payments: StripePayments, stripe_api: StripeApi) -> None:
    stripe_api.on("GET", "/v2/core/events/evt_1", meter_event())
    stripe_api.on("GET", "/v2/core/events/evt_2", meter_event(id="evt_2", related_object=None))
    stripe_api.on("GET", "/v2/core/events/evt_3", meter_event(data={}))
    found, without_meter = await payments.meter_fault("evt_1"), await payments.meter_fault("evt_2")
    assert found is not None
    assert (found.meter_id, found.reason) == ("mtr_1", "meter_event_customer_not_found")
    assert (found.message, found.identifiers) == ("There is 1 invalid event", ("usage:1",))
    assert without_meter is not None
    assert without_meter.meter_id is None
    assert await payments.meter_fault("evt_3") is None


async def test_what_does_not_exist_is_none(payments: StripePayments) -> None:
    assert await payments.subscription("sub_0") is None
    assert await payments.invoice("in_0") is None
    assert await payments.checkout("cs_0") is None
    assert await payments.customer("cus_0") is None
    assert await payments.product("prod_0") is None
    assert await payments.price("price_0") is None
    assert await payments.meter_fault("evt_0") is None
    for payment_id in ("pi_0", "ch_0", "re_0", "dp_0"):
        assert await payments.payment(payment_id) is None


async def test_what_is_no_id_is_never_asked(payments: StripePayments, stripe_api: StripeApi) -> None:
    for wrong in ("", "..", "cus_1/sources", "cus_1?expand=x", "cus 1"):
        assert await payments.customer(wrong) is None
    assert await payments.payment("upcoming") is None
    assert stripe_api.asked == []
