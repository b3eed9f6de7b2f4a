"""Subscriptions and invoices as the Stripe adapter reads them: both shapes of the API, whole lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

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
