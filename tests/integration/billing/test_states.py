"""States of Stripe's objects: each effect once, whatever order and however many at a time."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.billing.books import Books
from tests.integration.billing.states import (
    CUSTOMER,
    INVOICE,
    NOON,
    PAYMENT,
    PRICE,
    PRODUCT,
    SUBSCRIPTION,
    apply,
    of,
    price_id,
    tell,
)
from tests.integration.billing.test_quota_race import at_once
from tests.integration.identity.calls import meanwhile
from tests.support.actors import Cast, give_plan
from tests.support.database import Database

LATER = NOON + timedelta(minutes=1)
STARTER = of(SUBSCRIPTION, price_id=price_id("starter"))


def plan(shop: Books) -> tuple[str, float]:
    """Its plan and its share of the queue."""
    weight = shop.db.value(
        "select coalesce((select weight from app.workspace_weights where workspace_id = %s), 1)",
        shop.workspace_id,
    )
    return shop.counter()["plan"], weight


def status(db: Database, subscription: str = "sub_1") -> str | None:
    found: str | None = db.value(
        "select status from public.subscriptions where stripe_subscription_id = %s", subscription
    )
    return found


@pytest.mark.parametrize("state", ["trialing", "active", "past_due"])
def test_a_subscription_that_runs_gives_its_plan(shop: Books, state: str) -> None:
    assert apply(shop.db, of(STARTER, status=state)) == "applied"
    assert plan(shop) == ("starter", 2.0)
    anchor = shop.db.value(
        "select anchor from app.workspace_terms where workspace_id = %s", shop.workspace_id
    )
    assert anchor == NOON


@pytest.mark.parametrize("state", ["incomplete", "incomplete_expired", "unpaid", "paused", "canceled"])
def test_one_that_does_not_run_gives_none(shop: Books, state: str) -> None:
    apply(shop.db, STARTER)
    assert apply(shop.db, of(STARTER, status=state), LATER) == "applied"
    assert plan(shop) == ("free", 1.0)


def test_an_older_reading_changes_nothing(shop: Books) -> None:
    assert apply(shop.db, of(STARTER, status="past_due"), LATER) == "applied"
    assert apply(shop.db, STARTER, NOON) == "superseded"
    assert apply(shop.db, STARTER, LATER) == "superseded"
    assert status(shop.db) == "past_due"


@pytest.mark.parametrize("end", ["canceled", "incomplete_expired"])
def test_what_has_ended_is_never_revived(shop: Books, end: str) -> None:
    apply(shop.db, of(STARTER, status=end))
    apply(shop.db, STARTER, LATER)
    assert (status(shop.db), plan(shop)[0]) == (end, "free")


def test_the_largest_plan_of_those_that_run_holds(shop: Books) -> None:
    apply(shop.db, STARTER)
    apply(shop.db, of(STARTER, id="sub_2", price_id=price_id("business"), anchor=LATER))
    assert plan(shop) == ("business", 8.0)
    apply(shop.db, of(STARTER, id="sub_2", price_id=price_id("business"), status="canceled"), LATER)
    assert plan(shop) == ("starter", 2.0)


def test_a_price_that_is_none_of_ours_gives_no_plan(shop: Books) -> None:
    assert apply(shop.db, of(STARTER, price_id="price_of_somebody")) == "applied"
    assert (plan(shop)[0], status(shop.db)) == ("free", "active")


def test_what_staff_gave_lasts_until_a_subscription_begins(shop: Books) -> None:
    give_plan(shop.db.admin, shop.workspace_id, "enterprise")
    apply(shop.db, of(STARTER, status="incomplete"))
    assert plan(shop) == ("enterprise", 16.0)
    apply(shop.db, STARTER, LATER)
    assert plan(shop) == ("starter", 2.0)
    apply(shop.db, of(STARTER, status="canceled"), LATER + timedelta(minutes=1))
    assert plan(shop) == ("free", 1.0)


def test_many_readings_at_once_end_as_the_latest(shop: Books) -> None:
    numbers = random.Random(3)
    states = [of(STARTER, quantity=count) for count in range(1, 21)]
    tellings = [partial(apply, shop.db, state, NOON + timedelta(seconds=state.quantity)) for state in states]
    numbers.shuffle(tellings)
    assert [error for error in at_once(tellings) if error] == []
    assert shop.db.value("select quantity from public.subscriptions") == 20


def test_two_subscriptions_at_once_agree_about_the_plan(shop: Books) -> None:
    for number in range(5):
        first = of(STARTER, id=f"sub_a{number}")
        second = of(STARTER, id=f"sub_b{number}", price_id=price_id("professional"))
        errors = at_once([partial(apply, shop.db, state) for state in (first, second)])
        assert [error for error in errors if error] == []
        assert plan(shop)[0] == "professional"
        for state in (first, second):
            apply(shop.db, of(state, status="canceled"), LATER)
        assert plan(shop)[0] == "free"


def test_a_customer_is_known_by_its_metadata_and_only_once(shop: Books, cast: Cast) -> None:
    workspace = team(shop.db)
    state = of(STARTER, id="sub_9", customer_id="cus_9", workspace_id=workspace)
    assert apply(shop.db, of(state, workspace_id=uuid4())) == "unknown"
    assert apply(shop.db, state) == "applied"
    assert Books(shop.db, workspace).counter()["plan"] == "starter"
    stolen = of(state, id="sub_10", workspace_id=shop.workspace_id)
    assert apply(shop.db, stolen) == "applied"
    assert plan(shop)[0] == "free"


def test_a_second_customer_of_a_workspace_is_nobody(shop: Books) -> None:
    state = of(STARTER, customer_id="cus_2", workspace_id=shop.workspace_id)
    assert apply(shop.db, state) == "unknown"
    assert plan(shop)[0] == "free"


def test_of_two_first_readings_of_a_customer_both_are_written(shop: Books) -> None:
    """The second finds the customer's row just being written by the first."""
    workspace = team(shop.db)
    first = of(STARTER, id="sub_8", customer_id="cus_8", workspace_id=workspace)
    second = of(CUSTOMER, id="cus_8", workspace_id=workspace)
    outcomes: list[str] = []
    with shop.db.as_worker() as cursor:
        assert tell(cursor, first) == "applied"
        with meanwhile(shop.db, lambda: outcomes.append(apply(shop.db, second))) as raised:
            cursor.connection.commit()
    assert (raised, outcomes) == ([], ["applied"])


