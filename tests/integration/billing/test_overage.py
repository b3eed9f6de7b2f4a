"""Above the plan: credits first, then overage up to the cap, one meter event per entry for those who pay."""

from __future__ import annotations

from functools import partial

import pytest

from tests.integration.billing.books import Books, Limit, add_plan, add_version, end
from tests.integration.billing.test_ledger import differences
from tests.integration.billing.test_quota_race import at_once, codes
from tests.integration.identity.calls import refused
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.mark.parametrize(
    ("units", "amount", "per", "price"),
    [
        (0, 100, 100, 0),
        (1, 100, 100, 1),
        (49, 1, 100, 0),
        (50, 1, 100, 1),
        (149, 1, 100, 1),
        (4, 3, 7, 2),
        (7, 3, 7, 3),
        (3, 1, 3, 1),
        (2 * 10**12, 1, 3, 666666666666),
    ],
)
def test_the_price_is_that_of_the_invoice(
    shared_db: Database, units: int, amount: int, per: int, price: int
) -> None:
    """A unit has twelve decimals, a line is rounded to the nearest minor unit."""
    assert shared_db.value("select app.overage_amount(%s, %s, %s)", units, amount, per) == price


def test_the_price_of_much_is_exact(shared_db: Database) -> None:
    assert shared_db.value("select app.overage_amount(%s, 3, 1)", 3 * 10**18) == 9 * 10**18


@pytest.mark.parametrize("cap", [None, 0])
def test_a_plan_without_limit_spends_no_credits(books: Books, cap: int | None) -> None:
    books.subscribe(add_plan(books.db, cap=cap, requests=Limit(None)))
    books.add_credits(5)
    books.use(quantity=10)
    end(books.db, books.use_in_job(quantity=10))
    assert (books.credits(), books.counter()["overage"], books.notices()) == (5, 0, [])
    assert books.db.value("select count(*) from app.meter_events") == 0


def test_a_metric_that_the_plan_does_not_name_is_not_included_but_credits_pay(books: Books) -> None:
    books.follow(add_plan(books.db))
    with refused(402, "quota.exceeded"):
        books.use()
    books.add_credits(2)
    books.use()
    end(books.db, books.use_in_job())
    with refused(402, "quota.exceeded"):
        books.use()
    assert (books.used(), books.credits(), books.counter()["included"]) == ((2, 0), 0, 0)


def test_credits_come_before_overage_and_after_what_is_included(books: Books) -> None:
    books.follow(add_plan(books.db, cap=None, requests=Limit(10, 5, 1)))
    books.add_credits(4)
    books.use(quantity=10)
    assert books.credits() == 4
    books.use(quantity=6)
    (_, entry) = books.entries()
    assert (entry["credited"], entry["overage"], books.credits()) == (4, 2, 0)
    assert books.counter()["overage_amount"] == 10


def test_credits_bought_after_overage_pay_what_comes_then(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(10, 5, 1)))
    books.use(quantity=13)
    books.add_credits(4)
    books.use(quantity=5)
    row = books.counter()
    assert (row["overage"], row["credits"]) == (3 + 1, 0)
    assert differences(books.db) == []


def test_credits_are_never_spent_twice(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(0)))
    books.add_credits(7)
    errors = at_once([books.use] * 20)
    assert codes(errors) == ["quota.exceeded"] * 13
    assert (books.credits(), books.used()) == (0, (7, 0))
    assert sum(entry["credited"] for entry in books.entries()) == 7


def test_the_plans_cap_ends_overage(books: Books) -> None:
    books.follow(add_plan(books.db, cap=100, requests=Limit(10, 30, 7)))
    room = 100 * 7 // 30
    books.use(quantity=10 + room)
    assert books.counter()["overage_amount"] <= 100
    with refused(402, "quota.exceeded"):
        books.use()
    assert books.used() == (10 + room, 0)


def test_the_owners_cap_replaces_the_plans_until_it_is_taken_away(books: Books, cast: Cast) -> None:
    books.follow(add_plan(books.db, cap=100, requests=Limit(0, 10, 1)))

    def cap(amount: int | None) -> None:
        with books.db.as_user(cast.owner) as cursor:
            cursor.execute("select public.set_spend_cap(%s, %s)", (books.workspace_id, amount))

    cap(20)
    books.use(quantity=2)
    with refused(402, "quota.exceeded"):
        books.use()
    cap(30)
    books.use()
    cap(0)
    with refused(402, "quota.exceeded"):
        books.use()
    cap(None)
    books.use(quantity=7)
    with refused(402, "quota.exceeded"):
        books.use()
    with refused(400, "billing.bad_amount"):
        cap(-1)
    audited = books.db.rows(
        "select detail ->> 'amount' from public.audit_log where action = 'billing.spend_cap_set'"
    )
    assert audited == [("20",), ("30",), ("0",), (None,)]
    assert books.counter()["spend_cap_amount"] == 100


