"""Where Stripe and the database differ, case by case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.billing.difference import Found, Record, compare, product_of
from scripts.billing.push import idempotency_key
from scripts.billing.wishes import assortment
from worker.providers.payments.states import MeterState, PriceState, ProductState

VERSION = {
    "id": 1,
    "plan": "pro",
    "version": 1,
    "currency": "usd",
    "monthly_amount": 9900,
    "annual_amount": None,
    "name": "Pro",
    "description": "",
    "is_sold": True,
}
OVERAGE = {"plan_version_id": 1, "metric": "requests", "overage_amount": 80, "overage_per": 100}
OURS = assortment([VERSION], [OVERAGE], [], [{"metric": "requests", "description": "Questions."}])
METER = MeterState("mtr_1", "lamina_requests", True)
PRODUCT = ProductState("prod_1", True, False, "Pro", None, "pro", 1, None)
FLAT = PriceState(
    "price_1", True, False, "prod_1", "lamina_pro_v1_month", "usd", "9900", "month", False, None
)
USAGE = replace(
    FLAT,
    id="price_2",
    lookup_key="lamina_pro_v1_requests_month",
    unit_amount="0.80",
    metered=True,
    meter_id="mtr_1",
)
RECORDS = [
    Record("price_1", "lamina_pro_v1_month", "prod_1", True, True),
    Record("price_2", "lamina_pro_v1_requests_month", "prod_1", True, True),
]


def found(*, products: Any = (PRODUCT,), prices: Any = (FLAT, USAGE), meters: Any = (METER,)) -> Found:
    return Found({m.event_name: m for m in meters}, list(products), {p.lookup_key: p for p in prices})


def kinds(theirs: Found, records: Any = RECORDS) -> list[tuple[str, str]]:
    return [(d.name, d.kind) for d in compare(OURS, theirs, records)]


def test_the_same_is_no_difference() -> None:
    assert kinds(found()) == []


@pytest.mark.parametrize(
    "other",
    [
        {"unit_amount": "9901"},
        {"unit_amount": None},
        {"currency": "eur"},
        {"interval": "year"},
        {"interval": None},
        {"metered": True, "meter_id": "mtr_1"},
    ],
)
def test_other_terms(other: dict[str, Any]) -> None:
    assert kinds(found(prices=(replace(FLAT, **other), USAGE))) == [("lamina_pro_v1_month", "differs")]


def test_usage_that_no_meter_in_use_counts() -> None:
    assert kinds(found(meters=())) == [
        ("lamina_requests", "missing"),
        ("lamina_pro_v1_requests_month", "differs"),
    ]
    other = found(meters=(replace(METER, id="mtr_2"),))
    assert kinds(other) == [("lamina_pro_v1_requests_month", "differs")]


def test_another_way_to_write_the_same_amount() -> None:
    assert kinds(found(prices=(replace(FLAT, unit_amount="9900.000"), USAGE))) == []


def test_a_product_made_by_somebody_else_is_enough() -> None:
    assert kinds(found(products=())) == []
    assert kinds(found(products=(), prices=(FLAT,)), RECORDS[:1]) == [
        ("lamina_pro_v1", "missing"),
        ("lamina_pro_v1_requests_month", "missing"),
    ]


def test_of_two_products_the_one_with_prices_counts() -> None:
    twin = replace(PRODUCT, id="prod_0")
    theirs = found(products=(twin, PRODUCT))
    assert product_of(theirs, "lamina_pro_v1") == PRODUCT
    assert kinds(theirs) == [("lamina_pro_v1", "unknown")]


def test_an_archived_product() -> None:
    assert kinds(found(products=(replace(PRODUCT, active=False),))) == [
        ("lamina_pro_v1", "archived"),
        ("lamina_pro_v1_month", "unrecorded"),
        ("lamina_pro_v1_requests_month", "unrecorded"),
    ]


def test_strangers_that_sell_nothing_are_not_told() -> None:
    meter = MeterState("mtr_9", "lamina_other", True)
    plain = MeterState("mtr_8", "other", True)
    archived = replace(FLAT, id="price_9", lookup_key="lamina_old", active=False)
    assert kinds(found(meters=(METER, meter, plain), prices=(FLAT, USAGE, archived))) == [
        ("lamina_other", "unknown")
    ]


def test_what_is_unknown_is_not_mended() -> None:
    stranger = replace(FLAT, id="price_9", lookup_key="lamina_other")
    (difference,) = compare(OURS, found(prices=(FLAT, USAGE, stranger)), RECORDS)
    assert (difference.kind, difference.mendable) == ("unknown", False)


def test_a_price_that_is_gone_is_told_once() -> None:
    assert kinds(found(), [*RECORDS, Record("price_9", None, "prod_1", True, True)]) == [("price_9", "gone")]
    assert kinds(found(), [*RECORDS, Record("price_9", None, "prod_1", False, True)]) == []


def test_a_known_price_is_followed_on_whatever_terms() -> None:
    dearer = replace(FLAT, unit_amount="1", active=False)
    theirs = found(prices=(dearer, USAGE))
    assert ("lamina_pro_v1_month", "unrecorded") in kinds(theirs)
    assert ("lamina_pro_v1_month", "unrecorded") not in kinds(theirs, RECORDS[1:])


def test_idempotency_keys_tell_wishes_apart() -> None:
    key = idempotency_key("price", "k", "usd", "900", None)
    assert key == idempotency_key("price", "k", "usd", "900", None)
    assert key != idempotency_key("price", "k", "usd", "900", "price_1")
    assert len(key) <= 255
