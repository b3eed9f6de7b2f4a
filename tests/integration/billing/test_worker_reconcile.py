"""Drift of every kind: told by a dry run, mended by a run, gone afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.billing.detour import detour
from tests.integration.billing.till import Till
from worker.domains.billing.reconcile import Report
from worker.providers.payments.states import InvoiceState, SubscriptionState

OWN = "array['id', 'observed_at', 'created_at', 'updated_at']"
TABLES = (
    "public.subscriptions",
    "public.invoices",
    "app.workspace_terms",
    "app.workspace_weights",
    "app.billing_customers",
)
OTHER = "(select id from public.plan_versions where plan = 'business')"

MENDABLE = {
    "wrong status": ("subscription.status", "update public.subscriptions set status = 'past_due'"),
    "ended for others": ("subscription.status", "update public.subscriptions set status = 'unpaid'"),
    "missing": ("subscription.missing", "delete from public.subscriptions"),
    "another plan": ("subscription.price", f"update public.subscriptions set plan_version_id = {OTHER}"),
    "another interval": ("subscription.price", "update public.subscriptions set billing_interval = 'year'"),
    "another end": (
        "subscription.current_period_end",
        "update public.subscriptions set current_period_end = current_period_end - interval '1 day'",
    ),
    "cancelled": (
        "subscription.cancel_at_period_end",
        "update public.subscriptions set cancel_at_period_end = true",
    ),
    "no terms": ("subscription.plan", "delete from app.workspace_terms"),
    "terms of staff": ("subscription.plan", "update app.workspace_terms set source = 'admin'"),
    "other terms": ("subscription.plan", f"update app.workspace_terms set plan_version_id = {OTHER}"),
    "other periods": (
        "subscription.plan",
        "update app.workspace_terms set anchor = anchor - interval '3 days'",
    ),
    "no invoice": ("invoice.missing", "delete from public.invoices"),
    "invoice status": ("invoice.status", "update public.invoices set status = 'open'"),
    "invoice total": ("invoice.total", "update public.invoices set total = 1"),
    "invoice paid": ("invoice.amount_paid", "update public.invoices set amount_paid = 0"),
    "invoice remaining": ("invoice.amount_remaining", "update public.invoices set amount_remaining = 9900"),
}


def picture(till: Till) -> dict[str, list[Any]]:
    """All that reconciliation may change."""
    return {
        table: till.rows(f"select (to_jsonb(t) - {OWN})::text as row from {table} as t order by row")
        for table in TABLES
    }


def kinds(report: Report) -> list[tuple[str, bool]]:
    return [(drift.kind, drift.mended) for drift in report.drift]


@pytest.mark.parametrize("plant", MENDABLE)
async def test_what_differs_is_mended(till: Till, plant: str) -> None:
    kind, damage = MENDABLE[plant]
    await till.subscribe("professional")
    right = picture(till)
    till.db.admin.execute(damage.encode())
    wrong = picture(till)
    assert wrong != right

    said = await till.reconcile(dry_run=True)
    assert kinds(said) == [(kind, False)]
    assert picture(till) == wrong, "a dry run changes nothing"
    done = await till.reconcile()
    assert kinds(done) == [(kind, True)]
    assert [replace(drift, mended=False) for drift in done.drift] == said.drift
    assert picture(till) == right
    assert kinds(await till.reconcile()) == []

    saved = till.rows("select dry_run, checked, drift from app.drift_reports order by id")
    assert [(row["dry_run"], row["checked"], len(row["drift"])) for row in saved] == [
        (True, 2, 1),
        (False, 2, 1),
        (False, 2, 0),
    ]
    assert saved[1]["drift"][0]["kind"] == kind
    assert saved[1]["drift"][0].keys() == {"object_id", "kind", "ours", "theirs", "mended"}


async def test_everything_was_lost(till: Till) -> None:
    """Restored from a backup of before the sale: even whose customer it is is known from Stripe alone."""
    await till.subscribe("professional")
    right = picture(till)
    for table in ("public.subscriptions", "public.invoices", "app.workspace_terms", "app.billing_customers"):
        till.db.admin.execute(f"delete from {table}".encode())
    till.db.admin.execute("delete from app.stripe_objects")
    report = await till.reconcile()
    assert kinds(report) == [("subscription.missing", True), ("invoice.missing", True)]
    assert picture(till) == right
    assert kinds(await till.reconcile()) == []


async def test_an_end_that_was_missed(till: Till) -> None:
    running = await till.subscribe("professional")
    till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
    report = await till.reconcile()
    assert ("subscription.status", True) in kinds(report)
    assert (till.subscription()["status"], till.plan()) == ("canceled", "free")
    assert till.notices() == ["subscription_ended"]
    assert kinds(await till.reconcile()) == []


async def test_a_payment_of_which_nobody_told(till: Till) -> None:
    """Of a pack there is no subscription and no invoice: the page is all there is."""
    await till.subscribe("starter")
    paid, left, open_still = till.buy_pack(), till.buy_pack(), till.buy_pack()
    await till.pay(paid)
    till.stripe.post(f"checkout/sessions/{till.session(left)['stripe_session_id']}/expire")
    assert kinds(await till.reconcile()) == [], "the event may be on its way"
    till.db.admin.execute("update public.billing_sessions set created_at = now() - interval '2 hours'")
    assert kinds(await till.reconcile(dry_run=True)) == [("checkout.status", False)] * 2
    assert till.credits() == 0
    assert kinds(await till.reconcile()) == [("checkout.status", True)] * 2
    assert till.credits() == 1000
    assert [till.session(each)["status"] for each in (paid, left, open_still)] == [
        "complete",
        "expired",
        "open",
    ]
    assert till.row("select status from public.payments where amount = 900")["status"] == "succeeded"
    assert kinds(await till.reconcile()) == []
    await till.settle()
    assert till.credits() == 1000, "the event came after all"


async def test_what_cannot_be_mended_is_said_every_time(till: Till) -> None:
    running = await till.subscribe("professional")
    till.db.admin.execute(
        "insert into public.subscriptions (workspace_id, stripe_subscription_id, status, anchor, observed_at)"
        " values (%s, 'sub_of_nobody', 'active', now(), now())",
        (till.workspace_id,),
    )
    entry = till.use(10_000 + 1)
    till.db.admin.execute(
        "update app.meter_events set status = 'failed', error_code = 'provider.unauthorised'"
    )
    till.db.admin.execute("delete from app.stripe_prices where lookup_key = 'lamina_professional_v1_month'")
    for _ in range(2):
        report = await till.reconcile()
        assert [(drift.object_id, drift.kind, drift.ours, drift.mended) for drift in report.drift] == [
            (running["stripe_subscription_id"], "subscription.price", "", False),
            ("sub_of_nobody", "subscription.not_there", "active", False),
            (str(entry), "meter_event.failed", "provider.unauthorised", False),
        ]


async def test_what_has_ended_here_is_never_revived(till: Till) -> None:
    """Only a hand could have written it: a person must look."""
    await till.subscribe("professional")
    till.db.admin.execute("update public.subscriptions set status = 'canceled'")
    assert kinds(await till.reconcile()) == [("subscription.status", False)]
    assert till.subscription()["status"] == "canceled"


async def test_old_ends_are_no_drift(till: Till) -> None:
    running = await till.subscribe("professional")
    till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
    await till.settle()
    till.db.admin.execute("delete from public.subscriptions")
    assert kinds(await till.reconcile()) == []
    assert till.rows("select from public.subscriptions") == []


async def test_what_happens_during_the_run_wins(till: Till) -> None:
    running = await till.subscribe("professional")
    till.db.admin.execute("update public.subscriptions set status = 'past_due'")

    async def old_list() -> AsyncIterator[SubscriptionState]:
        read = [state async for state in real.subscriptions()]
        till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
        await till.settle()
        assert till.subscription()["status"] == "canceled"
        for state in read:
            assert state.status == "active"
            yield state

    async with till.adapter() as real:
        report = await till.reconcile(through=detour(real, subscriptions=old_list))
    assert kinds(report) == []
    assert (till.subscription()["status"], till.plan()) == ("canceled", "free")


async def test_many_invoices(till: Till) -> None:
    await till.subscribe("professional")
    many = 250

    async def more(*, since: datetime) -> AsyncIterator[InvoiceState]:
        (one,) = [state async for state in real.invoices(since=since)]
        for number in range(many):
            yield replace(one, id=f"in_{number}", created_at=one.created_at + timedelta(seconds=number))

    async with till.adapter() as real:
        through = detour(real, invoices=more)
        report = await till.reconcile(through=through)
        assert kinds(report) == [("invoice.missing", True)] * many
        assert len(till.rows("select from public.invoices")) == many + 1
        assert kinds(await till.reconcile(through=through)) == []


async def test_two_runs_at_once(till: Till) -> None:
    await till.subscribe("professional")
    right = picture(till)
    till.db.admin.execute("delete from public.subscriptions")
    till.db.admin.execute("delete from public.invoices")
    await asyncio.gather(till.reconcile(), till.reconcile())
    assert picture(till) == right


async def test_the_job_of_the_night(till: Till) -> None:
    await till.subscribe("professional")
    till.db.admin.execute("update public.invoices set total = 1")
    till.db.admin.execute("select app.enqueue('billing.reconcile')")
    await till.work_off()
    assert till.row("select total from public.invoices")["total"] == 9900
    assert till.row("select dry_run, jsonb_array_length(drift) as n from app.drift_reports") == {
        "dry_run": False,
        "n": 1,
    }
    till.db.admin.execute("update app.stripe_events set received_at = now() - interval '200 days'")
    till.db.admin.execute("select app.enqueue('billing.purge_events')")
    await till.work_off()
    assert till.rows("select from app.stripe_events") == []
