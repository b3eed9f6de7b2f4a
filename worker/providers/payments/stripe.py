"""Payments by Stripe, and by anything that speaks its API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from worker.errors import ProviderRejected
from worker.providers.payments import bodies, invoices, shapes
from worker.providers.payments.refusals import NOT_FOUND, StripeRejected, too_old
from worker.providers.payments.states import (
    CheckoutRequest,
    CheckoutState,
    CustomerState,
    Hosted,
    InvoiceState,
    MeterFault,
    MeterReceipt,
    PaymentState,
    PriceState,
    ProductState,
    SubscriptionState,
)
from worker.providers.payments.wire import Json, Wire, at, find, pages, reading, whole

State = TypeVar("State")

_CHECKOUTS = "/v1/checkout/sessions"
_PART_OF_PAYMENT = {
    "ch": "/v1/charges",
    "py": "/v1/charges",
    "re": "/v1/refunds",
    "pyr": "/v1/refunds",
    "dp": "/v1/disputes",
    "du": "/v1/disputes",
}


class StripePayments:
    """See the port; `offline` when the wire leads to a stand-in that moves no money."""

    def __init__(self, wire: Wire, *, name: str = "stripe", offline: bool = False) -> None:
        self.name = name
        self.offline = offline
        self._wire = wire
        self._metered: dict[str, bool] = {}

    async def create_customer(
        self, *, workspace_id: UUID, name: str, email: str | None, idempotency_key: str
    ) -> CustomerState:
        body = bodies.customer(workspace_id, name, email)
        made = await self._wire.call("post", "/v1/customers", body, key=idempotency_key)
        return _read(shapes.customer, made)

    async def create_checkout(self, request: CheckoutRequest, *, idempotency_key: str) -> Hosted:
        made = await self._wire.call("post", _CHECKOUTS, bodies.checkout(request), key=idempotency_key)
        return _read(shapes.hosted, made)

    async def expire_checkout(self, checkout_id: str) -> None:
        """Stripe refuses for a page that is not open, without a code: then the page itself is asked."""
        try:
            await self._wire.call("post", f"{at(_CHECKOUTS, checkout_id)}/expire")
        except ProviderRejected:
            now = await self.checkout(checkout_id)
            if now is not None and now.status == "open":
                raise

    async def create_portal(self, *, customer_id: str, return_url: str, idempotency_key: str) -> Hosted:
        body = {"customer": customer_id, "return_url": return_url}
        made = await self._wire.call("post", "/v1/billing_portal/sessions", body, key=idempotency_key)
        return _read(shapes.hosted, made)

    async def change_subscription(
        self,
        subscription: SubscriptionState,
        *,
        price_id: str,
        metered_price_ids: Sequence[str],
        idempotency_key: str,
    ) -> None:
        body = bodies.subscription_change(subscription, price_id, metered_price_ids)
        await self._wire.call("post", at("/v1/subscriptions", subscription.id), body, key=idempotency_key)

    async def cancel_subscription(self, subscription_id: str, *, idempotency_key: str) -> None:
        """Usage so far is invoiced. Asked a second time, Stripe does not know the subscription any more."""
        path, body = at("/v1/subscriptions", subscription_id), {"invoice_now": True}
        try:
            await self._wire.call("delete", path, body, key=idempotency_key)
        except ProviderRejected as error:
            if error.code != NOT_FOUND:
                raise

    async def send_meter_event(
        self, *, event_name: str, customer_id: str, value: int, identifier: str, at: datetime
    ) -> MeterReceipt:
        """The identifier is the idempotency key too: faults found later name the event by that key."""
        body = bodies.meter_event(event_name, customer_id, value, identifier, at)
        try:
            await self._wire.call("post", "/v1/billing/meter_events", body, key=identifier)
        except StripeRejected as error:
            if error.is_duplicate_event:
                return "duplicate"
            if error.is_too_old_event:
                raise too_old() from error
            raise
        return "accepted"

    async def subscription(self, subscription_id: str) -> SubscriptionState | None:
        data = await find(self._wire, "/v1/subscriptions", subscription_id)
        return None if data is None else await self._subscription(data)

    async def invoice(self, invoice_id: str) -> InvoiceState | None:
        data = await find(self._wire, "/v1/invoices", invoice_id)
        return None if data is None or data.get("deleted") else await self._invoice(data)

    async def checkout(self, checkout_id: str) -> CheckoutState | None:
        return _read_or_none(shapes.checkout, await find(self._wire, _CHECKOUTS, checkout_id))

    async def payment(self, payment_id: str) -> PaymentState | None:
        intent_id = await self._intent_of(payment_id)
        expand = {"expand": ["latest_charge"]}
        intent = await find(self._wire, "/v1/payment_intents", intent_id, expand) if intent_id else None
        if intent is None:
            return None
        invoice_id, dispute = await self._invoice_of(intent), await self._dispute_of(intent)
        with reading():
            return shapes.payment(intent, invoice_id=invoice_id, dispute_status=dispute)

    async def customer(self, customer_id: str) -> CustomerState | None:
        return _read_or_none(shapes.customer, await find(self._wire, "/v1/customers", customer_id))

    async def product(self, product_id: str) -> ProductState | None:
        return _read_or_none(shapes.product, await find(self._wire, "/v1/products", product_id))

    async def price(self, price_id: str) -> PriceState | None:
        return _read_or_none(shapes.price, await find(self._wire, "/v1/prices", price_id))

    async def meter_fault(self, event_id: str) -> MeterFault | None:
        return _read_or_none(shapes.meter_fault, await find(self._wire, "/v2/core/events", event_id))

    async def subscriptions(self) -> AsyncIterator[SubscriptionState]:
        async for data in pages(self._wire, "/v1/subscriptions", {"status": "all"}):
            yield await self._subscription(data)

    async def invoices(self, *, since: datetime) -> AsyncIterator[InvoiceState]:
        query = {"created": {"gte": int(since.timestamp())}}
        async for data in pages(self._wire, "/v1/invoices", query):
            yield await self._invoice(data)

    async def close(self) -> None:
        await self._wire.close()

    async def _subscription(self, data: Json) -> SubscriptionState:
        items = await whole(self._wire, shapes.inner(data, "items"))
        with reading():
            return shapes.subscription(data, items)

    async def _invoice(self, data: Json) -> InvoiceState:
        lines = await whole(self._wire, shapes.inner(data, "lines"))
        with reading():
            asked = invoices.prices_to_look_up(lines) - self._metered.keys()
        for price_id in sorted(asked):
            await self._learn(price_id)
        with reading():
            return invoices.invoice(data, overage_amount=invoices.overage(lines, self._metered))

    async def _learn(self, price_id: str) -> None:
        """Whether a price is metered, which never changes: asked once for the life of this adapter.

        Since basil a line has the price's id only. Expanding `lines.data.pricing.price_details.price` would
        save this request, but it is more than the four levels that Stripe promises to expand, more still in
        a list, and would send the same few prices with every invoice.
        """
        price = await self.price(price_id)
        self._metered[price_id] = price is not None and price.metered

    async def _intent_of(self, payment_id: str) -> str | None:
        """The payment intent behind a charge, refund or dispute; old ones know their charge only."""
        kind = payment_id.partition("_")[0]
        if kind == "pi":
            return payment_id
        collection = _PART_OF_PAYMENT.get(kind)
        data = await find(self._wire, collection, payment_id) if collection else None
        if data is None:
            return None
        intent, charge = shapes.id_of(data.get("payment_intent")), shapes.id_of(data.get("charge"))
        return await self._intent_of(charge) if intent is None and charge is not None else intent

    async def _invoice_of(self, intent: Json) -> str | None:
        """On the intent or its charge before basil; since then invoices and payments meet in a list."""
        charge = shapes.inner(intent, "latest_charge")
        if "invoice" in intent or "invoice" in charge:
            return shapes.id_of(intent.get("invoice")) or shapes.id_of(charge.get("invoice"))
        payment = {"type": "payment_intent", "payment_intent": intent["id"]}
        found = await self._first("/v1/invoice_payments", {"payment": payment})
        return shapes.id_of(found.get("invoice"))

    async def _dispute_of(self, intent: Json) -> str | None:
        """The status of the newest dispute; a charge only says that there is one."""
        if not shapes.inner(intent, "latest_charge").get("disputed"):
            return None
        found = await self._first("/v1/disputes", {"payment_intent": intent["id"]})
        return found.get("status")

    async def _first(self, path: str, query: Json) -> Json:
        """The first of a list, which is the newest; an empty object when there is none."""
        page = await self._wire.call("get", path, {**query, "limit": 1})
        with reading():
            items: list[Json] = page["data"]
        return items[0] if items else {}


def _read(shape: Callable[[Json], State], data: Json) -> State:
    with reading():
        return shape(data)


def _read_or_none(shape: Callable[[Json], State], data: Json | None) -> State | None:
    return None if data is None else _read(shape, data)
