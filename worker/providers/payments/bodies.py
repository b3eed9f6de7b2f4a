"""What is sent to Stripe for each wish. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from worker.providers.payments.shapes import PACK, PLAN, VERSION, WORKSPACE
from worker.providers.payments.states import CheckoutRequest, Interval, SubscriptionState

Body = dict[str, Any]

CUSTOMER_FIELD = "stripe_customer_id"
VALUE_FIELD = "value"


def customer(workspace_id: UUID, name: str, email: str | None) -> Body:
    return {"name": name, "email": email, "metadata": {WORKSPACE: str(workspace_id)}}


def checkout(request: CheckoutRequest) -> Body:
    """The workspace is written on whatever the checkout makes, so that each object can be traced alone.

    Flexible billing, because with classic billing the usage of a metered price that a change of plan takes
    away is never invoiced
    (https://docs.stripe.com/billing/subscriptions/usage-based/manage-billing-setup).
    """
    metadata = {WORKSPACE: str(request.workspace_id)}
    body: Body = {
        "mode": request.mode,
        "customer": request.customer_id,
        "client_reference_id": str(request.reference),
        "line_items": [{"price": request.price_id, "quantity": 1}, *_prices(request.metered_price_ids)],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "metadata": metadata,
    }
    if request.mode == "subscription":
        return body | {"subscription_data": {"metadata": metadata, "billing_mode": {"type": "flexible"}}}
    return body | {"payment_intent_data": {"metadata": metadata}}


def subscription_change(now: SubscriptionState, price_id: str, metered: Sequence[str]) -> Body:
    """Items not named here would stay as they are, so the metered ones that go are deleted one by one."""
    plan: Body = {"price": price_id, "quantity": max(now.quantity, 1)}
    if now.item_id is not None:
        plan["id"] = now.item_id
    gone = [
        {"id": item, "deleted": True} for price, item in now.metered_items.items() if price not in metered
    ]
    new = [price for price in metered if price not in now.metered_items]
    return {"items": [plan, *gone, *_prices(new)], "proration_behavior": "create_prorations"}


def _prices(metered: Sequence[str]) -> list[Body]:
    """Metered prices must come without a quantity."""
    return [{"price": price} for price in metered]


def meter_event(event_name: str, customer_id: str, value: int, identifier: str, at: datetime) -> Body:
    return {
        "event_name": event_name,
        "identifier": identifier,
        "timestamp": int(at.timestamp()),
        "payload": {CUSTOMER_FIELD: customer_id, VALUE_FIELD: str(value)},
    }


def product(name: str, description: str, plan: str | None, version: int | None, pack: str | None) -> Body:
    """Stripe refuses an empty description when it creates a product."""
    metadata = {PACK: pack} if pack else {PLAN: plan, VERSION: str(version)}
    return {"name": name, "description": description or None, "metadata": metadata}


def price(
    product_id: str,
    lookup_key: str,
    currency: str,
    unit_amount: str,
    interval: Interval | None,
    meter_id: str | None,
    replaces: bool,
) -> Body:
    """One-time without interval, else licensed, or metered when there is a meter."""
    body: Body = {
        "product": product_id,
        "lookup_key": lookup_key,
        "currency": currency,
        "unit_amount_decimal": unit_amount,
    }
    if replaces:
        body["transfer_lookup_key"] = True
    if interval is None:
        return body
    usage = {"usage_type": "metered", "meter": meter_id} if meter_id else {"usage_type": "licensed"}
    return body | {"recurring": {"interval": interval, **usage}}


def meter(event_name: str, name: str) -> Body:
    return {
        "event_name": event_name,
        "display_name": name,
        "default_aggregation": {"formula": "sum"},
        "customer_mapping": {"type": "by_id", "event_payload_key": CUSTOMER_FIELD},
        "value_settings": {"event_payload_key": VALUE_FIELD},
    }
