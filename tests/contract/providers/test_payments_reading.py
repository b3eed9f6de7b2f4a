"""What the Stripe adapter reads: both shapes of the API, whole lists, what is deleted or missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.contract.providers.stripe_api import KEY, StripeApi, example, listed
from worker.providers.payments.stripe import StripePayments
from worker.providers.payments.version import API_VERSION

WORKSPACE = UUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff")
START, END = 1_793_000_000, 1_795_592_000
TIMES = (datetime.fromtimestamp(START, UTC), datetime.fromtimestamp(END, UTC))


def metered_price(price_id: str) -> dict[str, Any]:
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "metered", "meter": "mtr_1"}
    return example("price", id=price_id, recurring=recurring)


def subscription(**changes: Any) -> dict[str, Any]:
    """Since basil: a metered item first, the plan second, the period on the items."""
    found = example("subscription", metadata={"lamina_workspace": str(WORKSPACE)}, **changes)
    plan = found["items"]["data"][0]
    period = {"current_period_start": START, "current_period_end": END}
    usage = plan | {"id": "si_usage", "price": metered_price("price_usage")} | period
    del usage["quantity"]
    found["items"]["data"] = [usage, plan | period]
    return found


def before_basil(found: dict[str, Any]) -> dict[str, Any]:
    for item in found["items"]["data"]:
        del item["current_period_start"], item["current_period_end"]
    return found | {"current_period_start": START, "current_period_end": END}


async def test_a_subscription(payments: StripePayments, stripe_api: StripeApi) -> None:
    stripe_api.on("GET", "/v1/subscriptions/sub_1", subscription())
    found = await payments.subscription("sub_1")
    assert found is not None
    assert (found.id, found.customer_id) == ("sub_1Pgc6rB7WZ01zgkWNy0Cn5nw", "cus_QXg1o8vcGmoR32")
    assert (found.item_id, found.price_id) == ("si_QXhVnC2h0Jczwc", "price_1PgafmB7WZ01zgkW6dKueIc5")
    assert (found.interval, found.quantity, found.status) == ("month", 1, "active")
    assert (found.current_period_start, found.current_period_end) == TIMES
    assert found.metered_items == {"price_usage": "si_usage"}
    assert found.workspace_id == WORKSPACE
    assert found.cancel_at_period_end
    asked = stripe_api.asked[0]
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.headers["Stripe-Version"] == API_VERSION
    assert "Idempotency-Key" not in asked.headers


async def test_both_shapes_of_a_subscription_are_the_same(
    payments: StripePayments, stripe_api: StripeApi
) -> None:
    customer = example("customer", id="cus_QXg1o8vcGmoR32")
    stripe_api.on("GET", "/v1/subscriptions/sub_new", subscription())
    stripe_api.on("GET", "/v1/subscriptions/sub_old", before_basil(subscription(customer=customer)))
    assert await payments.subscription("sub_new") == await payments.subscription("sub_old")


async def test_a_subscription_with_more_items_than_fit(
    payments: StripePayments, stripe_api: StripeApi
) -> None:
    found = subscription()
    usage, plan = found["items"]["data"]
    url = "/v1/subscription_items?subscription=sub_1"
    found["items"] = listed([usage], url, more=True)
    stripe_api.on("GET", "/v1/subscriptions/sub_1", found)
    stripe_api.on("GET", "/v1/subscription_items", listed([plan]))
    state = await payments.subscription("sub_1")
    assert state is not None
    assert (state.item_id, state.metered_items) == (plan["id"], {"price_usage": "si_usage"})
    assert stripe_api.asked[1].fields == {
        "subscription": "sub_1",
        "limit": "100",
        "starting_after": "si_usage",
    }


def line(line_id: str, amount: int, price_id: str) -> dict[str, Any]:
    found: dict[str, Any] = example("invoice")["lines"]["data"][0]
    pricing = {"type": "price_details", "price_details": {"price": price_id, "product": "prod_1"}}
    return found | {"id": line_id, "amount": amount, "pricing": pricing}


def invoice(lines: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    parent = {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}}
    taxes = [{"amount": 190}, {"amount": 10}]
    transitions = {"paid_at": END}
    found = example("invoice", parent=parent, total_taxes=taxes, status_transitions=transitions, **changes)
    found["lines"]["data"] = lines
    return found


LINES = [line("il_1", 2000, "price_flat"), line("il_2", 300, "price_usage"), line("il_3", 45, "price_usage")]


def old_line(found: dict[str, Any]) -> dict[str, Any]:
    price_id = found["pricing"]["price_details"]["price"]
    price = metered_price(price_id) if price_id == "price_usage" else example("price", id=price_id)
    return {name: found[name] for name in found if name not in ("pricing", "parent")} | {"price": price}


def with_prices(api: StripeApi) -> None:
    api.on("GET", "/v1/prices/price_flat", example("price", id="price_flat"))
    api.on("GET", "/v1/prices/price_usage", metered_price("price_usage"))


async def test_an_invoice_and_its_overage(payments: StripePayments, stripe_api: StripeApi) -> None:
    with_prices(stripe_api)
    stripe_api.on("GET", "/v1/invoices/in_1", invoice(LINES, status="paid", number="A-1"))
    found = await payments.invoice("in_1")
    assert found is not None
    assert (found.overage_amount, found.tax, found.total, found.amount_remaining) == (345, 200, 1000, 1000)
    assert (found.subscription_id, found.customer_id) == ("sub_1", "cus_QXg1o8vcGmoR32")
    assert (found.number, found.status, found.currency, found.paid_at) == ("A-1", "paid", "usd", TIMES[1])
    assert await payments.invoice("in_1") == found
    assert stripe_api.paths.count("GET /v1/prices/price_usage") == 1


async def test_both_shapes_of_an_invoice_are_the_same(
    payments: StripePayments, stripe_api: StripeApi
) -> None:
    with_prices(stripe_api)
    old = invoice([old_line(found) for found in LINES], subscription="sub_1", tax=200)
    del old["parent"], old["total_taxes"]
    stripe_api.on("GET", "/v1/invoices/in_old", old)
    stripe_api.on("GET", "/v1/invoices/in_new", invoice(LINES))
    read = await payments.invoice("in_old")
    assert stripe_api.paths == ["GET /v1/invoices/in_old"]
    assert read == await payments.invoice("in_new")


async def test_lines_beyond_the_first_page_count(payments: StripePayments, stripe_api: StripeApi) -> None:
    with_prices(stripe_api)
    long = invoice(LINES[:1])
    long["lines"] |= {"has_more": True, "url": "/v1/invoices/in_1/lines"}
    stripe_api.on("GET", "/v1/invoices/in_1", long)
    second, third = listed(LINES[1:2], more=True), listed(LINES[2:])
    stripe_api.on("GET", "/v1/invoices/in_1/lines", second, third)
    found = await payments.invoice("in_1")
    assert found is not None
    assert found.overage_amount == 345
    pages = [asked.fields for asked in stripe_api.asked if asked.path.endswith("/lines")]
    assert [page["starting_after"] for page in pages] == ["il_1", "il_2"]


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
    stripe_api.on("GET", "/v1/prices/price_1", metered_price("price_1") | {"unit_amount_decimal": "0.5"})
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


async def test_all_subscriptions_over_pages(payments: StripePayments, stripe_api: StripeApi) -> None:
    first, second = subscription(id="sub_1"), subscription(id="sub_2", status="canceled")
    stripe_api.on("GET", "/v1/subscriptions", listed([first], more=True), listed([second]))
    assert [found.id async for found in payments.subscriptions()] == ["sub_1", "sub_2"]
    assert [asked.fields for asked in stripe_api.asked] == [
        {"status": "all", "limit": "100"},
        {"status": "all", "limit": "100", "starting_after": "sub_1"},
    ]


async def test_invoices_since(payments: StripePayments, stripe_api: StripeApi) -> None:
    with_prices(stripe_api)
    pages = listed([invoice(LINES, id="in_2")], more=True), listed([invoice([], id="in_1")])
    stripe_api.on("GET", "/v1/invoices", *pages)
    found = [(state.id, state.overage_amount) async for state in payments.invoices(since=TIMES[0])]
    assert found == [("in_2", 345), ("in_1", 0)]
    asked = [asked.fields for asked in stripe_api.asked if asked.path == "/v1/invoices"]
    assert asked[1] == {"created[gte]": str(START), "limit": "100", "starting_after": "in_2"}


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
