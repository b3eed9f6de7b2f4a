"""What is written is what Stripe says now, whoever reads when: late, stale, unknown, out of order."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.billing.detour import detour
from tests.integration.billing.tap import Tap
from tests.integration.billing.their_side import Event, Row, variant
from tests.integration.billing.till import BACK, PAGE, Till
from tests.integration.jobs.engine import until
from tests.support.stripe_events import snapshot
from worker.providers.payments.states import SubscriptionState


def outcome(till: Till, event: Event) -> str | None:
    found: str | None = till.row("select outcome from app.stripe_events where event_id = %s", event["id"])[
        "outcome"
    ]
    return found


def about(till: Till, kind: str, subscription: Row, **changes: Any) -> Event:
    """A new event about the subscription as it is."""
    thing = till.stripe.get(f"subscriptions/{subscription['stripe_subscription_id']}")
    return snapshot(kind, thing | changes)


async def test_an_old_reading_that_comes_late_changes_nothing(till: Till, tap: Tap) -> None:
    running = await till.subscribe()
    held = tap.trouble("GET /v1/subscriptions/.*", is_done_first=True)
    first = about(till, "customer.subscription.updated", running)
    async with till.adapter(stripe_api_base=tap.url) as slow, till.working(slow):
        till.feed([first])
        await until(held.met.is_set)
        till.stripe.post(f"subscriptions/{running['stripe_subscription_id']}", cancel_at_period_end="true")
        second = about(till, "customer.subscription.updated", running, customer=None)
        till.feed([second])
        await until(lambda: outcome(till, second) is not None)
        assert till.subscription()["cancel_at_period_end"] is True
        held.over.set()
        await until(till.is_idle)
    assert (outcome(till, first), outcome(till, second)) == ("superseded", "applied")
    assert till.subscription()["cancel_at_period_end"] is True


async def test_an_old_reading_does_not_bring_the_plan_back(till: Till, tap: Tap) -> None:
    running = await till.subscribe()
    held = tap.trouble("GET /v1/subscriptions/.*", is_done_first=True)
    late = about(till, "customer.subscription.updated", running)
    async with till.adapter(stripe_api_base=tap.url) as slow, till.working(slow):
        till.feed([late])
        await until(held.met.is_set)
        till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
        await till.reconcile()
        assert (till.subscription()["status"], till.plan()) == ("canceled", "free")
        held.over.set()
        await until(till.is_idle)
    assert outcome(till, late) == "superseded"
    assert (till.subscription()["status"], till.plan()) == ("canceled", "free")
    assert till.notices() == ["subscription_ended"]


async def test_what_has_ended_never_begins_again(till: Till) -> None:
    """Though the newest reading says that it runs: an answer from a cache, say."""
    running = await till.subscribe()
    old = about(till, "customer.subscription.updated", running)
    till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
    await till.settle()

    async def revived(subscription_id: str) -> SubscriptionState | None:
        state = await real.subscription(subscription_id)
        return state and replace(state, status="active", ended_at=None, canceled_at=None)

    async with till.adapter() as real:
        till.feed([old])
        await till.work_off(detour(real, subscription=revived))
    ended = till.subscription()
    assert (ended["status"], ended["ended_at"] is None, till.plan()) == ("canceled", False, "free")


async def test_late_events_of_one_that_ended(till: Till) -> None:
    running = await till.subscribe()
    till.stripe.post(f"subscriptions/{running['stripe_subscription_id']}", **{"metadata[note]": "x"})
    till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
    events = till.stripe.new_events()
    till.feed(events[::-1])
    await till.work_off()
    till.feed([variant(event, id=f"evt_{uuid4().hex}") for event in events])
    await till.work_off()
    assert (till.subscription()["status"], till.plan()) == ("canceled", "free")
    assert till.notices() == ["subscription_ended"]


async def test_a_second_plan_after_the_first_ended(till: Till) -> None:
    running = await till.subscribe("business")
    old = about(till, "customer.subscription.updated", running)
    till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
    await till.settle()
    await till.pay(till.start_checkout("starter"))
    await till.settle()
    till.feed([old])
    await till.work_off()
    assert till.plan() == "starter"
    assert {row["status"] for row in till.rows("select status from public.subscriptions")} == {
        "canceled",
        "active",
    }


PAPER = ("invoice.paid", "invoice_payment.paid", "payment_intent.succeeded")


@pytest.mark.parametrize("order", list(itertools.permutations(PAPER)))
async def test_invoice_and_payment_in_any_order(till: Till, order: tuple[str, ...]) -> None:
    await till.pay(till.start_checkout())
    events = {event["type"]: event for event in till.stripe.new_events()}
    for kind in order:
        till.feed([events[kind]])
        await till.work_off()
    invoice, payment = till.row("select * from public.invoices"), till.row("select * from public.payments")
    assert (invoice["status"], invoice["total"], invoice["amount_paid"]) == ("paid", 9900, 9900)
    assert (payment["status"], payment["amount"]) == ("succeeded", 9900)
    assert payment["stripe_invoice_id"] == invoice["stripe_invoice_id"]
    assert till.plan() == "free", "paper gives no plan"


async def test_customers_of_others_leave_no_trace(till: Till) -> None:
    """Somebody sells something else through the same account."""
    before = await till.subscribe("starter")
    stranger = till.stripe.post("customers", name="Stranger")
    price = till.stripe.get("prices", **{"lookup_keys[0]": "lamina_business_v1_month"})["data"][0]
    page = till.stripe.post(
        "checkout/sessions",
        mode="subscription",
        customer=stranger["id"],
        success_url=PAGE,
        cancel_url=BACK,
        **{"line_items[0][price]": price["id"], "line_items[0][quantity]": "1"},
    )
    till.stripe.press(page["url"], "pay")
    charge = till.stripe.all_of("charges", customer=stranger["id"])[0]
    till.stripe.post("refunds", charge=charge["id"])
    events = till.stripe.new_events()
    till.feed(events)
    await till.work_off()
    assert {outcome(till, event) for event in events} <= {"unknown", "ignored"}
    assert till.subscription()["stripe_subscription_id"] == before["stripe_subscription_id"]
    for table in ("public.invoices", "public.payments", "app.billing_customers"):
        assert len(till.rows(f"select from {table}")) == 1, table
    report = await till.reconcile()
    assert (report.drift, report.checked) == ([], 2)


async def test_what_stripe_has_no_more_is_passed_over(till: Till) -> None:
    gone = [
        snapshot("customer.subscription.updated", {"id": "sub_gone", "customer": "cus_gone"}),
        snapshot("invoice.paid", {"id": "in_gone", "customer": "cus_gone"}),
        snapshot("charge.refunded", {"id": "ch_gone", "customer": "cus_gone"}),
        snapshot("checkout.session.completed", {"id": "cs_gone", "customer": "cus_gone"}),
        snapshot("invoice.paid", {"id": "../v1/customers"}),
        snapshot("account.updated", {"id": "acct_1"}),
    ]
    assert till.feed(gone) == ["stored"] * 5 + ["ignored"]
    await till.work_off()
    assert [outcome(till, event) for event in gone] == ["unknown"] * 5 + ["ignored"]
    assert till.rows("select from public.jobs where status <> 'succeeded'") == []


async def test_prices_that_are_archived_are_not_sold(till: Till) -> None:
    price = till.stripe.get("prices", **{"lookup_keys[0]": "lamina_starter_v1_month"})["data"][0]
    till.stripe.post(f"prices/{price['id']}", active="false")
    await till.settle()
    with pytest.raises(Exception, match="cannot be bought this way"):
        till.start_checkout("starter")
    till.stripe.post(f"prices/{price['id']}", active="true")
    till.stripe.post(f"products/{price['product']}", active="false")
    await till.settle()
    with pytest.raises(Exception, match="cannot be bought this way"):
        till.start_checkout("starter")
    till.stripe.post(f"products/{price['product']}", active="true")
    await till.settle()
    assert till.start_checkout("starter")
