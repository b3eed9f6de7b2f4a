"""What was paid is given once and taken back once; overage that Stripe dropped is told."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from tests.integration.billing.books import Books
from tests.integration.billing.states import CHECKOUT, FAULT, NOON, PAYMENT, apply, of
from tests.integration.billing.test_quota_race import at_once
from tests.support.actors import Cast

LATER = NOON + timedelta(minutes=1)


def meter_event(shop: Books, status_: str = "sent") -> str:
    """One overage event; its identifier at Stripe."""
    entry = shop.use()
    shop.db.admin.execute(
        "insert into app.meter_events (ledger_id, workspace_id, metric, customer_id, quantity, status)"
        " values (%s, %s, 'requests', 'cus_1', 1, %s)",
        (entry, shop.workspace_id, status_),
    )
    return f"{shop.workspace_id}-{entry}"


def test_what_stripe_dropped_is_failed_and_told(shop: Books) -> None:
    dropped, kept = meter_event(shop), meter_event(shop)
    strange = ("other-99999999999999999999999", f"{uuid4()}-{kept.rsplit('-', 1)[1]}", "", "nothing")
    assert apply(shop.db, of(FAULT, identifiers=(dropped, *strange))) == "applied"
    rows = shop.db.rows("select status, error_code, error_message from app.meter_events order by ledger_id")
    assert rows == [
        ("failed", "payments.meter_event_refused", "There is no such customer."),
        ("sent", None, None),
    ]
    assert shop.notices() == [("meter_failed", "evt_fault")]


def session(shop: Books, cast: Cast, kind: str = "credit_pack") -> UUID:
    """An open page."""
    found: UUID = shop.db.value(
        "insert into public.billing_sessions"
        " (workspace_id, kind, pack, status, url, stripe_session_id, created_by)"
        " values (%s, %s, 'requests_1000', 'open', 'https://pay.example', 'cs_1', %s) returning id",
        shop.workspace_id,
        kind,
        cast.owner.user_id,
    )
    return found


def sold(shop: Books) -> tuple[str, int]:
    """How the session stands, and the credits."""
    return shop.db.value("select status from public.billing_sessions"), shop.credits()


def test_a_paid_pack_is_given_once_however_often_it_is_told(shop: Books, cast: Cast) -> None:
    paid = of(CHECKOUT, reference=session(shop, cast))
    tellings = [partial(apply, shop.db, paid, NOON + timedelta(seconds=second)) for second in range(20)]
    assert [error for error in at_once(tellings) if error] == []
    assert sold(shop) == ("complete", 1000)


def test_a_declined_card_does_not_lose_what_another_one_pays(shop: Books, cast: Cast) -> None:
    """A reading while the page is open names the payment, whose first try then fails."""
    reference = session(shop, cast)
    apply(shop.db, of(CHECKOUT, reference=reference, status="open", payment_status="unpaid"))
    failed = of(PAYMENT, status="failed", invoice_id=None, failure_message="The card was declined.")
    apply(shop.db, failed)
    assert sold(shop) == ("failed", 0)
    apply(shop.db, of(CHECKOUT, reference=reference), LATER)
    assert sold(shop) == ("complete", 1000)
    assert shop.db.rows("select error_code, error_message from public.billing_sessions") == [(None, None)]


def test_late_money_that_does_not_come_is_said(shop: Books, cast: Cast) -> None:
    waiting = of(CHECKOUT, reference=session(shop, cast), payment_status="unpaid")
    apply(shop.db, waiting)
    assert sold(shop) == ("open", 0)
    apply(shop.db, of(PAYMENT, status="failed", invoice_id=None))
    assert sold(shop) == ("failed", 0)
    assert shop.db.value("select error_code from public.billing_sessions") == "billing.payment_failed"


REVERSALS = [("amount_refunded", 2900), ("dispute_status", "lost")]


@pytest.mark.parametrize(("name", "value"), REVERSALS)
@pytest.mark.parametrize("payment_first", [True, False])
def test_money_that_went_back_takes_the_credits_back_once(
    shop: Books, cast: Cast, name: str, value: object, payment_first: bool
) -> None:
    shop.add_credits(500)
    paid, gone = of(CHECKOUT, reference=session(shop, cast)), of(PAYMENT, **{name: value})
    for state in (gone, paid) if payment_first else (paid, gone):
        apply(shop.db, state)
    for minute in range(1, 4):
        apply(shop.db, gone, NOON + timedelta(minutes=minute))
    assert sold(shop) == ("complete", 500)


def test_a_refund_takes_back_no_more_than_is_left(shop: Books, cast: Cast) -> None:
    apply(shop.db, of(CHECKOUT, reference=session(shop, cast)))
    shop.use(quantity=100 + 300)
    assert shop.credits() == 700
    apply(shop.db, of(PAYMENT, amount_refunded=2900))
    assert (shop.credits(), shop.used()) == (0, (400, 0))


def test_a_dispute_is_told_and_won_takes_nothing(shop: Books, cast: Cast) -> None:
    apply(shop.db, of(CHECKOUT, reference=session(shop, cast)))
    for minute, word in enumerate(("needs_response", "under_review", "won")):
        apply(shop.db, of(PAYMENT, dispute_status=word), NOON + timedelta(minutes=minute))
    assert (sold(shop)[1], shop.notices()) == (1000, [("disputed", "pi_1")])


@pytest.mark.parametrize("reference", [None, UUID(int=9)])
def test_a_checkout_that_we_did_not_begin_is_nobodys(shop: Books, cast: Cast, reference: UUID | None) -> None:
    session(shop, cast)
    assert apply(shop.db, of(CHECKOUT, id="cs_2", reference=reference)) == "unknown"
    assert sold(shop) == ("open", 0)


def test_another_page_cannot_take_a_sessions_place(shop: Books, cast: Cast) -> None:
    reference = session(shop, cast)
    assert apply(shop.db, of(CHECKOUT, id="cs_forged", reference=reference)) == "unknown"
    assert sold(shop) == ("open", 0)
