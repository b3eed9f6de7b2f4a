"""Changing a subscription (docs.stripe.com/api/subscriptions/update).

Prorations go by the second; the usage of a metered price that goes is part of them, as in flexible billing
mode. With ``always_invoice`` they are invoiced at once, else with the next invoice. Another interval begins a
new period now: the unused rest is credited, usage so far and the new plan are invoiced.
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.stack.payments.account import Account, new_id
from scripts.stack.payments.amounts import cost, prorated
from scripts.stack.payments.cycles import UPDATED, put_pending, take_pending, title, turn, usage_lines
from scripts.stack.payments.errors import invalid, unreferenced
from scripts.stack.payments.invoice_shapes import Line
from scripts.stack.payments.invoices import bill
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj
from scripts.stack.payments.subscriptions import check_prices, new_item

PRORATIONS = ("create_prorations", "always_invoice", "none")
WITHOUT_EFFECT = ("payment_behavior", "off_session", "payment_settings", "automatic_tax", "description")


@dataclass(frozen=True, slots=True)
class Terms:
    """How items change."""

    proration: str = "create_prorations"
    restart: bool = False
    """Begins a new period even when the interval stays."""


def update_subscription(account: Account, params: Params, id: str) -> Obj:
    """Items, cancellation at the end of the period, and metadata."""
    subscription = account.get("subscription", id)
    if subscription["status"] == "canceled":
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    params.accept(*WITHOUT_EFFECT)
    terms = Terms(
        params.choice("proration_behavior", PRORATIONS, "create_prorations"),
        params.choice("billing_cycle_anchor", ("now", "unchanged"), "unchanged") == "now",
    )
    subscription["metadata"] = params.metadata(subscription["metadata"])
    if (wish := params.flag("cancel_at_period_end")) is not None:
        plan_end(account, subscription, wish)
    if rows := params.rows("items"):
        return change_items(account, subscription, _wanted(account, subscription, rows), terms)
    return account.save(subscription, UPDATED)


def plan_end(account: Account, subscription: Obj, wish: bool) -> None:
    """At the end of the period, or not any more; not saved."""
    end = subscription["items"]["data"][0]["current_period_end"]
    subscription["cancel_at_period_end"] = wish
    subscription["cancel_at"] = end if wish else None
    subscription["canceled_at"] = account.now if wish else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if wish else None


def change_items(account: Account, subscription: Obj, items: list[Obj], terms: Terms) -> Obj:
    """From now on these items; saves, and invoices as the terms say."""
    before = subscription["items"]["data"]
    present = {item["price"] for item in before}
    check_prices([account.get("price", item["price"]) for item in items], "items", present)
    if terms.restart or _interval(account, before) != _interval(account, items):
        return _restart(account, subscription, items, terms)
    invoice_id, since = new_id("in"), items[0]["current_period_start"]
    lines = [*_credits(account, before, items), *_debits(account, before, items)]
    gone = [item for item in before if item["price"] not in {other["price"] for other in items}]
    lines += usage_lines(account, subscription, gone, account.now, invoice_id)
    lines = [] if terms.proration == "none" else lines
    subscription["items"]["data"] = items
    if not lines or terms.proration == "create_prorations":
        put_pending(account, subscription, lines)
        return account.save(subscription, UPDATED)
    subscription["latest_invoice"] = invoice_id
    account.save(subscription, UPDATED)
    lines = [*take_pending(account, subscription), *lines]
    bill(account, subscription, lines, "subscription_update", id=invoice_id, since=since, pays=True)
    return subscription


def _restart(account: Account, subscription: Obj, items: list[Obj], terms: Terms) -> Obj:
    """The items of the old interval are billed before those of the new one take their place."""
    before = subscription["items"]["data"]
    lines = [] if terms.proration == "none" else _credits(account, before, [])
    subscription["billing_cycle_anchor"] = account.now
    return turn(account, subscription, account.now, "subscription_update", lines, pays=True, then=items)


def _wanted(account: Account, subscription: Obj, rows: list[Params]) -> list[Obj]:
    """The present items with the asked changes; those not named stay."""
    items = {item["id"]: item for item in subscription["items"]["data"]}
    end = next(iter(items.values()))["current_period_end"]
    for row in rows:
        row.accept("clear_usage")
        id, price, quantity = row.text("id"), row.text("price"), row.integer("quantity")
        deleted = row.flag("deleted")
        if id and id not in items:
            raise unreferenced("subscription_item", id, row.path("id"))
        if id and deleted:
            del items[id]
            continue
        named = account.refer("price", price or (items[id]["price"] if id else ""), row.path("price"))
        item = new_item(account, subscription, named, quantity or 1, end)
        if id:
            item |= {"id": id, "created": items[id]["created"]}
            same = items[id]["price"] == named["id"]
            item["usage_since"] = items[id]["usage_since"] if same else account.now
            item |= {"quantity": quantity or items[id].get("quantity", 1)} if "quantity" in item else {}
        item["current_period_start"] = subscription["items"]["data"][0]["current_period_start"]
        items[item["id"]] = item
    if not items:
        raise invalid("A subscription must have at least one item.", "items")
    return list(items.values())


def _interval(account: Account, items: list[Obj]) -> tuple[str, int]:
    recurring = account.get("price", items[0]["price"])["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _credits(account: Account, before: list[Obj], after: list[Obj]) -> list[Line]:
    return [_proration(account, item, "Unused time on", -1) for item in before if _differs(item, after)]


def _debits(account: Account, before: list[Obj], after: list[Obj]) -> list[Line]:
    return [_proration(account, item, "Remaining time on", 1) for item in after if _differs(item, before)]


def _differs(item: Obj, others: list[Obj]) -> bool:
    """A licensed item that is not among the others as it is."""
    return "quantity" in item and all(
        (item["id"], item["price"], item["quantity"]) != (o["id"], o["price"], o.get("quantity"))
        for o in others
    )


def _proration(account: Account, item: Obj, what: str, sign: int) -> Line:
    price = account.get("price", item["price"])
    start, end, quantity = item["current_period_start"], item["current_period_end"], item["quantity"]
    amount = sign * prorated(cost(price["unit_amount_decimal"], quantity), account.now, start, end)
    text = f"{what} {quantity} × {title(account, price)}"
    return Line(text, amount, price, quantity, account.now, end, item["id"], proration=True)
