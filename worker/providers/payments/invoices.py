"""From Stripe's invoices and their lines to the port's state; see shapes.py. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from worker.providers.payments.shapes import Json, id_of, inner, is_metered, moment, required_moment
from worker.providers.payments.states import InvoiceState


class LinePrice(NamedTuple):
    """`metered` is None when the line has only the price's id."""

    id: str | None
    metered: bool | None


def invoice(data: Json, *, overage_amount: int) -> InvoiceState:
    """A customer of none is "": such an invoice is nobody's we know."""
    return InvoiceState(
        id=data["id"],
        customer_id=id_of(data.get("customer")) or "",
        subscription_id=subscription_of(data),
        number=data.get("number"),
        status=data.get("status") or "draft",
        billing_reason=data.get("billing_reason"),
        currency=data["currency"],
        subtotal=data["subtotal"],
        tax=_tax(data),
        total=data["total"],
        overage_amount=overage_amount,
        amount_due=data["amount_due"],
        amount_paid=data["amount_paid"],
        amount_remaining=data["amount_remaining"],
        period_start=required_moment(data["period_start"]),
        period_end=required_moment(data["period_end"]),
        hosted_url=data.get("hosted_invoice_url"),
        pdf_url=data.get("invoice_pdf"),
        created_at=required_moment(data["created"]),
        due_at=moment(data.get("due_date")),
        paid_at=moment(inner(data, "status_transitions").get("paid_at")),
        attempt_count=data.get("attempt_count") or 0,
        next_attempt_at=moment(data.get("next_payment_attempt")),
    )


def subscription_of(data: Json) -> str | None:
    """`invoice.subscription` before basil, `invoice.parent.subscription_details.subscription` since."""
    details = inner(inner(data, "parent"), "subscription_details")
    return id_of(data.get("subscription")) or id_of(details.get("subscription"))


def _tax(data: Json) -> int:
    """`tax` before basil; since then the sum of `total_taxes`."""
    if data.get("tax") is not None:
        return int(data["tax"])
    taxes = data.get("total_taxes") or data.get("total_tax_amounts") or ()
    return sum(tax["amount"] for tax in taxes)


def line_price(line: Json) -> LinePrice:
    """`line.price`, a whole price, before basil; `line.pricing.price_details.price`, mostly an id, since."""
    found = line.get("price") or inner(inner(line, "pricing"), "price_details").get("price")
    return LinePrice(id_of(found), is_metered(found) if isinstance(found, dict) else None)


def prices_to_look_up(lines: Iterable[Json]) -> set[str]:
    """Prices that must be asked whether they are metered, because a line with an amount does not say."""
    prices = (line_price(line) for line in lines if line["amount"])
    return {price.id for price in prices if price.id is not None and price.metered is None}


def overage(lines: Iterable[Json], metered: Mapping[str, bool]) -> int:
    """The sum of the metered lines before discounts and exclusive taxes; `metered` by price id."""
    return sum(line["amount"] for line in lines if _is_overage(line, metered))


def _is_overage(line: Json, metered: Mapping[str, bool]) -> bool:
    price = line_price(line)
    return metered.get(price.id or "", False) if price.metered is None else price.metered
