"""Decisions of the billing domain: pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from worker.providers.payments.states import (
    CheckoutState,
    CustomerState,
    InvoiceState,
    MeterFault,
    PaymentState,
    PriceState,
    ProductState,
    SubscriptionState,
)

State = (
    SubscriptionState
    | InvoiceState
    | CheckoutState
    | PaymentState
    | CustomerState
    | ProductState
    | PriceState
    | MeterFault
)
Row = Mapping[str, Any]

FINAL = ("canceled", "incomplete_expired")

KINDS: dict[type[Any], str] = {
    SubscriptionState: "subscription",
    InvoiceState: "invoice",
    CheckoutState: "checkout",
    PaymentState: "payment",
    CustomerState: "customer",
    ProductState: "product",
    PriceState: "price",
    MeterFault: "meter_fault",
}


def kind_of(state: State) -> str:
    """The word the database knows the state by."""
    return KINDS[type(state)]


def to_json(state: State) -> dict[str, Any]:
    """Times and uuids as text, everything else as it is."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(state), default=_text))
    return plain


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"no text for {type(value).__name__}")


def is_on(subscription: SubscriptionState, price_id: str, metered_price_ids: Collection[str]) -> bool:
    """Whether it is sold at this price, with the overage of exactly these."""
    return subscription.price_id == price_id and subscription.metered_items.keys() == set(metered_price_ids)


def meter_event_name(metric: str) -> str:
    """The provider's meters add up the events of one name."""
    return f"lamina_{metric}"


def meter_identifier(workspace_id: UUID, ledger_id: int) -> str:
    """The ledger's entry, told apart from that of another database by the workspace."""
    return f"{workspace_id}-{ledger_id}"


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between our rows and the provider's objects; ``ours`` None: we do not have it."""

    object_id: str
    kind: str
    ours: str | None
    theirs: str | None
    mended: bool = False


def subscription_drift(ours: Row | None, theirs: SubscriptionState) -> Drift | None:
    """The first thing that differs, None when nothing does. One that ended before we knew it is no drift."""
    if ours is None:
        ended = theirs.status in FINAL
        return None if ended else Drift(theirs.id, "subscription.missing", None, theirs.status)
    if ours["status"] != theirs.status:
        return Drift(theirs.id, "subscription.status", ours["status"], theirs.status)
    if theirs.status in FINAL:
        return None
    if theirs.price_id not in ours["price_ids"]:
        return Drift(theirs.id, "subscription.price", ", ".join(ours["price_ids"]), theirs.price_id)
    for name in ("current_period_end", "cancel_at_period_end"):
        if ours[name] != getattr(theirs, name):
            return Drift(theirs.id, f"subscription.{name}", str(ours[name]), str(getattr(theirs, name)))
    return None if ours["in_force"] else Drift(theirs.id, "subscription.plan", "not in force", "in force")


def invoice_drift(ours: Row | None, theirs: InvoiceState) -> Drift | None:
    """The first thing that differs, None when nothing does."""
    if ours is None:
        return Drift(theirs.id, "invoice.missing", None, theirs.status)
    for name in ("status", "total", "amount_paid", "amount_remaining"):
        if ours[name] != getattr(theirs, name):
            return Drift(theirs.id, f"invoice.{name}", str(ours[name]), str(getattr(theirs, name)))
    return None


def checkout_drift(theirs: CheckoutState | None) -> Drift | None:
    """Of a page that waits to be paid as far as we know. Late money may come on one that is complete."""
    if theirs is None or theirs.status == "open":
        return None
    if theirs.status == "complete" and theirs.payment_status == "unpaid":
        return None
    return Drift(theirs.id, "checkout.status", "open", theirs.status)
