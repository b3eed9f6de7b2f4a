"""Decisions of the billing domain."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args
from uuid import UUID

import pytest

from worker.domains.billing import rules
from worker.domains.billing.outage import REST, resting
from worker.domains.billing.rules import Drift, invoice_drift, is_on, kind_of, subscription_drift, to_json
from worker.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.payments.states import CheckoutState, InvoiceState, MeterFault, SubscriptionState
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome, ProviderDown

WORKSPACE = UUID("4b0c3f0e-6a68-4c0b-9d2a-0d5c8f2f7a11")
BEGIN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
END = datetime(2026, 2, 28, 12, 0, tzinfo=UTC)

RUNNING = SubscriptionState(
    id="sub_1",
    customer_id="cus_1",
    workspace_id=WORKSPACE,
    status="active",
    item_id="si_1",
    price_id="price_flat",
    interval="month",
    quantity=1,
    anchor=BEGIN,
    current_period_start=BEGIN,
    current_period_end=END,
    cancel_at_period_end=False,
    cancel_at=None,
    canceled_at=None,
    ended_at=None,
    trial_end=None,
    metered_items={"price_requests": "si_2", "price_voice": "si_3"},
)
OURS = {
    "id": "sub_1",
    "status": "active",
    "price_ids": ["price_old", "price_flat"],
    "current_period_end": END,
    "cancel_at_period_end": False,
    "in_force": True,
}
BILL = InvoiceState(
    id="in_1",
    customer_id="cus_1",
    subscription_id="sub_1",
    number="A-1",
    status="paid",
    billing_reason="subscription_cycle",
    currency="usd",
    subtotal=9980,
    tax=0,
    total=9980,
    overage_amount=80,
    amount_due=9980,
    amount_paid=9980,
    amount_remaining=0,
    period_start=BEGIN,
    period_end=END,
    hosted_url=None,
    pdf_url=None,
    created_at=END,
    due_at=None,
    paid_at=END,
    attempt_count=1,
    next_attempt_at=None,
)
PAPER = {"status": "paid", "total": 9980, "amount_paid": 9980, "amount_remaining": 0}


def test_every_state_has_a_word() -> None:
    assert set(rules.KINDS) == set(get_args(rules.State))
    assert len(set(rules.KINDS.values())) == len(rules.KINDS)
    assert kind_of(RUNNING) == "subscription"
    assert kind_of(BILL) == "invoice"


def test_states_are_written_whole() -> None:
    plain = to_json(RUNNING)
    assert plain.keys() == {field.name for field in fields(RUNNING)}
    assert plain["workspace_id"] == str(WORKSPACE)
    assert datetime.fromisoformat(plain["anchor"]) == BEGIN
    assert (plain["cancel_at"], plain["quantity"]) == (None, 1)
    assert plain["metered_items"] == {"price_requests": "si_2", "price_voice": "si_3"}
    assert json.loads(json.dumps(plain)) == plain


def test_lists_stay_lists() -> None:
    fault = MeterFault("evt_1", "mtr_1", "no_customer", "Lost.", ("a-1", "a-2"))
    assert to_json(fault)["identifiers"] == ["a-1", "a-2"]


def test_what_has_no_text_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="bytes"):
        to_json(replace(BILL, number=cast("Any", b"A-1")))


@pytest.mark.parametrize(
    ("price", "metered", "expected"),
    [
        ("price_flat", ["price_voice", "price_requests"], True),
        ("price_flat", ["price_requests"], False),
        ("price_flat", ["price_requests", "price_voice", "price_more"], False),
        ("price_flat", [], False),
        ("price_big", ["price_requests", "price_voice"], False),
    ],
)
def test_what_a_subscription_is_on(price: str, metered: list[str], expected: bool) -> None:
    assert is_on(RUNNING, price, metered) is expected


def test_names_at_the_meter() -> None:
    assert rules.meter_event_name("voice_seconds") == "lamina_voice_seconds"
    identifier = rules.meter_identifier(WORKSPACE, 9_007_199_254_740_993)
    assert identifier == f"{WORKSPACE}-9007199254740993"
    assert len(rules.meter_identifier(WORKSPACE, 2**63 - 1)) <= 100, "the longest that Stripe takes"


@pytest.mark.parametrize(
    ("changes", "kind", "ours", "theirs"),
    [
        ({"status": "past_due"}, "subscription.status", "active", "past_due"),
        ({"status": "canceled"}, "subscription.status", "active", "canceled"),
        ({"price_id": "price_big"}, "subscription.price", "price_old, price_flat", "price_big"),
        (
            {"current_period_end": END + timedelta(days=1)},
            "subscription.current_period_end",
            str(END),
            str(END + timedelta(days=1)),
        ),
        ({"cancel_at_period_end": True}, "subscription.cancel_at_period_end", "False", "True"),
    ],
)
def test_subscriptions_differ(changes: dict[str, Any], kind: str, ours: str, theirs: str) -> None:
    assert subscription_drift(OURS, RUNNING) is None
    drift = subscription_drift(OURS, replace(RUNNING, **changes))
    assert drift == Drift("sub_1", kind, ours, theirs)


def test_subscriptions_that_we_lack() -> None:
    assert subscription_drift(None, RUNNING) == Drift("sub_1", "subscription.missing", None, "active")
    for status in rules.FINAL:
        assert subscription_drift(None, replace(RUNNING, status=status)) is None


def test_of_an_ended_one_only_the_end_counts() -> None:
    theirs = replace(RUNNING, status="canceled", price_id=None, current_period_end=None)
    assert subscription_drift(OURS | {"status": "canceled", "in_force": False}, theirs) is None


def test_a_plan_that_is_not_in_force() -> None:
    drift = subscription_drift(OURS | {"in_force": False}, RUNNING)
    assert drift == Drift("sub_1", "subscription.plan", "not in force", "in force")


@pytest.mark.parametrize("name", ["status", "total", "amount_paid", "amount_remaining"])
def test_invoices_differ(name: str) -> None:
    assert invoice_drift(PAPER, BILL) is None
    wrong = PAPER | {name: "open" if name == "status" else 1}
    drift = invoice_drift(wrong, BILL)
    assert drift == Drift("in_1", f"invoice.{name}", str(wrong[name]), str(getattr(BILL, name)))


def test_invoices_that_we_lack() -> None:
    assert invoice_drift(None, BILL) == Drift("in_1", "invoice.missing", None, "paid")


PAGE = CheckoutState(
    id="cs_1",
    customer_id="cus_1",
    reference=None,
    mode="payment",
    status="open",
    payment_status="unpaid",
    subscription_id=None,
    payment_id=None,
    amount_total=900,
    currency="usd",
    expires_at=END,
)


@pytest.mark.parametrize(
    ("status", "payment", "expected"),
    [
        ("open", "unpaid", None),
        ("complete", "unpaid", None),
        ("complete", "paid", Drift("cs_1", "checkout.status", "open", "complete")),
        ("complete", "no_payment_required", Drift("cs_1", "checkout.status", "open", "complete")),
        ("expired", "unpaid", Drift("cs_1", "checkout.status", "open", "expired")),
    ],
)
def test_pages_that_are_open_for_us_alone(status: str, payment: str, expected: Drift | None) -> None:
    assert rules.checkout_drift(replace(PAGE, status=status, payment_status=payment)) == expected
    assert rules.checkout_drift(None) is None


JOB, CONTEXT = cast("Job", None), cast("JobContext", None)


def attempt(error: ProviderError | None) -> Outcome:
    """Of a job whose handler ends so."""

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        if error is not None:
            raise error
        return DONE

    return asyncio.run(_run(handler))


async def _run(handler: Any) -> Outcome:
    return await resting(handler)(JOB, CONTEXT)


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailable("provider.unavailable", "Stripe is not available now.", provider="payments"),
        ProviderTimeout("provider.timeout", "Stripe did not answer in time.", provider="payments"),
    ],
)
def test_an_outage_is_waited_for(error: ProviderError) -> None:
    before = datetime.now(UTC)
    down = attempt(error)
    assert isinstance(down, ProviderDown)
    assert before + REST <= down.until <= datetime.now(UTC) + REST
    assert (down.provider, down.code, down.reason) == ("payments", error.code, error.message)


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailable("payments.busy", "Busy.", provider="payments"),
        ProviderUnavailable("provider.bad_response", "Unreadable.", provider="payments"),
        ProviderUnavailable("provider.unavailable", "Later.", provider="payments", retry_after=7),
        ProviderRateLimited("provider.rate_limited", "Slower.", provider="payments"),
        ProviderRejected("payments.rejected", "No.", provider="payments"),
        ProviderAuthError("provider.unauthorised", "Who?", provider="payments"),
    ],
)
def test_everything_else_is_the_engines(error: ProviderError) -> None:
    with pytest.raises(ProviderError) as raised:
        attempt(error)
    assert raised.value is error


def test_success_passes() -> None:
    assert attempt(None) is DONE
