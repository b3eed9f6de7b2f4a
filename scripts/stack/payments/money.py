"""Payments that are not made: payment intents, charges, refunds and disputes."""

from __future__ import annotations

from scripts.stack.payments.account import Account, new_id
from scripts.stack.payments.errors import invalid
from scripts.stack.payments.listing import listed, listing
from scripts.stack.payments.params import Metadata, Params
from scripts.stack.payments.store import Obj

DECLINED = "Your card was declined."
DISPUTE_DAYS = 14


def new_intent(
    account: Account, customer: str | None, amount: int, currency: str, metadata: Metadata | None = None
) -> Obj:
    """A payment that was not attempted yet; not saved."""
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": account.now,
        "currency": currency,
        "customer": customer,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": metadata or {},
        "payment_method": None,
        "payment_method_types": ["card"],
        "receipt_email": None,
        "status": "requires_payment_method",
    }


def attempt(account: Account, intent: Obj, *, pays: bool) -> Obj:
    """Charges the card that does not exist: saves intent and charge, and tells of both."""
    charge = _charge(account, intent, pays=pays)
    intent["latest_charge"] = charge["id"]
    if pays:
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
    else:
        error = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
        error |= {"message": DECLINED, "charge": charge["id"]}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
    account.save(charge, "charge.succeeded" if pays else "charge.failed")
    account.save(intent, "payment_intent.succeeded" if pays else "payment_intent.payment_failed")
    return intent


def create_refund(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/refunds/create"""
    charge = _charge_of(account, params)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.integer("amount")
    if not charge["paid"] or left == 0:
        raise invalid(f"Charge {charge['id']} has nothing left to refund.", code="charge_already_refunded")
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise invalid(f"Refund amount ({amount}) must be between 1 and {left}.", "amount")
    refund = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": account.now,
        "currency": charge["currency"],
        "metadata": params.metadata(),
        "payment_intent": charge["payment_intent"],
        "reason": params.text("reason") or None,
        "receipt_number": None,
        "status": "succeeded",
    }
    account.save(refund, "refund.created")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    charge["refunds"]["data"].insert(0, refund)
    account.save(charge, "charge.refunded")
    return refund


def dispute(account: Account, params: Params) -> Obj:
    """Opens a dispute of the whole payment, or closes the open one with ``outcome`` won or lost."""
    charge = _charge_of(account, params)
    found = [d for d in account.all("dispute") if d["charge"] == charge["id"]]
    outcome = params.text("outcome")
    if outcome:
        if outcome not in ("won", "lost") or not found or found[0]["status"] != "needs_response":
            raise invalid("Only an open dispute can be won or lost.", "outcome")
        return account.save(found[0] | {"status": outcome}, "charge.dispute.closed")
    if found or not charge["paid"]:
        raise invalid("Only a payment that was made can be disputed, and only once.")
    account.save(charge | {"disputed": True}, "charge.updated")
    opened = {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": account.now,
        "currency": charge["currency"],
        "evidence": {},
        "evidence_details": {"due_by": account.now + DISPUTE_DAYS * 24 * 3600, "has_evidence": False},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }
    return account.save(opened, "charge.dispute.created")


def list_refunds(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/refunds/list"""
    return listed(account, params, "refund", "/v1/refunds", equal=("charge", "payment_intent"))


def list_disputes(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/disputes/list"""
    return listed(account, params, "dispute", "/v1/disputes", equal=("charge", "payment_intent"))


def list_charges(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/charges/list"""
    return listed(account, params, "charge", "/v1/charges", equal=("customer", "payment_intent"))


def _charge_of(account: Account, params: Params) -> Obj:
    """The one that ``charge`` or ``payment_intent`` names."""
    if id := params.text("charge"):
        return account.refer("charge", id, "charge")
    intent = account.refer("payment_intent", params.required("payment_intent"), "payment_intent")
    if intent["latest_charge"] is None:
        raise invalid("This payment was never attempted.", "payment_intent")
    return account.get("charge", intent["latest_charge"])


def _charge(account: Account, intent: Obj, *, pays: bool) -> Obj:
    id = new_id("ch")
    return {
        "id": id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if pays else 0,
        "amount_refunded": 0,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": pays,
        "created": account.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": None if pays else "card_declined",
        "failure_message": None if pays else DECLINED,
        "livemode": False,
        "metadata": intent["metadata"],
        "paid": pays,
        "payment_intent": intent["id"],
        "receipt_url": f"{account.public_url}/receipt/{id}" if pays else None,
        "refunded": False,
        "refunds": listing([], f"/v1/charges/{id}/refunds"),
        "status": "succeeded" if pays else "failed",
    }
