"""What Stripe should hold for what the database sells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scripts.billing.wishes import assortment, product_key, unit_amount
from worker.providers.payments.states import ProductState

METRICS = [
    {"metric": "requests", "description": "Questions."},
    {"metric": "seats", "description": "Members."},
]
OVERAGE = {"plan_version_id": 1, "metric": "requests", "overage_amount": 80, "overage_per": 100}


def version(**changes: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "plan": "pro",
        "version": 3,
        "currency": "usd",
        "monthly_amount": 9900,
        "annual_amount": 99000,
        "name": "Pro",
        "description": "For teams.",
        "is_sold": True,
        **changes,
    }


def pack(**changes: Any) -> dict[str, Any]:
    return {"pack": "small", "name": "More", "currency": "usd", "amount": 900, "is_sold": True, **changes}


def test_a_version_has_prices_by_month_and_year_with_their_overage() -> None:
    ours = assortment([version()], [OVERAGE], [], METRICS)
    assert list(ours.prices) == [
        "lamina_pro_v3_month",
        "lamina_pro_v3_requests_month",
        "lamina_pro_v3_year",
        "lamina_pro_v3_requests_year",
    ]
    flat, usage = ours.prices["lamina_pro_v3_year"], ours.prices["lamina_pro_v3_requests_year"]
    assert (flat.amount, flat.interval, flat.meter, flat.plan_version_id) == (99000, "year", None, 1)
    assert (usage.written_amount, usage.interval, usage.meter) == ("0.8", "year", "lamina_requests")
    assert ours.meters["lamina_requests"].title == "Questions."
    assert list(ours.meters) == ["lamina_requests"]
    assert ours.metrics == {"lamina_requests", "lamina_seats"}
    (product,) = ours.products.values()
    assert (product.key, product.plan, product.version, product.sold) == ("lamina_pro_v3", "pro", 3, True)


def test_what_costs_nothing_has_no_price_and_no_product() -> None:
    free = version(monthly_amount=0, annual_amount=None)
    assert assortment([free], [OVERAGE], [], METRICS).products == {}


def test_sold_by_the_month_only() -> None:
    ours = assortment([version(annual_amount=None)], [OVERAGE], [], METRICS)
    assert [key for key in ours.prices if key.endswith("year")] == []
    assert len(ours.prices) == 2


def test_what_is_not_sold_any_more_is_known_and_needs_no_meter() -> None:
    ours = assortment([version(is_sold=False)], [OVERAGE], [pack(is_sold=False)], METRICS)
    assert len(ours.prices) == 5
    assert not any(wish.sold for wish in ours.prices.values())
    assert ours.meters == {}


def test_a_pack() -> None:
    (wish,) = assortment([], [], [pack()], METRICS).prices.values()
    assert (wish.key, wish.amount, wish.interval, wish.product.pack) == (
        "lamina_pack_small",
        900,
        None,
        "small",
    )


def test_products_are_named_by_their_metadata() -> None:
    def state(plan: str | None, version: int | None, pack: str | None) -> ProductState:
        return ProductState("prod_1", True, False, "", None, plan, version, pack)

    assert product_key(state("pro", 3, None)) == "lamina_pro_v3"
    assert product_key(state(None, None, "small")) == "lamina_pack_small"


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_unit_costs_what_twelve_decimals_can_say(amount: int, per: int) -> None:
    unit = unit_amount(amount, per)
    assert -unit.as_tuple().exponent <= 12  # type: ignore[operator]  # finite
    assert abs(unit * per - amount) <= Decimal(per) * Decimal("0.5e-12")


@given(st.integers(1, 10**6), st.sampled_from([1, 10, 100, 600, 1000, 8, 125]))
def test_it_is_exact_where_it_can_be(amount: int, per: int) -> None:
    if per != 600 or amount % 3 == 0:
        assert unit_amount(amount, per) * per == amount
