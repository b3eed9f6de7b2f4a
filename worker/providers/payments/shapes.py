"""From Stripe's JSON to the states of the port. Pure.

Two shapes of the API are read: up to 2025-02-24.acacia, and since 2025-03-31.basil. Basil moved a
subscription's period to its items, `invoice.subscription` into `invoice.parent`, `line.price` into
`line.pricing`, and took `invoice` from payment intents and charges
(https://docs.stripe.com/changelog/basil). References may be ids or expanded objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from worker.providers.payments.states import (
    CheckoutState,
    CustomerState,
    Hosted,
    Interval,
    MeterFault,
    MeterState,
    PaymentState,
    PriceState,
    ProductState,
    SubscriptionState,
)

Json = dict[str, Any]

WORKSPACE = "lamina_workspace"
PLAN = "lamina_plan"
VERSION = "lamina_version"
PACK = "lamina_pack"


def subscription(data: Json, items: Sequence[Json]) -> SubscriptionState:
    """`items` are all of the subscription's, which may be more than came inside it."""
    plan = next((item for item in items if not is_metered(item["price"])), None)
    period = data if data.get("current_period_start") else (plan or (items[0] if items else {}))
    price: Json = plan["price"] if plan else {}
    return SubscriptionState(
        id=data["id"],
        customer_id=required_id(data["customer"]),
        workspace_id=uuid_of(inner(data, "metadata").get(WORKSPACE)),
        status=data["status"],
        item_id=plan["id"] if plan else None,
        price_id=price.get("id"),
        interval=interval_of(price),
        quantity=_quantity(plan),
        anchor=required_moment(data["billing_cycle_anchor"]),
        current_period_start=moment(period.get("current_period_start")),
        current_period_end=moment(period.get("current_period_end")),
        cancel_at_period_end=bool(data.get("cancel_at_period_end")),
        cancel_at=moment(data.get("cancel_at")),
        canceled_at=moment(data.get("canceled_at")),
        ended_at=moment(data.get("ended_at")),
        trial_end=moment(data.get("trial_end")),
        metered_items={item["price"]["id"]: item["id"] for item in items if is_metered(item["price"])},
    )


def _quantity(plan: Json | None) -> int:
    if plan is None:
        return 0
    quantity = plan.get("quantity")
    return 1 if quantity is None else int(quantity)


def checkout(data: Json) -> CheckoutState:
    return CheckoutState(
        id=data["id"],
        customer_id=id_of(data.get("customer")),
        reference=uuid_of(data.get("client_reference_id")),
        mode=data["mode"],
        status=data["status"],
        payment_status=data["payment_status"],
        subscription_id=id_of(data.get("subscription")),
        payment_id=id_of(data.get("payment_intent")),
        amount_total=data.get("amount_total"),
        currency=data.get("currency"),
        expires_at=moment(data.get("expires_at")),
    )


def payment(intent: Json, *, invoice_id: str | None, dispute_status: str | None) -> PaymentState:
    """`intent` carries its latest charge expanded; the failure is that of the last attempt."""
    charge = inner(intent, "latest_charge")
    status = _payment_status(intent)
    failure = {} if status == "succeeded" else inner(intent, "last_payment_error")
    return PaymentState(
        id=intent["id"],
        customer_id=id_of(intent.get("customer")),
        invoice_id=invoice_id,
        status=status,
        amount=intent["amount"],
        amount_refunded=charge.get("amount_refunded") or 0,
        currency=intent["currency"],
        failure_code=failure.get("code"),
        failure_message=failure.get("message"),
        dispute_status=dispute_status,
        receipt_url=charge.get("receipt_url"),
        created_at=required_moment(intent["created"]),
    )


def _payment_status(intent: Json) -> Literal["succeeded", "pending", "failed", "canceled"]:
    """An intent whose last attempt failed waits for another payment method and never says "failed"."""
    status = intent["status"]
    if status in ("succeeded", "canceled"):
        return "succeeded" if status == "succeeded" else "canceled"
    failed = status == "requires_payment_method" and intent.get("last_payment_error")
    return "failed" if failed else "pending"


def customer(data: Json) -> CustomerState:
    return CustomerState(
        id=data["id"],
        deleted=bool(data.get("deleted")),
        workspace_id=uuid_of(inner(data, "metadata").get(WORKSPACE)),
        email=data.get("email"),
        name=data.get("name"),
    )


def product(data: Json) -> ProductState:
    metadata = inner(data, "metadata")
    version = str(metadata.get(VERSION, ""))
    return ProductState(
        id=data["id"],
        active=bool(data.get("active")),
        deleted=bool(data.get("deleted")),
        name=data.get("name"),
        description=data.get("description"),
        plan=metadata.get(PLAN),
        version=int(version) if version.isdecimal() else None,
        pack=metadata.get(PACK),
    )


def price(data: Json) -> PriceState:
    amount = data.get("unit_amount_decimal") or data.get("unit_amount")
    return PriceState(
        id=data["id"],
        active=bool(data.get("active")),
        deleted=bool(data.get("deleted")),
        product_id=id_of(data.get("product")),
        lookup_key=data.get("lookup_key"),
        currency=data.get("currency"),
        unit_amount=None if amount is None else str(amount),
        interval=interval_of(data),
        metered=is_metered(data),
        meter_id=id_of(inner(data, "recurring").get("meter")),
    )


def meter(data: Json) -> MeterState:
    return MeterState(id=data["id"], event_name=data["event_name"], active=data["status"] == "active")


def meter_fault(event: Json) -> MeterFault | None:
    """Of `v1.billing.meter.error_report_triggered` and `…no_meter_found`; None for any other event.

    A dropped event is named by the idempotency key it was sent with, so that must be its identifier.
    """
    kinds = inner(inner(event, "data"), "reason").get("error_types")
    if not kinds:
        return None
    samples = [sample for kind in kinds for sample in kind.get("sample_errors") or ()]
    words = event["data"].get("developer_message_summary") or (samples[0]["error_message"] if samples else "")
    return MeterFault(
        event_id=event["id"],
        meter_id=inner(event, "related_object").get("id"),
        reason=kinds[0]["code"],
        message=words,
        identifiers=tuple(sample["request"]["identifier"] for sample in samples),
    )


def hosted(data: Json) -> Hosted:
    return Hosted(id=data["id"], url=required_text(data["url"]), expires_at=moment(data.get("expires_at")))


def is_metered(price: Any) -> bool:
    return isinstance(price, dict) and inner(price, "recurring").get("usage_type") == "metered"


def interval_of(price: Json) -> Interval | None:
    """None for one-time prices and for rhythms we do not sell, such as every three months."""
    recurring = inner(price, "recurring")
    if recurring.get("interval_count", 1) != 1:
        return None
    interval = recurring.get("interval")
    return interval if interval in ("month", "year") else None


def id_of(value: Any) -> str | None:
    """The id of a reference, be it an id or an expanded object."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and found else None


def required_id(value: Any) -> str:
    """As `id_of`. Raises ValueError when there is none."""
    return required_text(id_of(value))


def required_text(value: Any) -> str:
    """Raises ValueError for anything but a text."""
    if not isinstance(value, str):
        raise ValueError("a text is missing")
    return value


def inner(data: Json, name: str) -> Json:
    """The object of that name, an empty one when it is null, absent or only an id."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def moment(seconds: Any) -> datetime | None:
    return None if seconds is None else required_moment(seconds)


def required_moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def uuid_of(value: Any) -> UUID | None:
    """None for what is not one: objects made by hand in the dashboard carry anything."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
