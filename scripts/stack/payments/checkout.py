"""Checkout sessions: a page that sells a subscription or takes one payment."""

from __future__ import annotations

import secrets

from scripts.stack.payments.account import Account, new_id
from scripts.stack.payments.amounts import cost
from scripts.stack.payments.cycles import title
from scripts.stack.payments.errors import invalid, not_offline
from scripts.stack.payments.listing import listed, listing, page
from scripts.stack.payments.money import attempt, new_intent
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj
from scripts.stack.payments.subscriptions import check_prices, start

SHORTEST_SECONDS, LONGEST_SECONDS = 30 * 60, 24 * 3600
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
WITHOUT_EFFECT = (
    "adaptive_pricing",
    "automatic_tax",
    "billing_address_collection",
    "customer_update",
    "locale",
    "managed_payments",
    "payment_method_collection",
    "payment_method_types",
    "submit_type",
    "tax_id_collection",
)
"""Accepted; the page has no such feature."""


def create_session(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/checkout/sessions/create"""
    params.accept(*WITHOUT_EFFECT)
    params.choice("ui_mode", ("hosted_page", "hosted"), "hosted_page")
    mode = params.choice("mode", ("subscription", "payment"), "")
    customer = account.refer("customer", params.required("customer"), "customer")
    picks = _picks(account, params, mode)
    if params.flag("allow_promotion_codes"):
        raise not_offline("promotion codes", "allow_promotion_codes")
    if params.group("invoice_creation").flag("enabled"):
        raise not_offline("invoices of single payments", "invoice_creation[enabled]")
    subscription = params.group("subscription_data")
    subscription.group("billing_mode").choice("type", ("flexible",), "flexible")
    session = _new(account, customer, mode, picks)
    session |= {
        "success_url": params.url("success_url") or params.required("success_url"),
        "cancel_url": params.url("cancel_url"),
        "client_reference_id": params.text("client_reference_id") or None,
        "expires_at": _expires_at(account, params),
        "metadata": params.metadata(),
        "made_with": {
            "subscription": subscription.metadata(),
            "payment": params.group("payment_intent_data").metadata(),
        },
    }
    return account.save(session)


def list_sessions(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/checkout/sessions/list"""
    equal = ("customer", "payment_intent", "subscription", "status")
    return listed(account, params, "checkout.session", "/v1/checkout/sessions", equal=equal)


def list_line_items(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/checkout/sessions/line_items"""
    session = account.get("checkout.session", id)
    return page(session["line_items"]["data"], params, f"/v1/checkout/sessions/{id}/line_items")


def expire_session(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/checkout/sessions/expire"""
    session = account.get("checkout.session", id)
    if session["status"] != "open":
        raise invalid(f"Only Checkout Sessions with a status of open can be expired: {session['status']}.")
    return expire(account, session)


def expire(account: Account, session: Obj) -> Obj:
    """It can no longer be paid."""
    return account.save(session | {"status": "expired", "url": None}, "checkout.session.expired")


def pay(account: Account, session: Obj) -> Obj:
    """What the button does: takes no money, and does all that follows from money taken."""
    if session["mode"] == "subscription":
        picks = [(account.get("price", price), quantity) for price, quantity in _sold(session)]
        metadata = session["made_with"]["subscription"]
        subscription = start(account, session["customer"], picks, metadata)
        session |= {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}
    else:
        session["payment_intent"] = attempt(account, _intent(account, session), pays=True)["id"]
    session |= {"status": "complete", "payment_status": "paid", "url": None}
    return account.save(session, "checkout.session.completed")


def decline(account: Account, session: Obj) -> Obj:
    """The card is declined: the page stays open. A subscription leaves no trace, a payment its attempt."""
    if session["mode"] == "payment":
        session["payment_intent"] = attempt(account, _intent(account, session), pays=False)["id"]
    return account.save(session)


def _intent(account: Account, session: Obj) -> Obj:
    found = account.find("payment_intent", session["payment_intent"])
    metadata = session["made_with"]["payment"]
    return found or new_intent(
        account, session["customer"], session["amount_total"], session["currency"], metadata
    )


def _sold(session: Obj) -> list[tuple[str, int]]:
    return [(line["price"]["id"], line["quantity"] or 1) for line in session["line_items"]["data"]]


def _picks(account: Account, params: Params, mode: str) -> list[tuple[Obj, int | None]]:
    """Prices and quantities; a metered price has none."""
    picks: list[tuple[Obj, int | None]] = []
    for row in params.rows("line_items"):
        price = account.refer("price", row.required("price"), row.path("price"))
        metered = bool(price["recurring"]) and price["recurring"]["usage_type"] == "metered"
        if metered and "quantity" in row:
            raise invalid("Quantity should not be specified for metered prices.", row.path("quantity"))
        quantity = None if metered else int(row.required("quantity"))
        picks.append((price, quantity))
    if not picks:
        raise invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    prices = [price for price, _ in picks]
    if mode == "subscription":
        check_prices(prices, "line_items")
    elif any(price["recurring"] or not price["active"] for price in prices):
        raise invalid("Only active one-time prices can be sold in payment mode.", "line_items")
    return picks


def _expires_at(account: Account, params: Params) -> int:
    at = params.integer("expires_at", account.now + LONGEST_SECONDS) or 0
    if not account.now + SHORTEST_SECONDS <= at <= account.now + LONGEST_SECONDS:
        raise invalid("expires_at must be between 30 minutes and 24 hours from now.", "expires_at")
    return at


def _new(account: Account, customer: Obj, mode: str, picks: list[tuple[Obj, int | None]]) -> Obj:
    id = f"cs_test_{secrets.token_hex(29)}"
    lines = [_line(account, price, quantity) for price, quantity in picks]
    total = sum(line["amount_total"] for line in lines)
    return {
        "id": id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": account.now,
        "currency": picks[0][0]["currency"],
        "customer": customer["id"],
        "customer_details": {"email": customer["email"], "name": customer["name"]},
        "customer_email": None,
        "invoice": None,
        "line_items": listing(lines, f"/v1/checkout/sessions/{id}/line_items"),
        "livemode": False,
        "mode": mode,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "setup_intent": None,
        "status": "open",
        "subscription": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{account.public_url}/pay/{id}",
    }


def _line(account: Account, price: Obj, quantity: int | None) -> Obj:
    amount = cost(price["unit_amount_decimal"], quantity or 0)
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": title(account, price),
        "price": price,
        "quantity": quantity,
    }