def team(db: Database) -> UUID:
    found: UUID = db.value("insert into public.workspaces (name, kind) values ('Other', 'team') returning id")
    return found


def test_a_customer_that_was_deleted_is_replaced_by_the_next(shop: Books) -> None:
    assert apply(shop.db, of(CUSTOMER, deleted=True)) == "applied"
    with shop.db.as_worker() as cursor:
        row = cursor.execute("select app.save_customer(%s, 'cus_2')", (shop.workspace_id,)).fetchone()
    assert row == ("cus_2",)
    assert apply(shop.db, of(STARTER, id="sub_2", customer_id="cus_2")) == "applied"
    assert apply(shop.db, of(STARTER, id="sub_1", status="canceled")) == "applied"
    assert plan(shop)[0] == "starter"
    assert apply(shop.db, of(CUSTOMER, id="cus_nobody", deleted=True)) == "unknown"


def test_the_first_of_two_customers_saved_at_once_stays(shop: Books) -> None:
    workspace = team(shop.db)
    saved: list[Any] = []

    def save(customer: str) -> None:
        with shop.db.as_worker() as cursor:
            saved.append(cursor.execute("select app.save_customer(%s, %s)", (workspace, customer)).fetchone())

    assert [error for error in at_once([partial(save, f"cus_{name}") for name in "abcd"]) if error] == []
    assert len(set(saved)) == 1
    assert shop.db.value("select count(*) from app.billing_customers where workspace_id = %s", workspace) == 1


def test_invoices_and_payments_are_their_customers(shop: Books) -> None:
    for state in (INVOICE, PAYMENT):
        assert apply(shop.db, of(state, customer_id="cus_nobody")) == "unknown"
        assert apply(shop.db, state) == "applied"
        assert apply(shop.db, state) == "superseded"
    assert apply(shop.db, of(INVOICE, status="void"), LATER) == "applied"
    assert apply(shop.db, of(PAYMENT, amount_refunded=100), LATER) == "applied"
    assert shop.db.rows("select workspace_id, status from public.invoices") == [(shop.workspace_id, "void")]
    assert shop.db.rows("select amount, amount_refunded from public.payments") == [(2900, 100)]


def test_a_failed_collection_is_told_once_an_invoice(shop: Books) -> None:
    unpaid = of(INVOICE, status="open", amount_paid=0, amount_remaining=2900)
    apply(shop.db, of(unpaid, attempt_count=0))
    assert shop.notices() == []
    for minute in range(1, 4):
        apply(shop.db, of(unpaid, attempt_count=minute), NOON + timedelta(minutes=minute))
    assert shop.notices() == [("payment_failed", "in_1")]


def test_archived_at_stripe_is_not_for_sale(shop: Books) -> None:
    archived = of(PRICE, id=price_id("starter"), active=False)
    assert apply(shop.db, archived) == "applied"
    assert apply(shop.db, of(PRODUCT, id="prod_professional", active=False)) == "applied"
    assert apply(shop.db, of(PRICE, id="price_of_somebody")) == "unknown"
    for sold in ("starter", "professional"):
        query = "select app.version_for_sale(%s, 'month')"
        with pytest.raises(Exception, match="cannot be bought this way"):
            shop.db.admin.execute(query, (sold,))
    assert apply(shop.db, of(archived, active=True), LATER) == "applied"
    assert shop.db.value("select app.version_for_sale('starter', 'month')") is not None
