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
    pack = {"lamina_pack": "small"}
    first = [example("product", id="prod_1", metadata=ours), example("product", id="prod_2")]
    second = [example("product", id="prod_3", metadata=pack, active=False, description="More")]
    stripe_api.on("GET", "/v1/products", listed(first, more=True), listed(second))
    port: Catalog = catalog
    plan, more = [state async for state in port.products()]
    assert (plan.id, plan.plan, plan.version, plan.pack, plan.active) == ("prod_1", "business", 2, None, True)
    assert (more.id, more.plan, more.version, more.pack, more.active) == (
        "prod_3",
        None,
        None,
        "small",
        False,
    )
    assert (plan.description, more.description) == ("Comfortable gray cotton t-shirt", "More")
    assert [asked.fields for asked in stripe_api.asked] == [
        {"limit": "100"},
        {"limit": "100", "starting_after": "prod_2"},
    ]


async def test_our_prices(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    once = example("price", id="price_2", lookup_key="lamina_pack_small", recurring=None, type="one_time")
    ours = example("price", lookup_key="lamina_starter_v1_month")
    foreign = [example("price", lookup_key="other"), example("price")]
    stripe_api.on("GET", "/v1/prices", listed([ours, *foreign]), listed([once | {"active": False}]))
    monthly, pack = [state async for state in catalog.prices()]
    assert [asked.fields["active"] for asked in stripe_api.asked] == ["true", "false"]
    assert (monthly.active, pack.active) == (True, False)
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


async def test_a_product_of_a_pack(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/products", example("product", metadata={"lamina_pack": "small"}))
    made = await catalog.create_product(name="More", description="A lot", pack="small", idempotency_key="k1")
    assert (made.plan, made.version, made.pack) == (None, None, "small")
    fields = {"name": "More", "description": "A lot", "metadata[lamina_pack]": "small"}
    assert stripe_api.asked[0].fields == fields


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


async def test_a_price_takes_the_key_of_another(catalog: StripeCatalog, stripe_api: StripeApi) -> None:
    stripe_api.on("POST", "/v1/prices", example("price", lookup_key="lamina_x"))
    await catalog.create_price(
        product_id="prod_1",
        lookup_key="lamina_x",
        currency="eur",
        unit_amount="0.25",
        interval=None,
        meter_id=None,
        replaces=True,
        idempotency_key="k2",
    )
    assert stripe_api.asked[0].fields == PRICE | {"transfer_lookup_key": "true"}


@pytest.mark.parametrize("active", [False, True])
async def test_a_price_is_archived_and_sold_again(
    catalog: StripeCatalog, stripe_api: StripeApi, active: bool
) -> None:
    stripe_api.on("POST", "/v1/prices/price_1", example("price", active=active))
    await catalog.set_price_active("price_1", active)
    assert (stripe_api.paths, stripe_api.asked[0].fields) == (
        ["POST /v1/prices/price_1"],
        {"active": str(active).lower()},
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
