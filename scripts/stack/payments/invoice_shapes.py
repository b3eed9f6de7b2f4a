"""What invoices, their lines and their payments look like."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.stack.payments.account import Account, new_id
from scripts.stack.payments.listing import listing
from scripts.stack.payments.store import Obj


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a subscription's invoice; the amount is in minor units and may be negative."""

    description: str
    amount: int
    price: Obj
    quantity: int
    start: int
    end: int
    item_id: str
    proration: bool = False


def new_payment(account: Account, invoice: Obj, intent_id: str) -> Obj:
    """An attempt to pay it that has not succeeded yet."""
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": account.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"type": "payment_intent", "payment_intent": intent_id},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def line_item(subscription: Obj, invoice_id: str, line: Line) -> Obj:
    """docs.stripe.com/api/invoice-line-item/object"""
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": line.amount,
        "currency": subscription["currency"],
        "description": line.description,
        "discount_amounts": [],
        "discountable": not line.proration,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": subscription["metadata"],
        "parent": {
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": line.proration,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": line.item_id,
            },
        },
        "period": {"start": line.start, "end": line.end},
        "pretax_credit_amounts": [],
        "pricing": {
            "type": "price_details",
            "price_details": {"price": line.price["id"], "product": line.price["product"]},
            "unit_amount_decimal": line.price["unit_amount_decimal"],
        },
        "quantity": line.quantity,
        "subtotal": line.amount,
        "taxes": [],
    }


def new_invoice(account: Account, subscription: Obj, customer: Obj, id: str) -> Obj:
    """Finalised and open, without lines, amounts and number."""
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    return {
        "id": id,
        "object": "invoice",
        "amount_overpaid": 0,
        "amount_paid": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {"enabled": False, "liability": None, "status": None},
        "collection_method": "charge_automatically",
        "created": account.now,
        "currency": subscription["currency"],
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": account.now,
        "hosted_invoice_url": f"{account.public_url}/invoice/{id}",
        "invoice_pdf": f"{account.public_url}/invoice/{id}/pdf",
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "parent": {"type": "subscription_details", "quote_details": None, "subscription_details": details},
        "payments": listing([], f"/v1/invoice_payments?invoice={id}"),
        "period_end": account.now,
        "post_payment_credit_notes_amount": 0,
        "status": "open",
        "status_transitions": {
            "finalized_at": account.now,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "total_discount_amounts": [],
        "total_taxes": [],
    }
