"""Which address does what. An action is given the account, the parameters, and the id of the address."""

from __future__ import annotations

from collections.abc import Callable

from scripts.stack.payments import (
    catalog,
    changes,
    checkout,
    control,
    customers,
    invoices,
    money,
    portal,
    usage,
)
from scripts.stack.payments import subscriptions as subs
from scripts.stack.payments.account import Account
from scripts.stack.payments.listing import listed
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj

Action = Callable[..., Obj]


def _get(kind: str) -> Action:
    def action(account: Account, params: Params, id: str) -> Obj:
        return account.get(kind, id)

    return action


def _list_events(account: Account, params: Params) -> Obj:
    return listed(account, params, "event", "/v1/events", equal=("type",))


API: list[tuple[str, str, Action]] = [
    ("POST", "/v1/customers", customers.create_customer),
    ("GET", "/v1/customers", customers.list_customers),
    ("GET", "/v1/customers/{id}", _get("customer")),
    ("POST", "/v1/customers/{id}", customers.update_customer),
    ("DELETE", "/v1/customers/{id}", subs.delete_customer),
    ("POST", "/v1/products", catalog.create_product),
    ("GET", "/v1/products", catalog.list_products),
    ("GET", "/v1/products/{id}", _get("product")),
    ("POST", "/v1/products/{id}", catalog.update_product),
    ("POST", "/v1/prices", catalog.create_price),
    ("GET", "/v1/prices", catalog.list_prices),
    ("GET", "/v1/prices/{id}", _get("price")),
    ("POST", "/v1/prices/{id}", catalog.update_price),
    ("POST", "/v1/billing/meters", catalog.create_meter),
    ("GET", "/v1/billing/meters", catalog.list_meters),
    ("GET", "/v1/billing/meters/{id}", _get("billing.meter")),
    ("POST", "/v1/billing/meters/{id}", catalog.update_meter),
    ("POST", "/v1/billing/meter_events", usage.create_meter_event),
    ("POST", "/v1/checkout/sessions", checkout.create_session),
    ("GET", "/v1/checkout/sessions", checkout.list_sessions),
    ("GET", "/v1/checkout/sessions/{id}", _get("checkout.session")),
    ("GET", "/v1/checkout/sessions/{id}/line_items", checkout.list_line_items),
    ("POST", "/v1/checkout/sessions/{id}/expire", checkout.expire_session),
    ("POST", "/v1/billing_portal/sessions", portal.create_portal),
    ("GET", "/v1/subscriptions", subs.list_subscriptions),
    ("GET", "/v1/subscriptions/{id}", _get("subscription")),
    ("POST", "/v1/subscriptions/{id}", changes.update_subscription),
    ("DELETE", "/v1/subscriptions/{id}", subs.cancel_subscription),
    ("GET", "/v1/invoices", invoices.list_invoices),
    ("GET", "/v1/invoices/{id}", _get("invoice")),
    ("GET", "/v1/invoices/{id}/lines", invoices.list_lines),
    ("GET", "/v1/invoice_payments", invoices.list_invoice_payments),
    ("GET", "/v1/invoice_payments/{id}", _get("invoice_payment")),
    ("GET", "/v1/payment_intents/{id}", _get("payment_intent")),
    ("GET", "/v1/charges", money.list_charges),
    ("GET", "/v1/charges/{id}", _get("charge")),
    ("POST", "/v1/refunds", money.create_refund),
    ("GET", "/v1/refunds", money.list_refunds),
    ("GET", "/v1/refunds/{id}", _get("refund")),
    ("GET", "/v1/disputes", money.list_disputes),
    ("GET", "/v1/disputes/{id}", _get("dispute")),
    ("GET", "/v1/events", _list_events),
    ("GET", "/v1/events/{id}", _get("event")),
    ("GET", "/v2/core/events/{id}", _get("v2.core.event")),
]

CONTROL: list[tuple[str, str, Action]] = [
    ("POST", "/offline/advance", control.advance),
    ("POST", "/offline/refund", money.create_refund),
    ("POST", "/offline/dispute", money.dispute),
    ("POST", "/offline/resend", control.resend),
]
