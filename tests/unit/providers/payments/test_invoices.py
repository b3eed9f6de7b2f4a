from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.payments import invoices

METERED = {"id": "price_u", "recurring": {"usage_type": "metered"}}
FLAT = {"id": "price_f", "recurring": {"usage_type": "licensed"}}


def new_line(amount: int, price: Any) -> dict[str, Any]:
    return {"amount": amount, "pricing": {"type": "price_details", "price_details": {"price": price}}}


def old_line(amount: int, price: Any) -> dict[str, Any]:
    return {"amount": amount, "price": price}


def test_the_price_of_a_line() -> None:
    assert invoices.line_price(new_line(1, "price_u")) == ("price_u", None)
    assert invoices.line_price(new_line(1, METERED)) == ("price_u", True)
    assert invoices.line_price(old_line(1, FLAT)) == ("price_f", False)
    assert invoices.line_price({"amount": 1, "price": None, "pricing": None}) == (None, None)


def test_only_what_matters_is_looked_up() -> None:
    lines = [new_line(1, "price_a"), new_line(0, "price_b"), new_line(1, METERED), {"amount": 5}]
    assert invoices.prices_to_look_up(lines) == {"price_a"}


@given(st.lists(st.tuples(st.integers(-10_000, 10_000), st.booleans())))
def test_overage_is_the_same_in_both_shapes(amounts: list[tuple[int, bool]]) -> None:
    old = [old_line(amount, METERED if metered else FLAT) for amount, metered in amounts]
    new = [new_line(amount, "price_u" if metered else "price_f") for amount, metered in amounts]
    expected = sum(amount for amount, metered in amounts if metered)
    assert invoices.overage(old, {}) == expected
    assert invoices.overage(new, {"price_u": True, "price_f": False}) == expected


def test_a_line_without_a_price_is_no_overage() -> None:
    assert invoices.overage([{"amount": 5}, new_line(7, "price_unknown")], {"price_u": True}) == 0


@pytest.mark.parametrize(
    "data",
    [
        {"subscription": "sub_1"},
        {"subscription": {"id": "sub_1"}},
        {"parent": {"subscription_details": {"subscription": "sub_1"}}},
        {"subscription": None, "parent": {"subscription_details": {"subscription": {"id": "sub_1"}}}},
    ],
)
def test_the_subscription_of_an_invoice(data: dict[str, Any]) -> None:
    assert invoices.subscription_of(data) == "sub_1"
    assert invoices.subscription_of({"parent": {"subscription_details": None}}) is None


INVOICE = {
    "id": "in_1",
    "currency": "eur",
    "subtotal": 100,
    "total": 119,
    "amount_due": 119,
    "amount_paid": 0,
    "amount_remaining": 119,
    "period_start": 1,
    "period_end": 2,
    "created": 3,
}


@pytest.mark.parametrize(
    ("taxes", "expected"),
    [
        ({}, 0),
        ({"tax": 19}, 19),
        ({"tax": None, "total_tax_amounts": [{"amount": 19}]}, 19),
        ({"total_taxes": [{"amount": 10}, {"amount": 9}]}, 19),
        ({"total_taxes": None}, 0),
    ],
)
def test_the_tax_of_an_invoice(taxes: dict[str, Any], expected: int) -> None:
    assert invoices.invoice(INVOICE | taxes, overage_amount=0).tax == expected


def test_an_invoice_with_nothing_but_the_needful() -> None:
    found = invoices.invoice(INVOICE, overage_amount=7)
    assert (found.customer_id, found.status, found.overage_amount, found.attempt_count) == ("", "draft", 7, 0)
    assert (found.paid_at, found.due_at, found.hosted_url, found.subscription_id) == (None, None, None, None)
