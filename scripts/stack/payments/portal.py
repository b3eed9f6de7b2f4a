"""The customer portal: what its page shows and does."""

from __future__ import annotations

import secrets

from scripts.stack.payments.account import Account
from scripts.stack.payments.changes import Terms, change_items, plan_end
from scripts.stack.payments.cycles import UPDATED
from scripts.stack.payments.errors import invalid, not_offline
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj
from scripts.stack.payments.subscriptions import end, new_item


def create_portal(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/customer_portal/sessions/create"""
    customer = account.refer("customer", params.required("customer"), "customer")
    if "flow_data" in params:
        raise not_offline("flows of the portal", "flow_data")
    params.accept("configuration", "locale")
    id = f"bps_{secrets.token_hex(24)}"
    session = {
        "id": id,
        "object": "billing_portal.session",
        "configuration": params.text("configuration") or "bpc_offline",
        "created": account.now,
        "customer": customer["id"],
        "flow": None,
        "livemode": False,
        "locale": None,
        "on_behalf_of": None,
        "return_url": params.url("return_url"),
        "url": f"{account.public_url}/portal/{id}",
    }
    return account.save(session)


def plans(account: Account, subscription: Obj) -> list[Obj]:
    """The other prices that can be changed to: active, flat and recurring, in the same currency."""
    present = {item["price"] for item in subscription["items"]["data"]}
    return [
        price
        for price in account.all("price")
        if price["active"]
        and price["recurring"]
        and price["recurring"]["usage_type"] == "licensed"
        and price["currency"] == subscription["currency"]
        and price["id"] not in present
    ]


def act(account: Account, subscription: Obj, what: str, price_id: str) -> Obj:
    """One button: ``cancel`` at the end of the period, ``cancel_now``, ``resume`` or ``change``."""
    if subscription["status"] == "canceled":
        raise invalid("This subscription has ended.")
    if what == "cancel_now":
        subscription["cancellation_details"]["reason"] = "cancellation_requested"
        return end(account, subscription, account.now, with_usage=False)
    if what in ("cancel", "resume"):
        plan_end(account, subscription, what == "cancel")
        return account.save(subscription, UPDATED)
    if what == "change":
        return _change(account, subscription, price_id)
    raise invalid(f"Unknown action: {what}")


def _change(account: Account, subscription: Obj, price_id: str) -> Obj:
    """To another plan: its flat price, and the metered prices of the same product and interval."""
    price = account.refer("price", price_id, "price")
    if price not in plans(account, subscription):
        raise invalid("This plan cannot be changed to.", "price")
    metered = [
        other
        for other in account.all("price")
        if other["active"]
        and other["product"] == price["product"]
        and other["recurring"]
        and other["recurring"]["usage_type"] == "metered"
        and other["recurring"]["interval"] == price["recurring"]["interval"]
    ]
    present = subscription["items"]["data"]
    flat = next(item for item in present if "quantity" in item)
    end_at, since = flat["current_period_end"], flat["current_period_start"]
    kept = {item["price"]: item for item in present}
    items = [flat | {"price": price["id"]}]
    items += [kept.get(each["id"]) or new_item(account, subscription, each, 1, end_at) for each in metered]
    for item in items:
        item["current_period_start"] = since
    return change_items(account, subscription, items, Terms("always_invoice"))
