from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from worker.providers.payments import bodies
from worker.providers.payments.states import SubscriptionState

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SUBSCRIPTION = SubscriptionState(
    id="sub_1",
    customer_id="cus_1",
    workspace_id=None,
    status="active",
    item_id="si_plan",
    price_id="price_old",
    interval="month",
    quantity=3,
    anchor=NOW,
    current_period_start=None,
    current_period_end=None,
    cancel_at_period_end=False,
    cancel_at=None,
    canceled_at=None,
    ended_at=None,
    trial_end=None,
)

prices = st.sets(st.sampled_from(["price_a", "price_b", "price_c", "price_d"]))


@given(prices, prices)
def test_the_metered_items_become_exactly_the_wanted(before: set[str], wanted: set[str]) -> None:
    now = replace(SUBSCRIPTION, metered_items={price: f"si_{price}" for price in before})
    plan, *others = bodies.subscription_change(now, "price_new", sorted(wanted))["items"]
    after = set(before)
    for item in others:
        if item.get("deleted"):
            after.remove(item["id"].removeprefix("si_"))
        else:
            assert item.keys() == {"price"}
            after.add(item["price"])
    assert after == wanted
    assert plan == {"id": "si_plan", "price": "price_new", "quantity": 3}
    assert len(others) == len(before ^ wanted)


def test_a_subscription_without_a_plan_gets_one() -> None:
    body = bodies.subscription_change(replace(SUBSCRIPTION, item_id=None, quantity=0), "price_new", [])
    assert body["items"] == [{"price": "price_new", "quantity": 1}]


def test_usage_is_a_whole_number_in_text() -> None:
    body = bodies.meter_event("lamina_tokens", "cus_1", 10**15, "u1", NOW)
    assert body["payload"] == {"stripe_customer_id": "cus_1", "value": "1000000000000000"}
    assert body["timestamp"] == int(NOW.timestamp())


def test_an_empty_description_is_left_out() -> None:
    assert bodies.product("Starter", "", "starter", 1, None)["description"] is None
    assert bodies.product("Starter", "Small", "starter", 1, None)["description"] == "Small"
