"""Periods end: overage is on the invoice, payments fail, subscriptions end, people hear of it once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.billing.their_side import Row
from tests.integration.billing.till import Till
from tests.support.stripe_events import snapshot

OWN = ("payment_failed", "subscription_ended", "renewal", "trial_ending", "disputed", "meter_failed")


def told(till: Till) -> list[str]:
    """Notices about money."""
    return [kind for kind in till.notices() if kind in OWN]


def advance(till: Till, subscription: Row, payment: str = "succeeds") -> dict[str, Any]:
    """The period ends; the invoice."""
    done = till.stripe.twin.control(
        "advance", subscription=subscription["stripe_subscription_id"], payment=payment
    )
    invoice: dict[str, Any] = done["invoice"]
    return invoice


def invoice_of(till: Till, invoice_id: str) -> Row:
    return till.row("select * from public.invoices where stripe_invoice_id = %s", invoice_id)


def overage(till: Till) -> int:
    """What the workspace was told."""
    return sum(row["overage_amount"] for row in till.call("billing_usage"))


@pytest.mark.parametrize("over", [1, 2, 3, 5, 37, 100, 1234])
async def test_the_invoice_says_what_the_usage_said(till: Till, over: int) -> None:
    running = await till.subscribe("professional")
    for quantity in (10_000, over - over // 2, over // 2):
        if quantity:
            till.use(quantity)
    till.use(18_000 + 7 * over, "voice_seconds")
    await till.settle()
    promised = overage(till)
    asked = advance(till, running)
    await till.settle()
    invoice = invoice_of(till, asked["id"])
    assert (invoice["billing_reason"], invoice["overage_amount"]) == ("subscription_cycle", promised)
    assert promised > 0
    assert invoice["total"] == invoice["amount_paid"] == 9900 + promised
    assert overage(till) == 0, "a new period begins with nothing"
    assert till.subscription()["current_period_start"] > running["current_period_start"]
    assert told(till) == []


async def test_credits_and_included_use_are_not_on_the_invoice(till: Till) -> None:
    running = await till.subscribe("starter")
    await till.pay(till.buy_pack())
    await till.settle()
    till.use(2000 + 1000)
    await till.settle()
    invoice = advance(till, running)
    await till.settle()
    assert (invoice["total"], invoice_of(till, invoice["id"])["overage_amount"]) == (2900, 0)


async def test_a_failed_payment_keeps_the_plan_and_is_told_once(till: Till) -> None:
    running = await till.subscribe("professional")
    asked = advance(till, running, "fails")
    await till.settle()
    assert (till.subscription()["status"], till.plan()) == ("past_due", "professional")
    invoice = invoice_of(till, asked["id"])
    assert (invoice["status"], invoice["amount_remaining"], invoice["amount_paid"]) == ("open", 9900, 0)
    assert invoice["next_attempt_at"] > datetime.now(UTC)
    failed = till.row("select * from public.payments where status = 'failed'")
    assert (failed["failure_code"], failed["stripe_invoice_id"]) == ("card_declined", asked["id"])
    assert told(till) == ["payment_failed"]
    detail = till.row("select detail from public.billing_notices where kind = 'payment_failed'")["detail"]
    assert (detail["amount"], detail["currency"], detail["url"]) == (9900, "usd", invoice["hosted_url"])

    till.stripe.press(invoice["hosted_url"], "decline")
    await till.settle()
    assert told(till) == ["payment_failed"], "once for an invoice"
    till.stripe.press(invoice["hosted_url"], "pay")
    await till.settle()
    assert (till.subscription()["status"], till.plan()) == ("active", "professional")
    assert invoice_of(till, asked["id"])["amount_remaining"] == 0
    paid = till.row("select * from public.payments where stripe_invoice_id = %s", asked["id"])
    assert (paid["status"], paid["failure_code"]) == ("succeeded", None)
    advance(till, till.subscription(), "fails")
    await till.settle()
    assert told(till) == ["payment_failed"] * 2


async def test_an_unpaid_subscription_gives_nothing(till: Till) -> None:
    running = await till.subscribe("professional")
    advance(till, running, "fails")
    await till.settle()
    changed = till.stripe.rewrite(running["stripe_subscription_id"], status="unpaid")
    till.feed([snapshot("customer.subscription.updated", changed)])
    await till.work_off()
    assert (till.subscription()["status"], till.plan()) == ("unpaid", "free")
    assert till.row("select weight from app.workspace_weights")["weight"] == 1
    assert told(till) == ["payment_failed", "subscription_ended"]
    changed = till.stripe.rewrite(running["stripe_subscription_id"], status="active")
    till.feed([snapshot("customer.subscription.updated", changed)])
    await till.work_off()
    assert (till.subscription()["status"], till.plan()) == ("active", "professional"), "paid after all"


async def test_who_never_pays_falls_back_to_free(till: Till) -> None:
    running = await till.subscribe("professional")
    advance(till, running, "fails")
    till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
    await till.settle()
    assert (till.subscription()["status"], till.plan()) == ("canceled", "free")
    assert till.rows("select * from app.workspace_terms") == []
    assert told(till) in (["payment_failed", "subscription_ended"], ["subscription_ended", "payment_failed"])


async def test_it_ends_with_its_period(till: Till) -> None:
    running = await till.subscribe("professional")
    till.use(10_000 + 100)
    await till.settle()
    till.stripe.post(f"subscriptions/{running['stripe_subscription_id']}", cancel_at_period_end="true")
    await till.settle()
    assert till.plan() == "professional"
    last = advance(till, running)
    await till.settle()
    assert (till.subscription()["status"], till.plan()) == ("canceled", "free")
    assert (last["total"], invoice_of(till, last["id"])["overage_amount"]) == (80, 80)


async def test_what_staff_gave_is_replaced_by_what_is_bought(till: Till) -> None:
    """For good: it does not come back at the end."""
    till.db.admin.execute(
        "select app.give_plan(%s, id) from public.plan_versions where plan = 'enterprise'",
        (till.workspace_id,),
    )
    assert till.plan() == "enterprise"
    running = await till.subscribe("starter")
    till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
    await till.settle()
    assert till.plan() == "free"


async def test_renewal_and_end_of_trial_are_told_ahead(till: Till) -> None:
    running = await till.subscribe("professional")
    about = running["stripe_subscription_id"]
    details = {"type": "subscription_details", "subscription_details": {"subscription": about}}
    coming = {"object": "invoice", "customer": None, "parent": details}
    thing = till.stripe.rewrite(about, trial_end=int(running["current_period_end"].timestamp()))
    for _ in range(2):
        till.feed(
            [
                snapshot("invoice.upcoming", coming),
                snapshot("customer.subscription.trial_will_end", thing, id=f"evt_{uuid4().hex}"),
            ]
        )
        await till.work_off()
    assert sorted(told(till)) == ["renewal", "trial_ending"]
