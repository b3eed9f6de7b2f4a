"""What Stripe says of its objects, as the worker hands it to the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.support.database import Cursor, Database
from worker.domains.billing.rules import State, kind_of, to_json
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

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
"""When these things were read, but for tests that say otherwise."""

SUBSCRIPTION = SubscriptionState(
    "sub_1", "cus_1", None, "active", "si_1", "price_starter", "month", 1, NOON, NOON,
    NOON + timedelta(days=31), False, None, None, None, None,
)  # fmt: skip
INVOICE = InvoiceState(
    "in_1", "cus_1", "sub_1", "LAM-1", "paid", "subscription_create", "usd", 2900, 0, 2900, 0, 2900, 2900, 0,
    NOON, NOON + timedelta(days=31), "https://pay.example/in_1", None, NOON, None, NOON, 1, None,
)  # fmt: skip
PAYMENT = PaymentState(
    "pi_1", "cus_1", "in_1", "succeeded", 2900, 0, "usd", None, None, None, None, NOON
)  # fmt: skip
CHECKOUT = CheckoutState(
    "cs_1", "cus_1", None, "payment", "complete", "paid", None, "pi_1", 900, "usd", NOON + timedelta(days=1)
)
CUSTOMER = CustomerState("cus_1", False, None, "owner@example.test", "The cast")
PRICE = PriceState(
    "price_starter",
    True,
    False,
    "prod_starter",
    "lamina_starter_v1_month",
    "usd",
    "2900",
    "month",
    False,
    None,
)
PRODUCT = ProductState("prod_starter", True, False, "Starter", None, "starter", 1, None)
FAULT = MeterFault("evt_fault", "mtr_1", "meter_event_no_customer_defined", "There is no such customer.", ())


def of(state: Any, **changes: Any) -> Any:
    """The same, but for that."""
    return replace(state, **changes)


def tell(cursor: Cursor, state: State, at: datetime = NOON) -> str:
    """One state, as it was read from then on; applied, superseded or unknown."""
    row = cursor.execute(
        "select app.apply_stripe_state(%s, %s, %s)", (kind_of(state), Jsonb(to_json(state)), at)
    ).fetchone()
    assert row is not None
    return str(row[0])


def apply(db: Database, state: State, at: datetime = NOON) -> str:
    """The same in a transaction of its own."""
    with db.as_worker() as cursor:
        return tell(cursor, state, at)


def apply_event(db: Database, event_id: str, *states: State, at: datetime | None = None) -> str:
    """What was read for an event; ``at`` is now unless told otherwise."""
    wrapped = Jsonb([{"kind": kind_of(state), "state": to_json(state)} for state in states])
    with db.as_worker() as cursor:
        row = cursor.execute(
            "select app.apply_stripe_event(%s, %s, coalesce(%s, clock_timestamp()))", (event_id, wrapped, at)
        ).fetchone()
    assert row is not None
    return str(row[0])


def receive(db: Database, event: object) -> str:
    """As the webhook door stores an event."""
    with db.as_service() as cursor:
        row = cursor.execute("select public.receive_stripe_event(%s)", (Jsonb(event),)).fetchone()
    assert row is not None
    return str(row[0])


def price_id(plan: str, interval: str = "month") -> str:
    return f"price_{plan}_{interval}"


def sell_everything(db: Database) -> None:
    """Prices of the whole price list, as `lamina plans push` records them."""
    db.admin.execute(
        "insert into app.stripe_prices (price_id, product_id, plan_version_id, billing_interval)"
        " select format('price_%s_%s', v.plan, i), 'prod_' || v.plan, v.id, i"
        " from public.plan_versions as v, unnest('{month,year}'::text[]) as i where v.monthly_amount > 0"
    )
    db.admin.execute(
        "insert into app.stripe_prices (price_id, product_id, pack)"
        " select 'price_' || k.pack, 'prod_' || k.pack, k.pack from public.credit_packs as k"
    )


def add_customer(db: Database, workspace_id: UUID, customer_id: str = "cus_1") -> None:
    """The workspace's customer, as the worker saves one."""
    with db.as_worker() as cursor:
        cursor.execute("select app.save_customer(%s, %s)", (workspace_id, customer_id))
