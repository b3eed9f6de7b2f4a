"""The turn of a period: usage of the old one and the plan of the new one on one invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from scripts.stack.payments.account import Account, new_id
from scripts.stack.payments.amounts import cost, period_end
from scripts.stack.payments.invoice_shapes import Line
from scripts.stack.payments.invoices import bill, pay, subscription_of
from scripts.stack.payments.store import Obj
from scripts.stack.payments.usage import used

UPDATED = "customer.subscription.updated"


def plan_lines(account: Account, subscription: Obj) -> list[Line]:
    """The licensed items for the whole current period, to be paid in advance."""
    lines = []
    for item in subscription["items"]["data"]:
        price = account.get("price", item["price"])
        if price["recurring"]["usage_type"] == "licensed":
            start, end = item["current_period_start"], item["current_period_end"]
            amount = cost(price["unit_amount_decimal"], item["quantity"])
            text = f"{item['quantity']} × {title(account, price)}"
            lines.append(Line(text, amount, price, item["quantity"], start, end, item["id"]))
    return lines


def usage_lines(
    account: Account, subscription: Obj, items: list[Obj], until: int, invoice_id: str
) -> list[Line]:
    """The metered ones of these items, from the beginning of their period or their own until now."""
    lines = []
    for item in items:
        price = account.get("price", item["price"])
        if price["recurring"]["usage_type"] == "metered":
            start, meter = item["usage_since"], price["recurring"]["meter"]
            quantity = used(account, meter, subscription["customer"], start, until, invoice_id)
            amount = cost(price["unit_amount_decimal"], quantity)
            text = f"{quantity} × {title(account, price)}"
            lines.append(Line(text, amount, price, quantity, start, until, item["id"]))
    return lines


def begin_period(account: Account, subscription: Obj, start: int) -> None:
    """Moves all items; the subscription is not saved."""
    items = subscription["items"]["data"]
    recurring = account.get("price", items[0]["price"])["recurring"]
    anchor = subscription["billing_cycle_anchor"]
    end = period_end(start, recurring["interval"], recurring["interval_count"], anchor)
    for item in items:
        item |= {"current_period_start": start, "current_period_end": end, "usage_since": start}


def turn(
    account: Account,
    subscription: Obj,
    at: int,
    reason: str,
    extra: Sequence[Line] = (),
    *,
    pays: bool,
    then: list[Obj] | None = None,
) -> Obj:
    """Invoices what ended and a new period that begins at ``at``, with the items ``then`` if they change.

    Saves and returns the subscription.
    """
    since, invoice_id = subscription["items"]["data"][0]["current_period_start"], new_id("in")
    lines = [*take_pending(account, subscription), *extra]
    lines += usage_lines(account, subscription, subscription["items"]["data"], at, invoice_id)
    subscription["items"]["data"] = then or subscription["items"]["data"]
    begin_period(account, subscription, at)
    lines += plan_lines(account, subscription)
    subscription["latest_invoice"] = invoice_id
    subscription["status"] = "active" if pays else "past_due"
    account.save(subscription, UPDATED)
    bill(account, subscription, lines, reason, id=invoice_id, since=since, pays=pays)
    return subscription


def settle(account: Account, invoice: Obj, *, pays: bool) -> Obj:
    """Another attempt at an open invoice; a paid one makes its subscription active again."""
    invoice = pay(account, invoice, pays=pays)
    subscription = account.get("subscription", subscription_of(invoice))
    if pays and subscription["status"] == "past_due" and subscription["latest_invoice"] == invoice["id"]:
        account.save(subscription | {"status": "active"}, UPDATED)
    return invoice


def put_pending(account: Account, subscription: Obj, lines: list[Line]) -> None:
    """Keeps lines for the next invoice."""
    kept = _pending(account, subscription)
    kept["lines"] += [asdict(line) for line in lines]
    account.store.put(kept)


def take_pending(account: Account, subscription: Obj) -> list[Line]:
    """The kept lines, which are kept no longer."""
    kept = _pending(account, subscription)
    account.store.put(kept | {"lines": []})
    return [Line(**line) for line in kept["lines"]]


def title(account: Account, price: Obj) -> str:
    """What a price is called on invoices and pages."""
    product = account.get("product", price["product"])
    return f"{product['name']} ({price['nickname']})" if price["nickname"] else str(product["name"])


def _pending(account: Account, subscription: Obj) -> Obj:
    id = f"pending:{subscription['id']}"
    return account.find("offline.pending", id) or {"id": id, "object": "offline.pending", "lines": []}
