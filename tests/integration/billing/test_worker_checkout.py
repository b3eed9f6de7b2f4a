"""From the wish for a plan to the plan in force, by a real worker."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from tests.integration.billing.their_side import Event, variant
from tests.integration.billing.till import Till
from tests.integration.jobs.engine import until

FEATURE = "models.premium"


def entitled(till: Till) -> bool:
    return bool(till.call("has_entitlement", entitlement=FEATURE)[0]["has_entitlement"])


def expect_professional(till: Till, session_id: UUID) -> None:
    """Everything that one paid checkout leaves, once."""
    session, subscription = till.session(session_id), till.subscription()
    assert (session["status"], session["payment_status"], session["error_code"]) == ("complete", "paid", None)
    assert (subscription["plan"], subscription["status"]) == ("professional", "active")
    assert (subscription["billing_interval"], subscription["quantity"]) == ("month", 1)
    assert (subscription["cancel_at_period_end"], subscription["ended_at"]) == (False, None)
    assert subscription["anchor"] == subscription["current_period_start"]
    assert 28 <= (subscription["current_period_end"] - subscription["anchor"]).days <= 31
    assert till.plan() == "professional"
    assert entitled(till)
    terms = till.row("select source, anchor from app.workspace_terms")
    assert (terms["source"], terms["anchor"]) == ("subscription", subscription["anchor"])
    assert till.row("select weight from app.workspace_weights")["weight"] == 4

    invoice = till.row("select * from public.invoices")
    assert (invoice["status"], invoice["billing_reason"], invoice["currency"]) == (
        "paid",
        "subscription_create",
        "usd",
    )
    amounts = ("subtotal", "tax", "total", "overage_amount", "amount_due", "amount_paid", "amount_remaining")
    assert [invoice[name] for name in amounts] == [9900, 0, 9900, 0, 9900, 9900, 0]
    assert invoice["stripe_subscription_id"] == subscription["stripe_subscription_id"]
    assert None not in (invoice["number"], invoice["hosted_url"], invoice["pdf_url"], invoice["paid_at"])
    payment = till.row("select * from public.payments")
    assert (payment["status"], payment["amount"], payment["amount_refunded"]) == ("succeeded", 9900, 0)
    assert (payment["stripe_invoice_id"], payment["currency"]) == (invoice["stripe_invoice_id"], "usd")
    assert till.row("select count(*) as customers from app.billing_customers")["customers"] == 1
    assert till.notices() == []
    left = till.rows("select event_id, type from app.stripe_events where outcome is null")
    assert left == []


def in_order(events: list[Event]) -> list[Event]:
    return events


def backwards(events: list[Event]) -> list[Event]:
    return events[::-1]


def each_twice(events: list[Event]) -> list[Event]:
    return [event for event in events for _ in range(2)]


def all_again(events: list[Event]) -> list[Event]:
    return events + events[::-1]


def in_the_same_second(events: list[Event]) -> list[Event]:
    shuffled = [variant(event, created=events[0]["created"]) for event in events]
    random.Random(4).shuffle(shuffled)
    return shuffled


def under_new_ids(events: list[Event]) -> list[Event]:
    return events + [variant(event, id=f"evt_{uuid4().hex}") for event in events[::-1]]


def only_the_checkout(events: list[Event]) -> list[Event]:
    """Enough for the plan; the paper follows."""
    late = [event for event in events if not event["type"].startswith("checkout.")]
    return [event for event in events if event not in late] + late


async def test_a_plan_is_bought(till: Till) -> None:
    assert (till.plan(), entitled(till)) == ("free", False)
    session_id = till.start_checkout()
    assert till.session(session_id)["status"] == "pending"
    await till.work_off()
    session = till.session(session_id)
    assert (session["status"], session["payment_status"]) == ("open", None)
    assert session["url"].startswith(f"{till.stripe.twin.url}/pay/cs_test_")
    assert session["expires_at"] > session["created_at"]
    page = till.stripe.get(f"checkout/sessions/{session['stripe_session_id']}")
    assert (page["client_reference_id"], page["amount_total"]) == (str(session_id), 9900)
    assert page["metadata"] == {"lamina_workspace": str(till.workspace_id)}

    till.stripe.press(session["url"], "decline")
    await till.settle()
    assert (till.plan(), till.session(session_id)["status"]) == ("free", "open")
    till.stripe.press(session["url"], "pay")
    await till.settle()
    expect_professional(till, session_id)


@pytest.mark.parametrize(
    "arrange",
    [in_order, backwards, each_twice, all_again, in_the_same_second, under_new_ids, only_the_checkout],
)
async def test_events_lead_to_the_same_end_however_they_come(
    till: Till, arrange: Callable[[list[Event]], list[Event]]
) -> None:
    session_id = till.start_checkout()
    await till.pay(session_id)
    events = arrange(till.stripe.new_events())
    said = till.feed(events)
    assert said.count("stored") == len({event["id"] for event in events})
    await till.work_off()
    expect_professional(till, session_id)
    await till.settle()
    expect_professional(till, session_id)


async def test_two_workers_apply_events_while_they_come(till: Till) -> None:
    session_id = till.start_checkout()
    await till.pay(session_id)
    events = under_new_ids(till.stripe.new_events()) * 2
    random.Random(9).shuffle(events)
    async with till.working(), till.working():
        await asyncio.gather(*(asyncio.to_thread(till.feed, events[at::4]) for at in range(4)))
        await until(till.is_idle, 60)
    expect_professional(till, session_id)
    outcomes = till.rows("select outcome, count(*) as n from app.stripe_events group by outcome")
    assert sum(row["n"] for row in outcomes) == len(events) // 2
    assert {row["outcome"] for row in outcomes} <= {"applied", "superseded"}
