"""The offline twin through Stripe's own SDK: selling, periods, changes of plan, and ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.support.offline_stripe import Shop, Twin, buy, open_shop, running_twin, subscribe

DAY = 24 * 3600


@pytest.fixture
def twin(tmp_path: Path, free_port: int) -> Iterator[Twin]:
    with running_twin(tmp_path / "stripe.sqlite3", free_port) as twin:
        yield twin


@pytest.fixture
def client(twin: Twin) -> stripe.StripeClient:
    return twin.client()


@pytest.fixture
def shop(client: stripe.StripeClient) -> Shop:
    return open_shop(client)


def use(client: stripe.StripeClient, shop: Shop, value: int, identifier: str, **more: Any) -> Any:
    payload = {"stripe_customer_id": shop.customer, "value": str(value)}
    return client.v1.billing.meter_events.create(
        {"event_name": "words", "identifier": identifier, "payload": payload, **more}
    )


def items(subscription: Any) -> list[Any]:
    return list(subscription["items"].data)


def amounts(invoice: Any) -> list[tuple[str, int]]:
    return [(line.pricing.price_details.price, line.amount) for line in invoice.lines.data]


def test_a_paid_checkout_begins_a_subscription(twin: Twin, client: stripe.StripeClient, shop: Shop) -> None:
    session = buy(client, shop, subscription_data={"metadata": {"w": "7"}})
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 2000)
    answer = twin.press(session.url, "pay")
    assert answer.headers["location"] == f"https://app.example/ok?s={session.id}"
    done = client.v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status, done.client_reference_id) == ("complete", "paid", "ref-1")

    expand = ["latest_invoice.payments.data.payment.payment_intent"]
    subscription = client.v1.subscriptions.retrieve(str(done.subscription), {"expand": expand})
    assert (subscription.status, subscription.metadata.to_dict()) == ("active", {"w": "7"})
    assert {item.price.id for item in items(subscription)} == {shop.plan, shop.usage}
    flat = next(item for item in items(subscription) if item.price.id == shop.plan)
    assert 28 * DAY <= flat.current_period_end - flat.current_period_start <= 31 * DAY
    assert subscription.billing_cycle_anchor == flat.current_period_start
    invoice: Any = subscription.latest_invoice
    assert (invoice.status, invoice.billing_reason, invoice.amount_paid) == (
        "paid",
        "subscription_create",
        2000,
    )
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.number
    assert amounts(invoice) == [(shop.plan, 2000)]
    assert invoice.payments.data[0].payment.payment_intent.status == "succeeded"


def test_a_single_payment(twin: Twin, client: stripe.StripeClient, shop: Shop) -> None:
    session = buy(client, shop, mode="payment", payment_intent_data={"metadata": {"w": "7"}})
    declined = twin.press(session.url, "decline")
    assert declined.headers["location"] == f"{session.url}?declined"
    failed = client.v1.payment_intents.retrieve(
        str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)
    )
    assert (failed.status, failed.last_payment_error.code) == ("requires_payment_method", "card_declined")
    assert twin.press(session.url, "pay").status_code == 303
    paid = client.v1.payment_intents.retrieve(failed.id, {"expand": ["latest_charge"]})
    charge: Any = paid.latest_charge
    assert (paid.status, paid.amount_received, paid.metadata["w"]) == ("succeeded", 1800, "7")
    assert (charge.status, charge.amount, charge.customer) == ("succeeded", 1800, shop.customer)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"
    assert twin.press(session.url, "pay").status_code == 400, "it cannot be paid twice"


def test_checkouts_expire(twin: Twin, client: stripe.StripeClient, shop: Shop) -> None:
    session = buy(client, shop)
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="open"):
        client.v1.checkout.sessions.expire(session.id)
    assert twin.press(session.url, "pay").status_code == 400
    assert twin.receiver.wait_for("checkout.session.expired").data.object.id == session.id


def test_usage_is_billed_once_at_the_end_of_its_period(
    twin: Twin, client: stripe.StripeClient, shop: Shop
) -> None:
    subscription = subscribe(twin, client, shop)
    use(client, shop, 1000, "a")
    use(client, shop, 501, "b")
    use(client, shop, 7, "before", timestamp=int(time.time()) - DAY)
    answer = twin.control("advance", subscription=subscription.id, to="next_period")
    assert [
        (p["pricing"]["price_details"]["price"], p["amount"]) for p in answer["invoice"]["lines"]["data"]
    ] == [
        (
            shop.usage,
            751,
        ),  # 1501 × 0.5, half a cent rounded up; what was before the subscription is not in it
        (shop.plan, 2000),
    ]
    now = client.v1.subscriptions.retrieve(subscription.id)
    assert items(now)[0].current_period_start > items(subscription)[0].current_period_start
    assert client.v1.invoices.retrieve(str(now.latest_invoice)).billing_reason == "subscription_cycle"
    again = twin.control("advance", subscription=subscription.id)
    assert again["invoice"]["total"] == 2000, "usage must not be billed twice"


def test_a_failed_renewal_is_past_due_until_it_is_paid(
    twin: Twin, client: stripe.StripeClient, shop: Shop
) -> None:
    subscription = subscribe(twin, client, shop)
    invoice = twin.control("advance", subscription=subscription.id, payment="fails")["invoice"]
    assert (invoice["status"], invoice["attempt_count"], invoice["amount_remaining"]) == ("open", 1, 2000)
    assert invoice["next_payment_attempt"] > time.time()
    assert client.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    assert twin.receiver.wait_for("invoice.payment_failed").data.object.id == invoice["id"]
    twin.press(invoice["hosted_invoice_url"], "decline")
    assert client.v1.invoices.retrieve(invoice["id"]).attempt_count == 2
    assert twin.press(invoice["hosted_invoice_url"], "pay").status_code == 303
    paid = client.v1.invoices.retrieve(invoice["id"])
    assert (paid.status, paid.amount_paid, paid.attempt_count) == ("paid", 2000, 3)
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_change_of_plan_is_prorated_on_the_next_invoice(
    twin: Twin, client: stripe.StripeClient, shop: Shop
) -> None:
    subscription = subscribe(twin, client, shop)
    use(client, shop, 100, "old")
    before = {item.price.id: item for item in items(subscription)}
    start, end = before[shop.plan].current_period_start, before[shop.plan].current_period_end
    twin.pass_time(start + (end - start) // 2 - time.time())
    change: Any = [
        {"id": before[shop.plan].id, "price": shop.bigger, "quantity": 1},
        {"id": before[shop.usage].id, "deleted": True},
        {"price": shop.bigger_usage},
    ]
    changed = client.v1.subscriptions.update(subscription.id, {"items": change})
    assert {item.price.id for item in items(changed)} == {shop.bigger, shop.bigger_usage}
    assert changed.latest_invoice == subscription.latest_invoice, "nothing is invoiced yet"
    use(client, shop, 1000, "new", timestamp=int(time.time() + twin.offset[0]))
    invoice = twin.control("advance", subscription=subscription.id)["invoice"]
    lines = {(x["pricing"]["price_details"]["price"], x["amount"]) for x in invoice["lines"]["data"]}
    assert (shop.usage, 50) in lines, "usage of the price that went"
    assert (shop.bigger_usage, 250) in lines
    assert (shop.bigger, 5000) in lines
    prorated = {x["pricing"]["price_details"]["price"]: x["amount"] for x in invoice["lines"]["data"][:2]}
    assert prorated[shop.plan] == pytest.approx(-1000, abs=2)
    assert prorated[shop.bigger] == pytest.approx(2500, abs=2)


def test_another_interval_begins_a_new_period_now(
    twin: Twin, client: stripe.StripeClient, shop: Shop
) -> None:
    subscription = subscribe(twin, client, shop)
    flat, metered = items(subscription)
    change: Any = [{"id": flat.id, "price": shop.yearly}, {"id": metered.id, "deleted": True}]
    changed = client.v1.subscriptions.update(subscription.id, {"items": change})
    (item,) = items(changed)
    assert item.current_period_end - item.current_period_start >= 365 * DAY
    invoice = client.v1.invoices.retrieve(str(changed.latest_invoice))
    assert invoice.billing_reason == "subscription_update"
    assert invoice.total == pytest.approx(18000, abs=2)


def test_a_negative_invoice_becomes_the_customers_balance(
    twin: Twin, client: stripe.StripeClient, shop: Shop
) -> None:
    subscription = subscribe(twin, client, shop)
    flat, metered = items(subscription)
    bigger: Any = [{"id": flat.id, "price": shop.bigger}, {"id": metered.id, "deleted": True}]
    params: Any = {"items": bigger, "proration_behavior": "always_invoice"}
    client.v1.subscriptions.update(subscription.id, params)
    back: Any = {"items": [{"id": flat.id, "price": shop.plan}], "proration_behavior": "always_invoice"}
    changed = client.v1.subscriptions.update(subscription.id, back)
    invoice = client.v1.invoices.retrieve(str(changed.latest_invoice))
    assert (invoice.status, invoice.amount_due) == ("paid", 0)
    assert invoice.total < 0
    assert client.v1.customers.retrieve(shop.customer).balance == invoice.total
    due = [twin.control("advance", subscription=subscription.id)["invoice"]["amount_due"] for _ in range(2)]
    assert due == [0, 2 * 2000 + invoice.total]
    assert client.v1.customers.retrieve(shop.customer).balance == 0


def test_cancelled_at_once(twin: Twin, client: stripe.StripeClient, shop: Shop) -> None:
    subscription = subscribe(twin, client, shop)
    gone = client.v1.subscriptions.cancel(subscription.id)
    assert (gone.status, gone.ended_at) == ("canceled", gone.canceled_at)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.subscriptions.cancel(subscription.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="canceled"):
        client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert [s.id for s in client.v1.subscriptions.list({"status": "all"})] == [subscription.id]
    assert list(client.v1.subscriptions.list()) == []
    assert twin.receiver.wait_for("customer.subscription.deleted").data.object.status == "canceled"


def test_cancelled_at_the_end_of_the_period(twin: Twin, client: stripe.StripeClient, shop: Shop) -> None:
    subscription = subscribe(twin, client, shop)
    use(client, shop, 100, "last")
    end = items(subscription)[0].current_period_end
    ending = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (ending.status, ending.cancel_at) == ("active", end)
    resumed = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (resumed.cancel_at, resumed.canceled_at) == (None, None)
    client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    answer = twin.control("advance", subscription=subscription.id)
    assert answer["subscription"]["status"] == "canceled"
    assert answer["invoice"]["total"] == 50, "usage of the last period only"


def test_a_deleted_customer_is_only_an_id(twin: Twin, client: stripe.StripeClient, shop: Shop) -> None:
    subscription = subscribe(twin, client, shop)
    client.v1.customers.delete(shop.customer)
    assert client.v1.customers.retrieve(shop.customer).to_dict() == {
        "id": shop.customer,
        "object": "customer",
        "deleted": True,
    }
    assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert list(client.v1.customers.list()) == []


def test_refunds_and_disputes(twin: Twin, client: stripe.StripeClient, shop: Shop) -> None:
    session = buy(client, shop, mode="payment")
    twin.press(session.url, "pay")
    intent = str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)
    first = client.v1.refunds.create({"payment_intent": intent, "amount": 300})
    assert client.v1.refunds.retrieve(first.id).payment_intent == intent
    opened = twin.control("dispute", payment_intent=intent)
    charge = client.v1.charges.retrieve(str(first.charge), {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded, charge.disputed) == (300, False, True)
    assert [refund.id for refund in charge.refunds.data] == [first.id]
    assert twin.control("dispute", payment_intent=intent, outcome="lost")["status"] == "lost"
    assert [d.id for d in client.v1.disputes.list({"payment_intent": intent})] == [opened["id"]]
    twin.control("refund", payment_intent=intent)
    assert client.v1.charges.retrieve(str(first.charge)).refunded is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"


def test_periods_end_and_pages_expire_by_the_clock(tmp_path: Path, free_port: int) -> None:
    file = tmp_path / "stripe.sqlite3"
    with running_twin(file, free_port) as twin:
        client = twin.client()
        shop = open_shop(client)
        subscription, session = subscribe(twin, client, shop), buy(client, shop)
    with running_twin(file, free_port, clock=lambda: time.time() + 40 * DAY) as twin:
        twin.receiver.wait(lambda types: "checkout.session.expired" in types and "invoice.paid" in types)
        now = twin.client().v1.subscriptions.retrieve(subscription.id)
        assert items(now)[0].current_period_start == items(subscription)[0].current_period_end
        assert twin.client().v1.checkout.sessions.retrieve(session.id).status == "expired"