@pytest.mark.parametrize("has_terms", [True, False])
def test_two_metrics_share_one_cap_however_they_race(books: Books, has_terms: bool) -> None:
    """Without terms of its own the workspace is on a plan free that sells overage."""
    if has_terms:
        books.follow(add_plan(books.db, cap=100, requests=Limit(0, 10, 1), voice_seconds=Limit(0, 10, 1)))
    else:
        add_version(books.db, "free", cap=100, requests=Limit(0, 10, 1), voice_seconds=Limit(0, 10, 1))
        books.db.admin.execute(
            "delete from app.workspace_terms where workspace_id = %s", (books.workspace_id,)
        )
    errors = at_once([books.use, partial(books.use, "voice_seconds")] * 12)
    assert codes(errors) == ["quota.exceeded"] * 14
    total = sum(books.counter(metric)["overage_amount"] for metric in ("requests", "voice_seconds"))
    assert total == 100


def test_a_cap_above_all_numbers_has_room(books: Books) -> None:
    books.follow(add_plan(books.db, cap=2**31 - 1, requests=Limit(0, 1, 10**12)))
    books.use(quantity=10**14)
    assert books.counter()["overage_amount"] == 100


def test_what_a_job_holds_counts_against_the_cap(books: Books) -> None:
    books.follow(add_plan(books.db, cap=10, requests=Limit(0, 10, 1), voice_seconds=Limit(0, 10, 1)))
    job_id = books.use_in_job()
    with refused(402, "quota.exceeded"):
        books.use("voice_seconds")
    end(books.db, job_id, outcome="fail")
    books.use("voice_seconds")


def outbox(books: Books) -> list[tuple[object, ...]]:
    return books.db.rows(
        "select ledger_id, metric, customer_id, quantity, status from app.meter_events order by 1"
    )


def test_overage_goes_out_in_order_of_customer_and_metric(books: Books) -> None:
    books.subscribe(add_plan(books.db, requests=Limit(1, 1, 1), voice_seconds=Limit(0, 1, 1)), "cus_1")
    books.use()
    second = books.use(quantity=2)
    spoken = books.use("voice_seconds", 30)
    assert outbox(books) == [
        (second, "requests", "cus_1", 2, "pending"),
        (spoken, "voice_seconds", "cus_1", 30, "pending"),
    ]
    jobs = books.db.rows(
        "select args, ordering_key, workspace_id, created_by from public.jobs"
        " where kind = 'billing.send_meter_event' order by id"
    )
    assert jobs == [
        ({"ledger_id": second}, "meter:cus_1:requests", None, None),
        ({"ledger_id": spoken}, "meter:cus_1:voice_seconds", None, None),
    ]


def test_what_a_job_used_above_the_plan_goes_out_when_it_succeeds(books: Books) -> None:
    books.subscribe(add_plan(books.db, requests=Limit(0, 1, 1)))
    kept, given_up = books.use_in_job(quantity=2), books.use_in_job(quantity=5)
    assert outbox(books) == []
    end(books.db, kept)
    end(books.db, given_up, outcome="fail")
    assert [row[3] for row in outbox(books)] == [2]


@pytest.mark.parametrize("planted", ["no customer", "given by staff", "deleted customer"])
def test_without_someone_who_pays_nothing_goes_out(books: Books, planted: str) -> None:
    version_id = add_plan(books.db, requests=Limit(0, 1, 1))
    if planted == "no customer":
        books.follow(version_id, source="subscription")
    else:
        books.subscribe(version_id)
    if planted == "given by staff":
        books.follow(version_id)
    if planted == "deleted customer":
        books.db.admin.execute("update app.billing_customers set deleted_at = now()")
    books.use()
    assert (outbox(books), books.counter()["overage"]) == ([], 1)


def test_a_plan_changed_meanwhile_without_overage_bills_nothing(books: Books) -> None:
    books.subscribe(add_plan(books.db, requests=Limit(0, 1, 1)))
    job_id = books.use_in_job()
    books.follow(add_plan(books.db), source="subscription")
    end(books.db, job_id)
    assert (books.used(), outbox(books)) == ((1, 0), [])
    assert differences(books.db) == []
