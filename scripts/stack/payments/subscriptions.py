"""Subscriptions: begun by a checkout, read, listed and ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from scripts.stack.payments.account import Account, new_id
from scripts.stack.payments.amounts import period_end
from scripts.stack.payments.cycles import plan_lines, take_pending, usage_lines
from scripts.stack.payments.errors import invalid, missing, not_offline
from scripts.stack.payments.invoice_shapes import Line
from scripts.stack.payments.invoices import bill
from scripts.stack.payments.listing import listed, listing
from scripts.stack.payments.params import Metadata, Params
from scripts.stack.payments.store import Obj

Picks = Iterable[tuple[Obj, int]]
"""Prices with their quantities."""


def start(account: Account, customer: str, picks: Picks, metadata: Metadata) -> Obj:
    """An active subscription from now on, its first period invoiced and paid."""
    picks = list(picks)
    subscription = _new(account, customer, picks[0][0], metadata)
    recurring = picks[0][0]["recurring"]
    end = period_end(account.now, recurring["interval"], recurring["interval_count"], account.now)
    for price, quantity in picks:
        subscription["items"]["data"].append(new_item(account, subscription, price, quantity, end))
    subscription["latest_invoice"] = new_id("in")
    account.save(subscription, "customer.subscription.created")
    bill(
        account,
        subscription,
        plan_lines(account, subscription),
        "subscription_create",
        id=subscription["latest_invoice"],
        since=account.now,
        pays=True,
    )
    return subscription


def new_item(account: Account, subscription: Obj, price: Obj, quantity: int, end: int) -> Obj:
    """From now until the end of the period; an item of a metered price has no quantity."""
    metered = price["recurring"]["usage_type"] == "metered"
    return {
        "id": new_id("si"),
        "object": "subscription_item",
        "created": account.now,
        "current_period_start": account.now,
        "current_period_end": end,
        "discounts": [],
        "metadata": {},
        "price": price["id"],
        **({} if metered else {"quantity": quantity}),
        "subscription": subscription["id"],
        "tax_rates": [],
        "usage_since": account.now,
    }


def check_prices(prices: list[Obj], param: str, present: Collection[str] = ()) -> None:
    """Recurring prices of one currency and one interval, each once, and active unless present already."""
    for price in prices:
        if not price["active"] and price["id"] not in present:
            raise invalid("The price specified is inactive. This field only accepts active prices.", param)
        if not price["recurring"]:
            raise invalid(f"Price {price['id']} is not recurring.", param)
    terms = {(p["currency"], p["recurring"]["interval"], p["recurring"]["interval_count"]) for p in prices}
    if len(terms) > 1:
        raise invalid("All prices of a subscription must share their currency and interval.", param)
    if len({price["id"] for price in prices}) < len(prices):
        raise invalid("A subscription has each price once only.", param)


def list_subscriptions(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/subscriptions/list; without a status those that have not ended."""
    status, price = params.text("status"), params.text("price")

    def keep(subscription: Obj) -> bool:
        if price and all(item["price"] != price for item in subscription["items"]["data"]):
            return False
        if status == "all":
            return True
        ended: bool = subscription["status"] == "canceled"
        if status in (None, "ended"):
            return ended == bool(status)
        found: str = subscription["status"]
        return found == status

    return listed(account, params, "subscription", "/v1/subscriptions", equal=("customer",), keep=keep)


def cancel_subscription(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/subscriptions/cancel: at once; one that has ended is not found any more."""
    subscription = account.get("subscription", id)
    if subscription["status"] == "canceled":
        raise missing("subscription", id)
    if params.flag("prorate"):
        raise not_offline("credit for the unused time of a cancelled subscription", "prorate")
    details = params.group("cancellation_details")
    told = {name: details.text(name) for name in ("comment", "feedback")}
    subscription["cancellation_details"] |= told | {"reason": "cancellation_requested"}
    return end(account, subscription, account.now, with_usage=bool(params.flag("invoice_now")))


def end(account: Account, subscription: Obj, at: int, *, with_usage: bool, pays: bool = True) -> Obj:
    """It is over; usage that was not invoiced yet becomes the last invoice, if it shall."""
    invoice_id, since = new_id("in"), subscription["items"]["data"][0]["current_period_start"]
    lines = _open_lines(account, subscription, at, invoice_id) if with_usage else []
    if lines:
        subscription["latest_invoice"] = invoice_id
        bill(account, subscription, lines, "subscription_cycle", id=invoice_id, since=since, pays=pays)
    subscription |= {"status": "canceled", "ended_at": account.now}
    subscription["canceled_at"] = subscription["canceled_at"] or account.now
    return account.save(subscription, "customer.subscription.deleted")


def _open_lines(account: Account, subscription: Obj, at: int, invoice_id: str) -> list[Line]:
    items = subscription["items"]["data"]
    return [*take_pending(account, subscription), *usage_lines(account, subscription, items, at, invoice_id)]


def delete_customer(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/customers/delete: ends the subscriptions too."""
    customer = account.get("customer", id)
    for subscription in account.all("subscription"):
        if subscription["customer"] == id and subscription["status"] != "canceled":
            end(account, subscription, account.now, with_usage=False)
    account.emit("customer.deleted", customer)
    return account.save({"id": id, "object": "customer", "deleted": True})


def _new(account: Account, customer: str, price: Obj, metadata: Metadata) -> Obj:
    id = new_id("sub")
    return {
        "id": id,
        "object": "subscription",
        "automatic_tax": {"enabled": False, "liability": None, "disabled_reason": None},
        "billing_cycle_anchor": account.now,
        "billing_mode": {"type": "flexible"},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": account.now,
        "currency": price["currency"],
        "customer": customer,
        "days_until_due": None,
        "default_payment_method": None,
        "description": None,
        "discounts": [],
        "ended_at": None,
        "items": listing([], f"/v1/subscription_items?subscription={id}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": metadata,
        "pause_collection": None,
        "pending_update": None,
        "schedule": None,
        "start_date": account.now,
        "status": "active",
        "test_clock": None,
        "trial_end": None,
        "trial_start": None,
    }
