"""What a payment provider says *now* of its objects.

Amounts are integers in the currency's minor unit (cents), times are aware datetimes in UTC, ids are the
provider's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

Interval = Literal["month", "year"]
MeterReceipt = Literal["accepted", "duplicate"]


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """One subscription. Its plan is the item with a licensed price; items of metered prices carry overage."""

    id: str
    customer_id: str
    workspace_id: UUID | None
    status: str
    item_id: str | None
    price_id: str | None
    interval: Interval | None
    quantity: int
    anchor: datetime
    current_period_start: datetime | None
    current_period_end: datetime | None
    cancel_at_period_end: bool
    cancel_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None
    trial_end: datetime | None
    metered_items: dict[str, str] = field(default_factory=dict)
    """Price id → item id of the metered prices."""


@dataclass(frozen=True, slots=True)
class InvoiceState:
    """One invoice; ``overage_amount`` is the sum of its lines of metered prices."""

    id: str
    customer_id: str
    subscription_id: str | None
    number: str | None
    status: str
    billing_reason: str | None
    currency: str
    subtotal: int
    tax: int
    total: int
    overage_amount: int
    amount_due: int
    amount_paid: int
    amount_remaining: int
    period_start: datetime
    period_end: datetime
    hosted_url: str | None
    pdf_url: str | None
    created_at: datetime
    due_at: datetime | None
    paid_at: datetime | None
    attempt_count: int
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class CheckoutState:
    """One checkout session; ``reference`` is the id of our row that asked for it."""

    id: str
    customer_id: str | None
    reference: UUID | None
    mode: str
    status: str
    payment_status: str
    subscription_id: str | None
    payment_id: str | None
    amount_total: int | None
    currency: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentState:
    """One payment (payment intent), with what became of it: refunds and disputes included."""

    id: str
    customer_id: str | None
    invoice_id: str | None
    status: Literal["succeeded", "pending", "failed", "canceled"]
    amount: int
    amount_refunded: int
    currency: str
    failure_code: str | None
    failure_message: str | None
    dispute_status: str | None
    receipt_url: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerState:
    """One customer; a deleted one has nothing but its id."""

    id: str
    deleted: bool
    workspace_id: UUID | None
    email: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class ProductState:
    """One product of the catalogue; ``plan`` and ``version``, or ``pack``, are our metadata."""

    id: str
    active: bool
    deleted: bool
    name: str | None
    description: str | None
    plan: str | None
    version: int | None
    pack: str | None


@dataclass(frozen=True, slots=True)
class PriceState:
    """One price; ``unit_amount`` may have decimals of a minor unit, hence text; ``lookup_key`` is ours."""

    id: str
    active: bool
    deleted: bool
    product_id: str | None
    lookup_key: str | None
    currency: str | None
    unit_amount: str | None
    interval: Interval | None
    metered: bool
    meter_id: str | None


@dataclass(frozen=True, slots=True)
class MeterFault:
    """Why meter events were dropped, as the provider tells it afterwards."""

    event_id: str
    meter_id: str | None
    reason: str
    message: str
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeterState:
    """A usage meter that adds up the events of one name."""

    id: str
    event_name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Hosted:
    """A page of the provider's for one customer."""

    id: str
    url: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What a checkout page sells; the metered prices ride along with a subscription, without a quantity."""

    mode: Literal["subscription", "payment"]
    workspace_id: UUID
    reference: UUID
    customer_id: str
    price_id: str
    metered_price_ids: tuple[str, ...]
    success_url: str
    cancel_url: str
