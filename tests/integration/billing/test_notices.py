"""At 80 % and at 100 % those who pay hear of it, once a period."""

from __future__ import annotations

import pytest

from tests.integration.billing.books import Books, Limit, add_plan, end
from tests.integration.billing.test_quota_race import at_once
from tests.integration.identity.calls import refused


def kinds(books: Books) -> list[str]:
    return [kind for kind, _ in books.notices()]


def test_each_share_is_told_when_it_is_reached(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(10)))
    books.use(quantity=7)
    assert kinds(books) == []
    books.use()
    assert kinds(books) == ["limit_80"]
    books.use()
    books.use()
    assert kinds(books) == ["limit_80", "limit_100"]
    with refused(402, "quota.exceeded"):
        books.use()
    assert len(books.notices()) == 2


def test_a_leap_tells_both(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(10)))
    books.use(quantity=10)
    assert sorted(kinds(books)) == ["limit_100", "limit_80"]


def test_it_holds_the_figures_of_the_message(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(10)))
    books.use(quantity=8)
    detail = books.db.value("select detail from public.billing_notices")
    assert (detail["metric"], detail["used"], detail["limit"]) == ("requests", 8, 10)
    assert detail["resets_at"] is not None


def test_it_is_told_once_a_period_however_use_goes_up_and_down(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(10)))
    for _ in range(3):
        end(books.db, books.use_in_job(quantity=8), outcome="fail")
    assert kinds(books) == ["limit_80"]


def test_the_zone_of_a_session_makes_no_second_notice(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(10)))
    for zone in ("UTC", "Pacific/Auckland", "America/Lima"):
        with books.db.as_worker() as cursor:
            cursor.execute(f"set timezone = '{zone}'".encode())
            row = cursor.execute("select app.enqueue('test.metered', %s)", (books.workspace_id,)).fetchone()
            assert row is not None
            cursor.execute("select app.consume(%s, 'requests', 8, %s)", (books.workspace_id, row[0]))
        end(books.db, row[0], outcome="fail")
    assert kinds(books) == ["limit_80"]


def test_the_next_period_tells_again(books: Books) -> None:
    version_id = add_plan(books.db, requests=Limit(10))
    books.follow(version_id, anchor="-20 days")
    books.use(quantity=8)
    books.follow(version_id, anchor="-1 day")
    books.use(quantity=8)
    assert kinds(books) == ["limit_80", "limit_80"]
    assert len({key for _, key in books.notices()}) == 2


def test_a_gauge_tells_once_a_period_too(books: Books) -> None:
    version_id = add_plan(books.db, documents=Limit(10))
    for anchor in ("-20 days", "-1 day"):
        books.follow(version_id, anchor=anchor)
        for _ in range(2):
            books.use("documents", 8)
            books.db.value("select app.free_usage(%s, 'documents', 8)", books.workspace_id)
    assert kinds(books) == ["limit_80", "limit_80"]


@pytest.mark.parametrize("limit", [Limit(None), Limit(0, 1, 1)])
def test_where_nothing_is_included_or_limited_nothing_is_told(books: Books, limit: Limit) -> None:
    books.follow(add_plan(books.db, requests=limit))
    books.use(quantity=1000)
    assert kinds(books) == []


def test_many_at_once_tell_once(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(20)))
    at_once([books.use] * 20)
    assert sorted(kinds(books)) == ["limit_100", "limit_80"]
    assert books.used() == (20, 0)


def test_what_is_rolled_back_is_not_told(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(10)))
    with books.db.as_worker() as cursor:
        cursor.execute("select app.consume(%s, 'requests', 9)", (books.workspace_id,))
        cursor.connection.rollback()
    assert kinds(books) == []
