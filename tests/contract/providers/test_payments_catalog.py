"""Products, prices and meters at Stripe: what is listed, what is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.contract.providers.stripe_api import KEY, StripeApi, example, listed, refusal
from worker.errors import ProviderRejected
from worker.providers.payments.catalog import StripeCatalog
from worker.providers.payments.port import Catalog
from worker.providers.payments.wire import Endpoint, StripeWire


@pytest.fixture
async def catalog(stripe_api: StripeApi) -> AsyncIterator[StripeCatalog]:
    made = StripeCatalog(StripeWire(Endpoint(stripe_api.url, KEY)))
    yield made
    await made.close()


async def test_our_products_archived_ones_too(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    ours = {"lamina_plan": "business", "lamina_version": "2"}
    first = [example("product", id="prod_1", metadata=ours), example("product", id="prod_2")]
    second = [example("product", id="prod_3", metadata=ours, active=False)]
    stripe_api.on("GET", "/v1/products", listed(first, more=True), listed(second))
    port: Catalog = catalog
    found = [(state.id, state.plan, state.version, state.active) async for state in port.products()]
    assert found == [("prod_1", "business", 2, True), ("prod_3", "business", 2, False)]
    assert [asked.fields for asked in stripe_api.asked] == [
        {"limit": "100"},
        {"limit": "100", "starting_after": "prod_2"},
    ]


async def test_our_prices(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    once = example("price", id="price_2", lookup_key="lamina_pack_small", recurring=None, type="one_time")
    ours = example("price", lookup_key="lamina_starter_v1_month")
    foreign = [example("price", lookup_key="other"), example("price")]
    stripe_api.on("GET", "/v1/prices", listed([ours, *foreign, once]))
    monthly, pack = [state async for state in catalog.prices()]
    assert (monthly.lookup_key, monthly.interval, monthly.unit_amount, monthly.metered) == (
        "lamina_starter_v1_month",
        "month",
        "2000",
        False,
    )
    assert (pack.interval, pack.product_id, pack.meter_id) == (None, "prod_QXg1hqf4jFNsqG", None)


async def test_meters(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    meters = [example("billing.meter"), example("billing.meter", id="m2", status="inactive")]
    stripe_api.on("GET", "/v1/billing/meters", listed(meters))
    found = [(state.id, state.event_name, state.active) async for state in catalog.meters()]
    assert found == [("meter_123", "test-meter-event-name", True), ("m2", "test-meter-event-name", False)]


async def test_a_product_is_made_and_changed(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    metadata = {"lamina_plan": "starter", "lamina_version": "1"}
    stripe_api.on("POST", "/v1/products", example("product", metadata=metadata))
    stripe_api.on("POST", "/v1/products/prod_1", example("product", active=False))
    made = await catalog.create_product(
        name="Starter", description="", plan="starter", version=1, idempotency_key="k1"
    )
    changed = await catalog.update_product("prod_1", name="Starter", description="Old", active=False)
    assert (made.plan, made.version, changed.active) == ("starter", 1, False)
    creation, change = stripe_api.asked
    assert creation.headers["Idempotency-Key"] == "k1"
    assert creation.fields == {
        "name": "Starter",
        "metadata[lamina_plan]": "starter",
        "metadata[lamina_version]": "1",
    }
    assert change.fields == {"name": "Starter", "description": "Old", "active": "false"}


PRICE = {
    "product": "prod_1",
    "lookup_key": "lamina_x",
    "currency": "eur",
    "unit_amount_decimal": "0.25",
}


@pytest.mark.parametrize(
    ("interval", "meter_id", "recurring"),
    [
        (None, None, {}),
        ("year", None, {"recurring[interval]": "year", "recurring[usage_type]": "licensed"}),
        (
            "month",
            "mtr_1",
            {
                "recurring[interval]": "month",
                "recurring[usage_type]": "metered",
                "recurring[meter]": "mtr_1",
            },
        ),
    ],
)
async def test_prices_are_made(
    catalog: StripeCatalog,
    stripe_api: StripeApi,
    interval: Any,
    meter_id: str | None,
    recurring: dict[str, str],
) -> None:
    stripe_api.on("POST", "/v1/prices", example("price", lookup_key="lamina_x"))
    made = await catalog.create_price(
        product_id="prod_1",
        lookup_key="lamina_x",
        currency="eur",
        unit_amount="0.25",
        interval=interval,
        meter_id=meter_id,
        idempotency_key="k2",
    )
    assert made.lookup_key == "lamina_x"
    assert stripe_api.asked[0].fields == PRICE | recurring
    assert stripe_api.asked[0].headers["Idempotency-Key"] == "k2"


async def test_a_price_is_archived(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/prices/price_1", example("price", active=False))
    await catalog.archive_price("price_1")
    assert (stripe_api.paths, stripe_api.asked[0].fields) == (
        ["POST /v1/prices/price_1"],
        {"active": "false"},
    )


async def test_a_meter_is_made(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/billing/meters", example("billing.meter"))
    made = await catalog.create_meter(event_name="lamina_requests", name="Requests", idempotency_key="k3")
    assert (made.id, made.active) == ("meter_123", True)
    assert stripe_api.asked[0].fields == {
        "event_name": "lamina_requests",
        "display_name": "Requests",
        "default_aggregation[formula]": "sum",
        "customer_mapping[type]": "by_id",
        "customer_mapping[event_payload_key]": "stripe_customer_id",
        "value_settings[event_payload_key]": "value",
    }


async def test_a_refusal(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/billing/meters", refusal(400, "A meter of this event name exists."))
    with pytest.raises(ProviderRejected) as caught:
        await catalog.create_meter(event_name="lamina_requests", name="Requests", idempotency_key="k3")
    assert caught.value.code == "payments.rejected"
