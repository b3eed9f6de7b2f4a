"""The offline twin's webhooks, its memory, and its pages."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import stripe

from scripts.stack.payments import API_VERSION
from tests.support.offline_stripe import (
    SECRET,
    Receiver,
    Twin,
    buy,
    open_shop,
    running_twin,
    subscribe,
)

EVIL = "<script>alert(1)</script>\"'"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;"


@pytest.fixture
def twin(tmp_path: Path, free_port: int) -> Iterator[Twin]:
    with running_twin(tmp_path / "stripe.sqlite3", free_port) as twin:
        yield twin


@pytest.fixture
def client(twin: Twin) -> stripe.StripeClient:
    return twin.client()


def page(url: str) -> str:
    answer = httpx.get(url, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_events_are_signed_snapshots(twin: Twin, client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})
    twin.receiver.wait_for("customer.created")
    body, signature = twin.receiver.requests[0]
    event = stripe.Webhook.construct_event(body, signature, SECRET)
    assert (event.object, event.api_version, event.livemode) == ("event", API_VERSION, False)
    assert event.data.object.id == customer.id
    assert event.request is not None
    assert event.request.idempotency_key == "k1"
    assert client.v1.events.retrieve(event.id).type == "customer.created"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, "whsec_another")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b"Ada", b"Eve"), signature, SECRET)


def test_a_sale_tells_all_that_happened(twin: Twin, client: stripe.StripeClient) -> None:
    subscription = subscribe(twin, client, open_shop(client))
    expected = {
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice_payment.paid",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    }
    twin.receiver.wait(lambda types: expected <= set(types))
    session = twin.receiver.wait_for("checkout.session.completed").data.object
    assert (session.subscription, session.payment_status) == (subscription.id, "paid")
    client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    previous = twin.receiver.wait_for("customer.subscription.updated").data.previous_attributes
    assert previous["cancel_at_period_end"] is False


def test_a_refused_event_comes_again_with_a_new_signature(tmp_path: Path, free_port: int) -> None:
    with running_twin(
        tmp_path / "s.sqlite3", free_port, Receiver(refusals=3), retry_seconds=(1.1,) * 3
    ) as twin:
        twin.client().v1.customers.create({"name": "Ada"})
        twin.receiver.wait(lambda types: len(types) == 4)
        assert len({event.id for event in twin.receiver.events()}) == 1
        assert len({signature for _, signature in twin.receiver.requests}) == 4


def test_patience_ends_and_an_event_can_be_sent_again(tmp_path: Path, free_port: int) -> None:
    file = tmp_path / "s.sqlite3"
    with running_twin(file, free_port, Receiver(refusals=2), retry_seconds=(0.05,)) as twin:
        twin.client().v1.customers.create({"name": "Ada"})
        twin.receiver.wait(lambda types: len(types) == 2)
        _wait_until_nothing_is_due(file)
        event = twin.receiver.events()[0]
        assert twin.control("resend", event=event.id)["id"] == event.id
        twin.receiver.wait(lambda types: len(types) == 3)
        _wait_until_nothing_is_due(file)
        assert {each.id for each in twin.receiver.events()} == {event.id}


def test_a_slow_receiver_delays_nobody(tmp_path: Path, free_port: int) -> None:
    with running_twin(tmp_path / "s.sqlite3", free_port, Receiver(slow=True)) as twin:
        client = twin.client()
        for number in range(10):
            client.v1.customers.create({"name": str(number)})
        assert len(list(client.v1.customers.list())) == 10
        assert len(twin.receiver.requests) < 10, "they wait, the API did not"
        twin.receiver.hold.set()
        twin.receiver.wait(lambda types: types.count("customer.created") == 10)


def test_a_restart_keeps_everything(tmp_path: Path, free_port: int) -> None:
    file = tmp_path / "folder" / "s.sqlite3"
    with running_twin(file, free_port, Receiver(refusals=10_000), retry_seconds=(0.5,) * 99) as twin:
        client = twin.client()
        shop = open_shop(client)
        subscription = subscribe(twin, client, shop)
        customer = client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k1"})
    with running_twin(file, free_port) as twin:
        client = twin.client()
        assert client.v1.subscriptions.retrieve(subscription.id).to_dict() == subscription.to_dict()
        again = client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k1"})
        assert again.id == customer.id, "idempotency keys outlive a restart"
        assert twin.receiver.wait_for("checkout.session.completed"), "events on their way do too"


def test_answers_are_forgotten_after_a_day(twin: Twin, client: stripe.StripeClient) -> None:
    first = client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k1"})
    twin.pass_time(25 * 3600)
    client.v1.customers.create({"name": "Eve"}, {"idempotency_key": "k2"})
    assert client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k1"}).id != first.id


def test_the_checkout_page(twin: Twin, client: stripe.StripeClient) -> None:
    shop = open_shop(client)
    session = buy(client, shop)
    text = page(session.url)
    for expected in ("OFFLINE — no money moves", "Small", "20.00 EUR per month", "0.005 EUR each"):
        assert expected in text
    assert "declined" not in text.replace("Card is declined", "").replace("/decline", "")
    assert twin.press(session.url, "cancel").headers["location"] == "https://app.example/no"
    declined = twin.press(session.url, "decline")
    assert "Your card was declined." in page(declined.headers["location"])
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    twin.press(session.url, "pay")
    assert "paid already" in page(session.url)


def test_the_portal(twin: Twin, client: stripe.StripeClient) -> None:
    shop = open_shop(client)
    subscription = subscribe(twin, client, shop)
    portal = client.v1.billing_portal.sessions.create(
        {"customer": shop.customer, "return_url": "https://app.example/account"}
    )
    text = page(portal.url)
    for expected in ("no money moves", "Small", "active", "20.00 EUR", "https://app.example/account"):
        assert expected in text
    chosen = {"subscription": subscription.id}
    assert twin.press(portal.url, "cancel", **chosen).headers["location"] == portal.url
    assert client.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end is True
    assert "Do not cancel" in page(portal.url)
    twin.press(portal.url, "resume", **chosen)
    assert client.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end is False
    twin.press(portal.url, "change", price=shop.bigger, **chosen)
    changed = client.v1.subscriptions.retrieve(subscription.id)
    assert {item.price.id for item in changed["items"].data} == {shop.bigger, shop.bigger_usage}
    twin.press(portal.url, "change", price=shop.yearly, **chosen)
    assert [i.price.id for i in client.v1.subscriptions.retrieve(subscription.id)["items"].data] == [
        shop.yearly
    ]
    twin.press(portal.url, "cancel_now", **chosen)
    assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert twin.press(portal.url, "resume", **chosen).status_code == 400


def test_the_portal_of_one_customer_does_nothing_for_another(twin: Twin, client: stripe.StripeClient) -> None:
    subscription = subscribe(twin, client, open_shop(client))
    stranger = client.v1.customers.create({"name": "Eve"})
    portal = client.v1.billing_portal.sessions.create({"customer": stranger.id})
    assert twin.press(portal.url, "cancel_now", subscription=subscription.id).status_code == 400
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_invoice_and_receipt_pages(twin: Twin, client: stripe.StripeClient) -> None:
    subscription = subscribe(twin, client, open_shop(client))
    invoice = client.v1.invoices.retrieve(str(subscription.latest_invoice))
    assert str(invoice.number) in page(str(invoice.hosted_invoice_url))
    assert "no PDF" in page(str(invoice.invoice_pdf))
    (charge,) = client.v1.charges.list({"customer": str(subscription.customer)})
    assert "20.00 EUR" in page(str(charge.receipt_url))
    assert twin.press(str(invoice.hosted_invoice_url), "pay").status_code == 400, "it is paid"


def test_what_others_wrote_is_escaped(twin: Twin, client: stripe.StripeClient) -> None:
    shop = open_shop(client)
    product = str(client.v1.prices.retrieve(shop.plan).product)
    client.v1.products.update(product, {"name": EVIL})
    url = 'https://app.example/"><script>alert(2)</script>'
    session = buy(client, shop, cancel_url=url)
    twin.press(session.url, "pay")
    subscription = client.v1.subscriptions.list({"customer": shop.customer}).data[0]
    portal = client.v1.billing_portal.sessions.create({"customer": shop.customer, "return_url": url})
    invoice = client.v1.invoices.retrieve(str(subscription.latest_invoice))
    for address in (session.url, portal.url, invoice.hosted_invoice_url):
        text = page(str(address))
        assert ESCAPED in text
        assert "<script" not in text
    answer = httpx.get(f"{twin.url}/pay/<script>alert(1)", timeout=20)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_pages_run_no_scripts(twin: Twin, client: stripe.StripeClient) -> None:
    answer = httpx.get(buy(client, open_shop(client)).url, timeout=20)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def _wait_until_nothing_is_due(file: Path) -> None:
    until = time.monotonic() + 10
    with sqlite3.connect(file) as db:
        while db.execute("select count(*) from deliveries where due_at is not null").fetchone() != (0,):
            assert time.monotonic() < until
            time.sleep(0.02)
