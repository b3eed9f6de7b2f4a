"""Credit packs: given once for what was paid, taken back once for what went back."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.billing.their_side import Event, variant
from tests.integration.billing.till import Till
from tests.support.stripe_events import snapshot

HOLDS = 1000


async def buy(till: Till) -> UUID:
    """A pack, paid; its events wait at Stripe."""
    await till.subscribe("starter")
    session_id = till.buy_pack()
    await till.pay(session_id)
    return session_id


async def tell(till: Till, *events: Event) -> None:
    till.feed(events)
    await till.work_off()


def given(till: Till, session_id: UUID) -> tuple[str, bool, bool]:
    """Status, whether it was fulfilled, whether that was taken back."""
    session = till.session(session_id)
    return session["status"], session["fulfilled_at"] is not None, session["reversed_at"] is not None


def payment_of(till: Till, session_id: UUID) -> dict[str, Any]:
    return till.row(
        "select p.* from public.payments as p join public.billing_sessions as s"
        " on s.stripe_payment_id = p.stripe_payment_id where s.id = %s",
        session_id,
    )


def intent_of(till: Till, session_id: UUID) -> str:
    page = till.stripe.get(f"checkout/sessions/{till.session(session_id)['stripe_session_id']}")
    return str(page["payment_intent"])


def refund(till: Till, session_id: UUID, **part: int) -> None:
    till.stripe.post("refunds", payment_intent=intent_of(till, session_id), **part)


async def test_packs_are_for_plans_that_may_buy_them(till: Till) -> None:
    with pytest.raises(psycopg.Error, match="does not include this"):
        till.buy_pack()


async def test_a_pack_is_given_once(till: Till) -> None:
    session_id = await buy(till)
    assert till.credits() == 0
    events = till.stripe.new_events()
    await tell(till, *events, *events, *(variant(event, id=f"evt_{uuid4().hex}") for event in events))
    assert till.credits() == HOLDS
    assert given(till, session_id) == ("complete", True, False)
    payment = payment_of(till, session_id)
    assert (payment["status"], payment["amount"], payment["stripe_invoice_id"]) == ("succeeded", 900, None)
    await tell(till, *(variant(event, id=f"evt_{uuid4().hex}") for event in events[::-1]))
    assert till.credits() == HOLDS
    second = till.buy_pack()
    await till.pay(second)
    await till.settle()
    assert till.credits() == 2 * HOLDS


async def test_credits_are_used_before_anything_is_billed(till: Till) -> None:
    await buy(till)
    await till.settle()
    till.use(2000 + 300)
    assert till.credits() == HOLDS - 300
    till.use(1000)
    await till.settle()
    assert (till.credits(), till.stripe.metered("requests")) == (0, 300)


@pytest.mark.parametrize("seed", range(4))
async def test_a_refund_takes_back_what_is_left(till: Till, seed: int) -> None:
    """Payment and refund have both happened when the first event comes in."""
    session_id = await buy(till)
    refund(till, session_id)
    events = till.stripe.new_events()
    random.Random(seed).shuffle(events)
    await tell(till, *events)
    assert till.credits() == 0
    assert given(till, session_id) == ("complete", True, True)
    assert payment_of(till, session_id)["amount_refunded"] == 900
    await tell(till, *(variant(event, id=f"evt_{uuid4().hex}") for event in events))
    assert till.credits() == 0
    another = till.buy_pack()
    await till.pay(another)
    await till.settle()
    assert till.credits() == HOLDS, "of the next pack nothing is taken back"


async def test_what_was_used_stays_used(till: Till) -> None:
    session_id = await buy(till)
    await till.settle()
    till.use(2000 + 400)
    refund(till, session_id)
    await till.settle()
    assert (till.credits(), given(till, session_id)) == (0, ("complete", True, True))
    assert till.stripe.metered("requests") == 0


async def test_a_part_that_goes_back_takes_nothing(till: Till) -> None:
    session_id = await buy(till)
    refund(till, session_id, amount=400)
    await till.settle()
    assert (till.credits(), payment_of(till, session_id)["amount_refunded"]) == (HOLDS, 400)
    refund(till, session_id)
    await till.settle()
    assert (till.credits(), payment_of(till, session_id)["amount_refunded"]) == (0, 900)


@pytest.mark.parametrize(("outcome", "left"), [("won", HOLDS), ("lost", 0)])
async def test_a_dispute(till: Till, outcome: str, left: int) -> None:
    session_id = await buy(till)
    await till.settle()
    intent = intent_of(till, session_id)
    till.stripe.twin.control("dispute", payment_intent=intent)
    await till.settle()
    assert (till.credits(), till.notices()) == (HOLDS, ["disputed"])
    till.stripe.twin.control("dispute", payment_intent=intent, outcome=outcome)
    await till.settle()
    assert (till.credits(), till.notices()) == (left, ["disputed"])
    assert payment_of(till, session_id)["dispute_status"] == outcome


async def test_a_declined_card_gives_nothing_and_may_be_replaced(till: Till) -> None:
    await till.subscribe("starter")
    session_id = till.buy_pack()
    await till.work_off()
    till.stripe.press(till.session(session_id)["url"], "decline")
    await till.settle()
    assert (till.credits(), given(till, session_id)) == (0, ("open", False, False))
    failed = till.row("select * from public.payments where amount = 900")
    assert (failed["status"], failed["failure_code"]) == ("failed", "card_declined")
    assert failed["failure_message"] == "Your card was declined."
    till.stripe.press(till.session(session_id)["url"], "pay")
    await till.settle()
    assert (till.credits(), given(till, session_id)) == (HOLDS, ("complete", True, False))
    paid = payment_of(till, session_id)
    assert (paid["status"], paid["failure_code"], paid["failure_message"]) == ("succeeded", None, None)


async def test_an_expired_page(till: Till) -> None:
    await till.subscribe("starter")
    session_id = till.buy_pack()
    await till.work_off()
    till.stripe.post(f"checkout/sessions/{till.session(session_id)['stripe_session_id']}/expire")
    await till.settle()
    assert (till.credits(), given(till, session_id)) == (0, ("expired", False, False))


class LateMoney:
    """A bank transfer: the page is complete, the money is not there yet."""

    def __init__(self, till: Till, session_id: UUID) -> None:
        self._till = till
        self.page = till.session(session_id)["stripe_session_id"]
        self.intent = intent_of(till, session_id)
        till.stripe.rewrite(self.page, payment_status="unpaid")
        till.stripe.rewrite(self.intent, status="processing", latest_charge=None, amount_received=0)
        till.stripe.new_events()

    def completed(self) -> Event:
        return snapshot("checkout.session.completed", self._page())

    def succeeds(self) -> list[Event]:
        self._till.stripe.rewrite(self.page, payment_status="paid")
        self._till.stripe.rewrite(self.intent, status="succeeded", amount_received=900)
        return [
            snapshot("checkout.session.async_payment_succeeded", self._page()),
            snapshot("payment_intent.succeeded", self._intent()),
        ]

    def fails(self) -> list[Event]:
        error = {"type": "card_error", "code": "debit_not_authorized", "message": "The bank said no."}
        self._till.stripe.rewrite(self.intent, status="requires_payment_method", last_payment_error=error)
        return [
            snapshot("checkout.session.async_payment_failed", self._page()),
            snapshot("payment_intent.payment_failed", self._intent()),
        ]

    def _page(self) -> dict[str, Any]:
        return self._till.stripe.get(f"checkout/sessions/{self.page}")

    def _intent(self) -> dict[str, Any]:
        return self._till.stripe.get(f"payment_intents/{self.intent}")


@pytest.fixture
async def late(till: Till) -> tuple[UUID, LateMoney]:
    session_id = await buy(till)
    return session_id, LateMoney(till, session_id)


@pytest.mark.parametrize("order", [1, -1])
async def test_late_money_arrives(till: Till, late: tuple[UUID, LateMoney], order: int) -> None:
    session_id, money = late
    await tell(till, money.completed())
    assert (till.credits(), given(till, session_id)) == (0, ("open", False, False))
    assert till.session(session_id)["payment_status"] == "unpaid"
    assert payment_of(till, session_id)["status"] == "pending"
    await tell(till, *money.succeeds()[::order])
    assert (till.credits(), given(till, session_id)) == (HOLDS, ("complete", True, False))


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("is_told_before", [True, False])
async def test_late_money_does_not_arrive(
    till: Till, late: tuple[UUID, LateMoney], order: int, is_told_before: bool
) -> None:
    session_id, money = late
    completed = money.completed()
    if is_told_before:
        await tell(till, completed)
    await tell(till, *money.fails()[::order])
    await tell(till, variant(completed, id="evt_late"))
    assert (till.credits(), given(till, session_id)) == (0, ("failed", False, False))
    session = till.session(session_id)
    assert (session["error_code"], session["error_message"]) == (
        "billing.payment_failed",
        "The bank said no.",
    )
