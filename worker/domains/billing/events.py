"""An event tells that something changed; what it is now is read from the provider and written at once."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from worker.domains.billing.ports import BillingPorts
from worker.domains.billing.repository import SQL
from worker.domains.billing.rules import State, kind_of, to_json
from worker.providers.payments.port import Payments
from worker.runtime.outcome import DONE, Done, Outcome


async def apply_event(ports: BillingPorts, event_id: str) -> Outcome:
    """Reads what the event is about, unless a later reading is there already. Raises ProviderError."""
    event = await ports.db.one(SQL["begin_event"], {"event_id": event_id})
    if event is None or event["skip"]:
        return DONE
    states = await read(ports.payments, event["object_type"], event["object_id"])
    parameters = {
        "event_id": event_id,
        "states": Jsonb([{"kind": kind_of(state), "state": to_json(state)} for state in states]),
        "observed_at": event["observed_at"],
    }

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["apply_event"], parameters)

    return Done(write)


async def read(payments: Payments, object_type: str, object_id: str) -> list[State]:
    """What there is to write for an object, in that order; empty when the provider has it no more."""
    if object_type == "checkout":
        return await _checkout(payments, object_id)
    readers = {
        "subscription": payments.subscription,
        "invoice": payments.invoice,
        "payment": payments.payment,
        "customer": payments.customer,
        "product": payments.product,
        "price": payments.price,
        "meter_fault": payments.meter_fault,
    }
    state: State | None = await readers[object_type](object_id)
    return [] if state is None else [state]


async def _checkout(payments: Payments, checkout_id: str) -> list[State]:
    """A session and what came of it: whoever comes back from the page finds the plan in force."""
    session = await payments.checkout(checkout_id)
    if session is None:
        return []
    states: list[State | None] = []
    if session.subscription_id is not None:
        states.append(await payments.subscription(session.subscription_id))
    if session.payment_id is not None:
        states.append(await payments.payment(session.payment_id))
    return [state for state in (*states, session) if state is not None]
