"""What only a twin can do: time that passes at once, refunds and disputes, events sent again."""

from __future__ import annotations

from scripts.stack.payments.account import Account
from scripts.stack.payments.checkout import expire
from scripts.stack.payments.cycles import turn
from scripts.stack.payments.errors import invalid
from scripts.stack.payments.expand import embed
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj
from scripts.stack.payments.subscriptions import end


def advance(account: Account, params: Params) -> Obj:
    """``{subscription, to: "next_period", payment: "succeeds" | "fails"}``: the current period ends now.

    Nobody's clock is moved: the period that ends is cut short and the next one begins now, so that usage
    reported from here on belongs to it. A subscription that is to end with its period ends.
    """
    subscription = account.refer("subscription", params.required("subscription"), "subscription")
    params.choice("to", ("next_period",), "next_period")
    pays = params.choice("payment", ("succeeds", "fails"), "succeeds") == "succeeds"
    if subscription["status"] == "canceled":
        raise invalid("This subscription has ended.", "subscription")
    first = subscription["items"]["data"][0]
    at = min(first["current_period_end"], max(account.now, first["current_period_start"] + 1))
    if at < first["current_period_end"]:
        subscription["billing_cycle_anchor"] = at
    subscription = _pass(account, subscription, at, pays=pays)
    invoice = account.find("invoice", subscription["latest_invoice"])
    return {
        "object": "offline.advance",
        "subscription": embed(account.find, subscription),
        "invoice": invoice,
    }


def resend(account: Account, params: Params) -> Obj:
    """``{event}``: to the webhook once more, like a vendor that is not sure whether it was heard."""
    id = params.required("event")
    event = account.find("event", id) or account.refer("v2.core.event", id, "event")
    account.store.send(id, account.now)
    return event


def keep_time(account: Account) -> None:
    """What is due by the clock: pages that expire, periods that end."""
    for session in account.all("checkout.session"):
        if session["status"] == "open" and session["expires_at"] <= account.now:
            expire(account, session)
    for subscription in account.all("subscription"):
        at = subscription["items"]["data"][0]["current_period_end"]
        if subscription["status"] != "canceled" and at <= account.now:
            _pass(account, subscription, at, pays=True)


def _pass(account: Account, subscription: Obj, at: int, *, pays: bool) -> Obj:
    if subscription["cancel_at_period_end"]:
        return end(account, subscription, at, with_usage=True, pays=pays)
    return turn(account, subscription, at, "subscription_cycle", pays=pays)
