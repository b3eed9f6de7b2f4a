from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.payments import shapes

WORKSPACE = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"


def price(price_id: str = "price_1", usage: str = "licensed", **recurring: Any) -> dict[str, Any]:
    rhythm = {"interval": "month", "interval_count": 1, "usage_type": usage}
    return {"id": price_id, "recurring": rhythm | recurring}


def subscription(**changes: Any) -> dict[str, Any]:
    values = {
        "id": "sub_1",
        "customer": "cus_1",
        "status": "active",
        "metadata": {"lamina_workspace": WORKSPACE},
        "billing_cycle_anchor": 100,
    }
    return values | changes


def test_an_id_may_be_an_expanded_or_deleted_object() -> None:
    assert shapes.id_of("cus_1") == "cus_1"
    assert shapes.id_of({"id": "cus_1", "object": "customer", "deleted": True}) == "cus_1"
    assert [shapes.id_of(value) for value in (None, "", {}, 3, {"id": None})] == [None] * 5


@pytest.mark.parametrize("value", [None, "", {}, 3])
def test_a_required_id_must_be_there(value: object) -> None:
    with pytest.raises(ValueError, match="missing"):
        shapes.required_id(value)


@given(st.none() | st.integers() | st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.text()))
def test_metadata_written_by_hand_is_no_workspace(value: object) -> None:
    assert shapes.uuid_of(value) is None or str(shapes.uuid_of(value)) == str(value).lower()


def test_moments_are_in_utc() -> None:
    assert shapes.moment(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert shapes.moment(None) is None


@pytest.mark.parametrize(
    ("recurring", "expected"),
    [
        ({}, "month"),
        ({"interval": "year"}, "year"),
        ({"interval": "week"}, None),
        ({"interval_count": 3}, None),
    ],
)
def test_only_rhythms_we_sell(recurring: dict[str, Any], expected: str | None) -> None:
    assert shapes.interval_of(price(**recurring)) == expected
    assert shapes.interval_of({"id": "price_1", "recurring": None}) is None


def test_a_subscription_without_a_plan() -> None:
    item = {"id": "si_1", "price": price("price_u", "metered"), "current_period_start": 7}
    found = shapes.subscription(subscription(), [item])
    assert (found.item_id, found.price_id, found.interval, found.quantity) == (None, None, None, 0)
    assert found.metered_items == {"price_u": "si_1"}
    assert found.current_period_start == datetime.fromtimestamp(7, UTC)


def test_a_subscription_without_items() -> None:
    found = shapes.subscription(subscription(metadata={"lamina_workspace": "made by hand"}), [])
    assert (found.current_period_start, found.workspace_id, found.metered_items) == (None, None, {})


def test_the_period_is_that_of_the_plan() -> None:
    usage = {"id": "si_1", "price": price("price_u", "metered"), "current_period_end": 5}
    plan = {"id": "si_2", "price": price(), "quantity": None, "current_period_end": 9}
    found = shapes.subscription(subscription(), [usage, plan])
    assert found.current_period_end == datetime.fromtimestamp(9, UTC)
    assert found.quantity == 1


@pytest.mark.parametrize(
    ("status", "failure", "expected"),
    [
        ("succeeded", None, "succeeded"),
        ("canceled", {"code": "x"}, "canceled"),
        ("requires_payment_method", None, "pending"),
        ("requires_payment_method", {"code": "x"}, "failed"),
        ("processing", None, "pending"),
        ("requires_action", {"code": "x"}, "pending"),
        ("something_new", None, "pending"),
    ],
)
def test_what_a_payment_intent_means(status: str, failure: object, expected: str) -> None:
    intent = {"id": "pi_1", "amount": 5, "currency": "usd", "created": 1, "latest_charge": "ch_1"}
    state = shapes.payment(
        intent | {"status": status, "last_payment_error": failure}, invoice_id=None, dispute_status=None
    )
    assert (state.status, state.amount_refunded, state.receipt_url) == (expected, 0, None)
    assert state.failure_code == ("x" if failure else None)


@pytest.mark.parametrize(
    ("version", "expected"), [("12", 12), ("", None), ("-1", None), ("v2", None), (None, None)]
)
def test_the_version_of_a_product(version: object, expected: int | None) -> None:
    metadata = {"lamina_plan": "starter", "lamina_version": version}
    assert shapes.product({"id": "prod_1", "metadata": metadata}).version == expected


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ({"unit_amount_decimal": "0.5", "unit_amount": None}, "0.5"),
        ({"unit_amount": 2000}, "2000"),
        ({"unit_amount_decimal": "0", "unit_amount": 0}, "0"),
        ({"unit_amount": 0}, "0"),
        ({}, None),
    ],
)
def test_the_amount_of_a_price(amounts: dict[str, Any], expected: str | None) -> None:
    assert shapes.price({"id": "price_1"} | amounts).unit_amount == expected


def test_a_meter_fault_without_summary_takes_the_first_samples_words() -> None:
    sample = {"error_message": "No such customer", "request": {"identifier": "u1"}}
    kinds = [{"code": "a", "sample_errors": [sample]}, {"code": "b", "sample_errors": None}]
    found = shapes.meter_fault({"id": "evt_1", "data": {"reason": {"error_types": kinds}}})
    assert found is not None
    assert (found.reason, found.message, found.identifiers) == ("a", "No such customer", ("u1",))
