"""Opens what a payer asked for: a checkout, the portal, a change of plan."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from worker.db.pool import Row
from worker.domains.billing.ports import BillingPorts
from worker.domains.billing.repository import SQL
from worker.domains.billing.rules import FINAL, is_on, kind_of, to_json
from worker.providers.payments.port import Payments
from worker.providers.payments.states import CheckoutRequest, Hosted, SubscriptionState
from worker.runtime.outcome import DONE, Done, Fail, Outcome, Write

NOT_FOR_SALE = Fail("billing.not_for_sale", "This has no price at the payment provider any more.")
ALREADY = Fail("billing.already_subscribed", "This workspace has a subscription already.")
NO_SUBSCRIPTION = Fail("billing.not_subscribed", "This workspace has no subscription to change.")


async def open_session(ports: BillingPorts, session_id: UUID) -> Outcome:
    """Raises ProviderError; the session's id makes the provider do each thing once."""
    session = await ports.db.one(SQL["get_session"], {"session_id": session_id})
    if session is None or session["status"] not in ("pending", "failed"):
        return DONE
    if session["kind"] == "portal":
        return await _portal(ports, session)
    if session["price_id"] is None:
        return NOT_FOR_SALE
    return await (_change if session["kind"] == "change" else _checkout)(ports, session)


async def _portal(ports: BillingPorts, session: Row) -> Outcome:
    page = await ports.payments.create_portal(
        customer_id=await _customer(ports, session),
        return_url=session["success_url"],
        idempotency_key=f"portal-{session['id']}",
    )
    return Done(_ended(session, "open", page))


async def _checkout(ports: BillingPorts, session: Row) -> Outcome:
    is_plan = session["kind"] == "checkout"
    if is_plan and session["stripe_subscription_id"] is not None:
        return ALREADY
    for stale in session["stale"]:
        if await _was_bought(ports.payments, stale):
            return ALREADY
    request = CheckoutRequest(
        mode="subscription" if is_plan else "payment",
        workspace_id=session["workspace_id"],
        reference=session["id"],
        customer_id=await _customer(ports, session),
        price_id=session["price_id"],
        metered_price_ids=tuple(session["metered_price_ids"]) if is_plan else (),
        success_url=session["success_url"],
        cancel_url=session["cancel_url"],
    )
    page = await ports.payments.create_checkout(request, idempotency_key=f"checkout-{session['id']}")
    return Done(_ended(session, "open", page))


async def close_checkout(payments: Payments, checkout_id: str) -> None:
    """Of a workspace that is gone: nothing is to be paid on it, and what was just bought ends."""
    bought = await _close(payments, checkout_id)
    if bought is not None:
        await payments.cancel_subscription(bought, idempotency_key=f"cancel-{bought}")


async def _was_bought(payments: Payments, checkout_id: str) -> bool:
    """Whether an older page has led to a subscription that we have not heard of yet."""
    subscription_id = await _close(payments, checkout_id)
    bought = None if subscription_id is None else await payments.subscription(subscription_id)
    return bought is not None and bought.status not in FINAL


async def _close(payments: Payments, checkout_id: str) -> str | None:
    """The subscription that was bought on the page; closed first, so that what is true then stays true."""
    await payments.expire_checkout(checkout_id)
    page = await payments.checkout(checkout_id)
    return None if page is None else page.subscription_id


async def _change(ports: BillingPorts, session: Row) -> Outcome:
    """Read again afterwards: the change is in force when the session says complete, event or not.

    An attempt that was cut off may have made the change. Then it is not asked for again: with other items to
    begin from it would be another request under the same key.
    """
    running = await _subscription(ports, session)
    if running is None or running.status in FINAL:
        return NO_SUBSCRIPTION
    if not is_on(running, session["price_id"], session["metered_price_ids"]):
        await ports.payments.change_subscription(
            running,
            price_id=session["price_id"],
            metered_price_ids=session["metered_price_ids"],
            idempotency_key=f"change-{session['id']}",
        )
    clock = await ports.db.one(SQL["read_clock"], {})
    assert clock is not None
    changed = await _subscription(ports, session)
    return Done(_changed(session, changed or running, clock["now"]))


async def _subscription(ports: BillingPorts, session: Row) -> SubscriptionState | None:
    subscription_id = session["stripe_subscription_id"]
    return None if subscription_id is None else await ports.payments.subscription(subscription_id)


async def _customer(ports: BillingPorts, session: Row) -> str:
    """The workspace's customer, made at its first payment."""
    if session["customer_id"] is not None:
        return str(session["customer_id"])
    made = await ports.payments.create_customer(
        workspace_id=session["workspace_id"],
        name=session["workspace_name"],
        email=session["email"],
        idempotency_key=f"customer-{session['id']}",
    )
    saved = await ports.db.one(
        SQL["save_customer"], {"workspace_id": session["workspace_id"], "customer_id": made.id}
    )
    return str(saved["customer_id"]) if saved else made.id


def _ended(session: Row, status: str, page: Hosted | None) -> Write:
    parameters = {
        "session_id": session["id"],
        "stripe_session_id": page.id if page else None,
        "url": page.url if page else None,
        "expires_at": page.expires_at if page else None,
        "status": status,
    }

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["session_opened"], parameters)

    return write


def _changed(session: Row, state: SubscriptionState, observed_at: datetime) -> Write:
    complete = _ended(session, "complete", None)
    parameters = {"kind": kind_of(state), "state": Jsonb(to_json(state)), "observed_at": observed_at}

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["apply_state"], parameters)
        await complete(connection)

    return write
