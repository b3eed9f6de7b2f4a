"""How the offline twin speaks: keys, errors, idempotency, lists, expansion, and meters."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from scripts.stack.payments import API_VERSION
from scripts.stack.payments.server import is_local
from tests.support.offline_stripe import Twin, buy, open_shop, running_twin, subscribe

DAY = 24 * 3600


@pytest.fixture
def twin(tmp_path: Path, free_port: int) -> Iterator[Twin]:
    with running_twin(tmp_path / "stripe.sqlite3", free_port) as twin:
        yield twin


@pytest.fixture
def client(twin: Twin) -> stripe.StripeClient:
    return twin.client()


def meter_event(client: stripe.StripeClient, customer: str, identifier: str, **more: Any) -> Any:
    payload = {"stripe_customer_id": customer, "value": "3"}
    return client.v1.billing.meter_events.create(
        {"event_name": "words", "identifier": identifier, "payload": payload, **more}
    )


def test_it_speaks_the_version_of_the_sdk(twin: Twin) -> None:
    assert stripe.api_version == API_VERSION
    with twin.http(**{"stripe-version": "2024-06-20"}) as http:
        answer = http.get("/v1/customers")
    assert answer.status_code == 400
    assert API_VERSION in answer.json()["error"]["message"]


@pytest.mark.parametrize("key", ["sk_test_offline_another_one_of_enough_length", "x"])
def test_another_key_is_refused(twin: Twin, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        twin.client(key).v1.customers.list()
    assert refused.value.http_status == 401
    assert key not in str(refused.value)


@pytest.mark.parametrize("path", ["/v1/subscriptions/sub_x", "/v1/invoices/cus_x", "/v2/core/events/evt_x"])
def test_an_unknown_id(client: stripe.StripeClient, path: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("get", path)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_an_id_of_another_kind_is_unknown(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"name": "Ada"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.products.retrieve(customer.id)
    assert refused.value.code == "resource_missing"


def test_an_unknown_id_in_a_parameter(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.prices.create({"product": "prod_x", "currency": "eur", "unit_amount": 5})
    error = refused.value
    assert (error.http_status, error.code, error.param) == (400, "resource_missing", "product")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"name": "A", "colour": "red"}, "parameter_unknown", "colour"),
        ({"name": "A", "metadata": {"a": {"b": "c"}}}, None, "metadata[a]"),
        ({}, "parameter_missing", "name"),
        ({"name": "A", "active": "perhaps"}, None, "active"),
        ({"name": "A", "description": ""}, "parameter_invalid_empty", "description"),
        ({"name": "A", "url": "javascript:alert(1)"}, "url_invalid", "url"),
    ],
)
def test_bad_parameters(client: stripe.StripeClient, body: Any, code: str | None, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("post", "/v1/products", **body)
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)
    assert list(client.v1.products.list()) == [], "nothing of a refused request stays"


def test_an_unknown_address(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("get", "/v1/coupons")
    assert refused.value.http_status == 404
    assert refused.value.code is None, "it must not look like a missing object"


def test_the_same_key_answers_the_same(client: stripe.StripeClient) -> None:
    first = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})
    again = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.last_response.headers
    assert len(list(client.v1.customers.list())) == 1


def test_the_same_key_for_something_else_is_refused(client: stripe.StripeClient) -> None:
    client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.products.create({"name": "Ada"}, {"idempotency_key": "k1"})


def test_a_refused_request_does_not_use_up_its_key(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.products.create({"name": ""}, {"idempotency_key": "k1"})
    assert client.v1.products.create({"name": "A"}, {"idempotency_key": "k1"}).name == "A"


def test_metadata_is_merged(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"metadata": {"a": "1", "b": "2", "3": "c"}})
    changed = client.v1.customers.update(customer.id, {"metadata": {"a": "", "d": "4"}})
    assert changed.metadata.to_dict() == {"b": "2", "3": "c", "d": "4"}
    assert client.v1.customers.update(customer.id, {"metadata": ""}).metadata.to_dict() == {}


def test_lists_come_in_pages_newest_first(client: stripe.StripeClient) -> None:
    made = [client.v1.products.create({"name": str(number)}).id for number in range(7)]
    first = client.v1.products.list({"limit": 3})
    assert [product.id for product in first.data] == made[:3:-1]
    assert first.has_more is True
    assert [product.id for product in first.auto_paging_iter()] == made[::-1]
    back = client.v1.products.list({"limit": 2, "ending_before": made[3]})
    assert [product.id for product in back.data] == [made[5], made[4]]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.products.list({"limit": 101})


def test_filters(twin: Twin, client: stripe.StripeClient) -> None:
    shop = open_shop(client)
    client.v1.prices.update(shop.bigger, {"active": False})
    found = client.v1.prices.list({"lookup_keys": ["small", "big"], "active": True})
    assert [price.id for price in found] == [shop.plan]
    assert list(client.v1.invoices.list({"created": {"gte": 1}})) == [], "also when there is none"
    subscription = subscribe(twin, client, shop)
    now = int(time.time())
    assert len(list(client.v1.invoices.list({"created": {"gte": now - 60}, "customer": shop.customer}))) == 1
    assert list(client.v1.invoices.list({"created": {"lt": now - 60}})) == []
    assert [s.id for s in client.v1.subscriptions.list({"price": shop.usage})] == [subscription.id]
    assert list(client.v1.subscriptions.list({"price": shop.bigger})) == []


def test_lookup_keys_belong_to_one_price(client: stripe.StripeClient) -> None:
    shop = open_shop(client)
    product = str(client.v1.prices.retrieve(shop.plan).product)
    new: Any = {"product": product, "currency": "eur", "unit_amount": 2500, "lookup_key": "small"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.prices.create(new)
    assert refused.value.param == "lookup_key"
    moved = client.v1.prices.create(new | {"transfer_lookup_key": True})
    assert moved.lookup_key == "small"
    assert client.v1.prices.retrieve(shop.plan).lookup_key is None


def test_amounts_keep_their_decimals(client: stripe.StripeClient) -> None:
    shop = open_shop(client)
    usage, plan = client.v1.prices.retrieve(shop.usage), client.v1.prices.retrieve(shop.plan)
    assert (str(usage.unit_amount_decimal), usage.unit_amount) == ("0.5", None)
    assert (str(plan.unit_amount_decimal), plan.unit_amount) == ("2000", 2000)


def test_expansion(twin: Twin, client: stripe.StripeClient) -> None:
    shop = open_shop(client)
    subscription = subscribe(twin, client, shop)
    expand = ["latest_invoice.payments", "customer", "items.data.price.product"]
    full: Any = client.v1.subscriptions.retrieve(subscription.id, {"expand": expand})
    assert full.customer.id == shop.customer
    assert full.latest_invoice.payments.data[0].payment.type == "payment_intent"
    assert full["items"].data[0].price.product.name == "Small"
    plain: Any = client.v1.invoices.retrieve(full.latest_invoice.id)
    assert "payments" not in plain.to_dict(), "such lists come only when asked for"
    listed: Any = client.v1.invoices.list({"expand": ["data.customer"]})
    assert listed.data[0].customer.email == "ada@example.com"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.subscriptions.retrieve(subscription.id, {"expand": ["colour"]})


def test_what_a_checkout_sells_comes_when_asked_for(client: stripe.StripeClient) -> None:
    shop = open_shop(client)
    session = buy(client, shop)
    assert "line_items" not in session.to_dict()
    full: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    sold = [(line.price.id, line.quantity, line.amount_total) for line in full.line_items.data]
    assert sold == [(shop.plan, 1, 2000), (shop.usage, None, 0)]
    assert [line.price.id for line in client.v1.checkout.sessions.line_items.list(session.id)] == [
        shop.plan,
        shop.usage,
    ]


def test_a_payment_finds_its_invoice(twin: Twin, client: stripe.StripeClient) -> None:
    subscription = subscribe(twin, client, open_shop(client))
    (payment,) = client.v1.invoice_payments.list({"invoice": str(subscription.latest_invoice)})
    intent = str(payment.payment.payment_intent)
    query: Any = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    assert [found.invoice for found in client.v1.invoice_payments.list(query)] == [
        subscription.latest_invoice
    ]
    query["payment"]["payment_intent"] = "pi_x"
    assert list(client.v1.invoice_payments.list(query)) == []


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"line_items": []}, "line_items"),
        ({"mode": "setup"}, "mode"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"customer": "cus_x"}, "customer"),
        ({"expires_at": 1}, "expires_at"),
        ({"allow_promotion_codes": True}, "allow_promotion_codes"),
        ({"subscription_data": {"trial_period_days": 7}}, "subscription_data[trial_period_days]"),
    ],
)
def test_checkouts_that_cannot_be(client: stripe.StripeClient, change: Any, param: str) -> None:
    shop = open_shop(client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        buy(client, shop, **change)
    assert refused.value.param == param
    assert list(client.v1.checkout.sessions.list()) == []


@pytest.mark.parametrize("flaw", ["archived", "metered with quantity", "mixed intervals", "mixed modes"])
def test_prices_that_cannot_be_sold(client: stripe.StripeClient, flaw: str) -> None:
    shop = open_shop(client)
    sold: Any = [{"price": shop.plan, "quantity": 1}, {"price": shop.usage}]
    if flaw == "archived":
        client.v1.prices.update(shop.plan, {"active": False})
    elif flaw == "metered with quantity":
        sold[1]["quantity"] = 1
    else:
        sold.append({"price": shop.yearly if flaw == "mixed intervals" else shop.pack, "quantity": 1})
    with pytest.raises(stripe.InvalidRequestError):
        buy(client, shop, line_items=sold)


def test_meter_events_count_once(client: stripe.StripeClient) -> None:
    shop = open_shop(client)
    assert meter_event(client, shop.customer, "a").identifier == "a"
    with pytest.raises(stripe.InvalidRequestError, match="already exists with identifier a") as refused:
        meter_event(client, shop.customer, "a")
    assert (refused.value.http_status, refused.value.code) == (400, None)


@pytest.mark.parametrize(
    ("seconds", "code"), [(-36 * DAY, "timestamp_too_far_in_past"), (600, "timestamp_in_future")]
)
def test_meter_events_of_another_time(client: stripe.StripeClient, seconds: int, code: str) -> None:
    shop = open_shop(client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        meter_event(client, shop.customer, "a", timestamp=int(time.time()) + seconds)
    assert (refused.value.code, refused.value.param) == (code, "timestamp")


@pytest.mark.parametrize("seconds", [-34 * DAY, 200])
def test_meter_events_near_now(client: stripe.StripeClient, seconds: int) -> None:
    at = int(time.time()) + seconds
    assert meter_event(client, open_shop(client).customer, "a", timestamp=at).timestamp == at


@pytest.mark.parametrize("value", ["1.5", "-1", "many", ""])
def test_meter_events_are_whole_numbers(client: stripe.StripeClient, value: str) -> None:
    payload = {"stripe_customer_id": open_shop(client).customer, "value": value}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.billing.meter_events.create({"event_name": "words", "payload": payload})


def test_meter_events_of_nobody_are_reported_by_a_thin_event(twin: Twin, client: stripe.StripeClient) -> None:
    open_shop(client)
    assert meter_event(client, "cus_x", "lost").identifier == "lost"
    twin.receiver.wait(lambda _: any(b"v2.core.event" in body for body, _ in twin.receiver.requests))
    body, signature = next(each for each in twin.receiver.requests if b"v2.core.event" in each[0])
    told = client.parse_event_notification(body, signature, "whsec_offline_for_tests")
    assert told.type == "v1.billing.meter.error_report_triggered"
    assert b"meter_event_customer_not_found" not in body, "its data has to be fetched"
    event: Any = told.fetch_event()
    (fault,) = event.data.reason.error_types
    assert (fault.code, fault.error_count) == ("meter_event_customer_not_found", 1)
    meter: Any = told.fetch_related_object()  # type: ignore[attr-defined]
    assert meter.event_name == "words"


def test_the_controls_need_the_key_and_check_what_they_are_given(twin: Twin) -> None:
    with twin.http(authorization="Bearer nobody") as http:
        assert http.post("/offline/advance", json={"subscription": "sub_x"}).status_code == 401
    with twin.http() as http:
        assert http.post("/offline/advance", json={"subscription": "sub_x"}).status_code == 400
        assert http.post("/offline/resend", json={"event": "evt_x"}).status_code == 400
        assert http.post(
            "/offline/advance", content=b"[1]", headers={"content-type": "application/json"}
        ).json() == {"error": {"type": "invalid_request_error", "message": "The body must be a JSON object."}}


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("192.168.0.7", False),
        ("0.0.0.0", False),
        (None, False),
        ("", False),
    ],
)
def test_the_controls_are_for_this_machine(address: str | None, local: bool) -> None:
    assert is_local(address) is local
