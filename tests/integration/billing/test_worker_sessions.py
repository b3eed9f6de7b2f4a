"""What payers begin beside a first checkout: the portal, another plan; and how a workspace stops paying."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from tests.integration.billing.tap import Tap
from tests.integration.billing.till import BACK, Till
from tests.integration.jobs.engine import until
from worker.providers.payments.select import payments
from worker.settings import ProviderSettings


def items(till: Till) -> dict[str, str]:
    """Lookup key → item id of the subscription, at Stripe."""
    now = till.stripe.get(f"subscriptions/{till.subscription()['stripe_subscription_id']}")
    return {item["price"]["lookup_key"]: item["id"] for item in now["items"]["data"]}


def keys(plan: str, interval: str = "month") -> set[str]:
    """Lookup keys of a plan with everything that is metered."""
    return {f"lamina_{plan}_v1_{part}{interval}" for part in ("", "requests_", "voice_seconds_")}


def ended(till: Till, session_id: UUID) -> tuple[str, str | None]:
    session = till.session(session_id)
    return session["status"], session["error_code"]


async def test_the_portal(till: Till) -> None:
    with pytest.raises(psycopg.Error, match="has not bought anything"):
        till.open_portal()
    await till.subscribe()
    session_id = till.open_portal()
    await till.work_off()
    session = till.session(session_id)
    assert (session["status"], session["error_code"]) == ("open", None)
    assert session["url"].startswith(f"{till.stripe.twin.url}/portal/bps_")

    subscription = till.subscription()["stripe_subscription_id"]
    till.stripe.press(session["url"], "cancel", subscription=subscription)
    await till.settle()
    leaving = till.subscription()
    assert (leaving["status"], leaving["cancel_at_period_end"], till.plan()) == (
        "active",
        True,
        "professional",
    )
    assert leaving["cancel_at"] == leaving["current_period_end"]
    till.stripe.press(session["url"], "resume", subscription=subscription)
    await till.settle()
    staying = till.subscription()
    assert (staying["cancel_at_period_end"], staying["cancel_at"]) == (False, None)
    till.stripe.press(session["url"], "cancel_now", subscription=subscription)
    await till.settle()
    assert (till.subscription()["status"], till.plan()) == ("canceled", "free")
    assert till.notices() == ["subscription_ended"]


@pytest.mark.parametrize(
    ("before", "after", "interval", "weight"),
    [
        ("professional", "business", "month", 8),
        ("professional", "starter", "month", 2),
        ("professional", "professional", "year", 4),
        ("starter", "business", "year", 8),
    ],
)
async def test_another_plan(till: Till, before: str, after: str, interval: str, weight: int) -> None:
    was = await till.subscribe(before)
    assert items(till).keys() == keys(before)
    session_id = till.change_plan(after, interval)
    await till.work_off()
    assert ended(till, session_id) == ("complete", None)
    changed = till.subscription()
    assert (changed["plan"], changed["billing_interval"]) == (after, interval), "before any event came in"
    assert till.plan() == after
    assert items(till).keys() == keys(after, interval)
    assert till.row("select weight from app.workspace_weights")["weight"] == weight
    if interval == "month":
        assert changed["anchor"] == was["anchor"]
    else:
        assert (changed["current_period_end"] - changed["anchor"]).days in (365, 366)
    await till.settle()
    assert till.subscription() == changed | {
        name: till.subscription()[name] for name in ("observed_at", "updated_at")
    }


async def test_the_price_of_another_interval_is_on_an_invoice(till: Till) -> None:
    await till.subscribe("professional")
    till.change_plan("professional", "year")
    await till.settle()
    first, second = till.rows("select * from public.invoices order by total")
    assert (first["total"], second["billing_reason"]) == (9900, "subscription_update")
    assert 99000 - 9900 <= second["total"] < 99000 - 9800, "the unused month is credited to the second"
    assert second["amount_paid"] == second["total"]
    assert till.row("select sum(amount) from public.payments")["sum"] == 9900 + second["total"]


async def test_a_change_that_was_cut_off_is_made_once(till: Till, tap: Tap) -> None:
    await till.subscribe("professional")
    session_id = till.change_plan("business")
    cut = tap.trouble("POST /v1/subscriptions/.*", is_done_first=True)
    async with till.adapter(stripe_api_base=tap.url) as slow:
        async with till.working(slow, grace=0.0):
            await until(cut.met.is_set)
        assert ended(till, session_id) == ("pending", None)
        cut.over.set()
        await till.work_off(slow)
    assert ended(till, session_id) == ("complete", None)
    assert till.plan() == "business"
    assert tap.counted("POST /v1/subscriptions/.*") == 1


async def test_a_change_to_the_same_plan_changes_nothing(till: Till) -> None:
    before = await till.subscribe("professional")
    session_id = till.change_plan("professional")
    await till.work_off()
    assert ended(till, session_id) == ("complete", None)
    assert till.stripe.new_events() == []
    assert till.subscription()["anchor"] == before["anchor"]


async def test_what_has_ended_at_stripe_is_not_changed(till: Till) -> None:
    """The event of the end is still on its way."""
    running = await till.subscribe("professional")
    till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
    session_id = till.change_plan("business")
    await till.work_off()
    assert ended(till, session_id) == ("failed", "billing.not_subscribed")
    await till.settle()
    assert till.plan() == "free"


async def test_a_page_opens_once_though_its_answer_was_lost(till: Till, tap: Tap) -> None:
    session_id = till.start_checkout()
    cut = tap.trouble("POST /v1/checkout/sessions", is_done_first=True)
    async with till.adapter(stripe_api_base=tap.url) as slow:
        async with till.working(slow, grace=0.0):
            await until(cut.met.is_set)
        cut.over.set()
        await till.work_off(slow)
    assert ended(till, session_id) == ("open", None)
    assert len(till.stripe.all_of("checkout/sessions")) == len(till.stripe.all_of("customers")) == 1
    asked = [key for request, key in tap.requests if request == "POST /v1/checkout/sessions"]
    assert asked == [f"checkout-{session_id}"] * 2


async def test_an_older_page_closes_when_another_opens(till: Till) -> None:
    first = till.start_checkout("starter")
    await till.work_off()
    second = till.start_checkout("business")
    await till.settle()
    assert (ended(till, first)[0], ended(till, second)[0]) == ("expired", "open")
    answer = till.stripe.twin.press(till.session(first)["url"], "pay")
    assert answer.status_code == 400


async def test_no_second_page_for_who_has_just_paid_the_first(till: Till) -> None:
    """The event of the payment is still on its way."""
    await till.pay(till.start_checkout("starter"))
    second = till.start_checkout("business")
    await till.work_off()
    assert ended(till, second) == ("failed", "billing.already_subscribed")
    await till.settle()
    assert till.plan() == "starter"
    assert len(till.stripe.all_of("subscriptions", status="all")) == 1


async def test_a_deleted_customer_is_replaced_by_the_next_checkout(till: Till) -> None:
    await till.subscribe("starter")
    (old,) = till.rows("select customer_id from app.billing_customers")
    till.stripe.delete(f"customers/{old['customer_id']}")
    await till.settle()
    assert (till.plan(), till.subscription()["status"]) == ("free", "canceled")
    with pytest.raises(psycopg.Error, match="has not bought anything"):
        till.open_portal()
    await till.pay(till.start_checkout("business"))
    await till.settle()
    assert till.plan() == "business"
    customers = till.rows("select customer_id, deleted_at from app.billing_customers order by created_at")
    assert [row["deleted_at"] is None for row in customers] == [False, True]
    assert customers[0]["customer_id"] == old["customer_id"] != customers[1]["customer_id"]


async def test_a_deleted_workspace_pays_no_more(till: Till) -> None:
    running = await till.subscribe()
    used = till.use(10_050)
    await till.settle()
    assert till.stripe.metered("requests") == 50
    assert used
    till.call("delete_workspace")
    await till.work_off()
    now = till.stripe.get(f"subscriptions/{running['stripe_subscription_id']}")
    assert now["status"] == "canceled"
    last = till.stripe.all_of("invoices")[0]
    assert (last["total"], last["status"]) == (40, "paid"), "what was used is on the last invoice"
    assert {"unknown"} == {row["outcome"] for row in await events_after(till)}, (
        "what Stripe tells of it afterwards is nobody's"
    )
    assert till.rows("select * from public.subscriptions") == []


async def events_after(till: Till) -> list[dict[str, str]]:
    """What became of the events that have not come in yet."""
    late = till.stripe.new_events()
    till.feed(late)
    await till.work_off()
    ids = [event["id"] for event in late]
    return till.rows("select outcome from app.stripe_events where event_id = any (%s)", ids)


@pytest.mark.parametrize("is_paid", [False, True])
async def test_no_page_of_a_deleted_workspace_can_be_paid(till: Till, is_paid: bool) -> None:
    session_id = till.start_checkout()
    await till.work_off()
    url = till.session(session_id)["url"]
    if is_paid:
        till.stripe.press(url, "pay")
    till.call("delete_workspace")
    await till.work_off()
    assert till.stripe.twin.press(url, "pay").status_code == 400
    bought = till.stripe.all_of("subscriptions", status="all")
    assert [each["status"] for each in bought] == (["canceled"] if is_paid else [])


async def test_nothing_is_cancelled_twice(till: Till) -> None:
    running = await till.subscribe()
    till.stripe.delete(f"subscriptions/{running['stripe_subscription_id']}")
    till.call("delete_workspace")
    await till.work_off()
    (job,) = till.rows("select status from public.jobs where kind = 'billing.cancel_subscription'")
    assert job["status"] == "succeeded"


async def test_without_a_key_the_session_says_so(till: Till) -> None:
    session_id = till.start_checkout()
    none = payments(ProviderSettings(_env_file=None, stripe_secret_key=None))
    async with till.working(none):
        await until(lambda: till.session(session_id)["status"] != "pending")
    session = till.session(session_id)
    assert (session["status"], session["error_code"]) == ("failed", "payments.not_configured")
    assert session["error_message"] == "Payments are not configured: STRIPE_SECRET_KEY is not set."
    (seen,) = till.rows("select attempts from public.jobs")
    assert seen["attempts"] == 1, "no second attempt"
    till.db.admin.execute("select app.enqueue('billing.reconcile')")
    await till.work_off(none)
    assert till.rows("select * from app.drift_reports") == []


async def test_a_price_that_is_gone_is_said(till: Till) -> None:
    session_id = till.start_checkout()
    till.db.admin.execute("update app.stripe_prices set is_active = false")
    await till.work_off()
    assert ended(till, session_id) == ("failed", "billing.not_for_sale")
    assert till.session(session_id)["cancel_url"] == BACK
