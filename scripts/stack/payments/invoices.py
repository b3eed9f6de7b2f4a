"""Invoices: made, numbered and paid (or not) at once; nothing stays a draft."""

from __future__ import annotations

from scripts.stack.payments.account import Account
from scripts.stack.payments.invoice_shapes import Line, line_item, new_invoice, new_payment
from scripts.stack.payments.listing import listed, listing, page
from scripts.stack.payments.money import attempt, new_intent
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj

RETRY_SECONDS = 3 * 24 * 3600


def bill(
    account: Account, subscription: Obj, lines: list[Line], reason: str, *, id: str, since: int, pays: bool
) -> Obj:
    """The invoice of these lines. A negative total becomes the customer's balance, which pays later ones."""
    customer = account.get("customer", subscription["customer"])
    total, balance = sum(line.amount for line in lines), customer["balance"]
    due = max(0, total + balance)
    after = min(0, total + balance)
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer |= {"balance": after, "next_invoice_sequence": customer["next_invoice_sequence"] + 1}
    account.save(customer | {"currency": subscription["currency"]}, "customer.updated")
    invoice = new_invoice(account, subscription, customer, id)
    invoice |= {
        "number": number,
        "billing_reason": reason,
        "period_start": since,
        "starting_balance": balance,
        "ending_balance": after,
        "lines": listing([line_item(subscription, id, line) for line in lines], f"/v1/invoices/{id}/lines"),
        "amount_due": due,
        "amount_remaining": due,
    }
    invoice |= dict.fromkeys(("subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"), total)
    account.save(invoice, "invoice.created")
    account.emit("invoice.finalized", invoice)
    return pay(account, invoice, pays=pays)


def pay(account: Account, invoice: Obj, *, pays: bool) -> Obj:
    """One attempt. Nothing is charged when nothing is due."""
    if invoice["amount_due"] == 0:
        return _paid(account, invoice)
    known = [p["payment"]["payment_intent"] for p in invoice["payments"]["data"]]
    intent = account.find("payment_intent", known[0]) if known else None
    if intent is None:
        intent = new_intent(account, invoice["customer"], invoice["amount_due"], invoice["currency"])
        payment = new_payment(account, invoice, intent["id"])
        account.save(payment)
        invoice["payments"]["data"].append(payment)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    attempt(account, intent, pays=pays)
    if not pays:
        invoice["next_payment_attempt"] = account.now + RETRY_SECONDS
        return account.save(invoice, "invoice.payment_failed")
    payment = invoice["payments"]["data"][0]
    payment |= {"amount_paid": invoice["amount_due"], "status": "paid"}
    payment["status_transitions"] = {"canceled_at": None, "paid_at": account.now}
    account.save(payment, "invoice_payment.paid")
    return _paid(account, invoice)


def subscription_of(invoice: Obj) -> str:
    """Its id."""
    return str(invoice["parent"]["subscription_details"]["subscription"])


def list_invoices(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/invoices/list"""
    of = params.text("subscription")

    def keep(invoice: Obj) -> bool:
        return of is None or subscription_of(invoice) == of

    return listed(account, params, "invoice", "/v1/invoices", equal=("customer", "status"), keep=keep)


def list_lines(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/invoice-line-item/list"""
    return page(account.get("invoice", id)["lines"]["data"], params, f"/v1/invoices/{id}/lines")


def list_invoice_payments(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/invoice-payment/list; a payment intent tells its invoice only through these."""
    payment = params.group("payment")
    payment.accept("type")
    intent = payment.text("payment_intent")

    def keep(each: Obj) -> bool:
        return intent is None or each["payment"]["payment_intent"] == intent

    equal = ("invoice", "status")
    return listed(account, params, "invoice_payment", "/v1/invoice_payments", equal=equal, keep=keep)


def _paid(account: Account, invoice: Obj) -> Obj:
    invoice |= {
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempted": True,
        "next_payment_attempt": None,
        "status": "paid",
    }
    invoice["status_transitions"]["paid_at"] = account.now
    account.save(invoice, "invoice.paid")
    account.emit("invoice.payment_succeeded", invoice)
    return invoice
