"""Who pays."""

from __future__ import annotations

import secrets

from scripts.stack.payments.account import Account, new_id
from scripts.stack.payments.listing import listed
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj

FIELDS = ("description", "email", "name", "phone")


def create_customer(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/customers/create"""
    customer: Obj = {
        "id": new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": account.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_prefix": secrets.token_hex(4).upper(),
        "livemode": False,
        "metadata": params.metadata(),
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **{name: params.text(name) or None for name in FIELDS},
    }
    return account.save(customer, "customer.created")


def get_customer(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/customers/retrieve; of a deleted one nothing but its id is left."""
    return account.get("customer", id)


def update_customer(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/customers/update"""
    customer = account.get("customer", id)
    for name in FIELDS:
        if name in params:
            customer[name] = params.text(name) or None
    customer["metadata"] = params.metadata(customer["metadata"])
    return account.save(customer, "customer.updated")


def list_customers(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/customers/list; deleted ones are not in it."""
    equal = ("email",)
    return listed(
        account, params, "customer", "/v1/customers", equal=equal, keep=lambda c: not c.get("deleted")
    )
