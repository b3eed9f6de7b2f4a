"""Usage periods are months from an anchor, in UTC; the next one begins with nothing used."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.billing.books import Books, Limit, add_plan
from tests.integration.identity.calls import refused
from tests.support.database import Database

Moment = datetime
PERIOD = "select period_start, period_end from app.usage_period(%s, %s)"


def period(db: Database, anchor: object, moment: object) -> tuple[Moment, Moment]:
    ((start, end),) = db.rows(PERIOD, anchor, moment)
    return start, end


def at(text: str) -> Moment:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("anchor", "moment", "start", "end"),
    [
        ("2026-01-10", "2026-01-10", "2026-01-10", "2026-02-10"),
        ("2026-01-10", "2026-02-09T23:59:59", "2026-01-10", "2026-02-10"),
        ("2026-01-10", "2026-02-10", "2026-02-10", "2026-03-10"),
        ("2026-01-31", "2026-02-27", "2026-01-31", "2026-02-28"),
        ("2026-01-31", "2026-02-28", "2026-02-28", "2026-03-31"),
        ("2026-01-31", "2026-04-30", "2026-04-30", "2026-05-31"),
        ("2028-01-31", "2028-02-28", "2028-01-31", "2028-02-29"),
        ("2028-01-31", "2028-02-29", "2028-02-29", "2028-03-31"),
        ("2028-02-29", "2029-02-28", "2029-02-28", "2029-03-29"),
        ("2028-02-29T12:00:00", "2029-02-28T11:00:00", "2029-01-29T12:00:00", "2029-02-28T12:00:00"),
        ("2026-12-15", "2027-01-14", "2026-12-15", "2027-01-15"),
        ("2026-03-15", "2026-03-01", "2026-02-15", "2026-03-15"),
        ("2026-03-31", "2026-02-28", "2026-02-28", "2026-03-31"),
        ("2026-03-31", "2026-02-27", "2026-01-31", "2026-02-28"),
    ],
)
def test_the_month_of_a_moment(shared_db: Database, anchor: str, moment: str, start: str, end: str) -> None:
    assert period(shared_db, at(anchor), at(moment)) == (at(start), at(end))


def test_the_zone_of_the_session_does_not_matter(shared_db: Database) -> None:
    """In Auckland the clock goes back on 5 April 2026."""
    admin = shared_db.admin
    with admin.transaction(force_rollback=True):
        admin.execute("set local timezone = 'Pacific/Auckland'")
        start, end = admin.execute(PERIOD, (at("2026-03-20T11:30:00"), at("2026-04-10"))).fetchone() or (
            None,
            None,
        )
    assert (start, end) == (at("2026-03-20T11:30:00"), at("2026-04-20T11:30:00"))


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


def months_after(anchor: Moment, count: int) -> Moment:
    """The same day so many months later, or the last one of a shorter month."""
    years, month = divmod(anchor.month - 1 + count, 12)
    day = min(anchor.day, monthrange(anchor.year + years, month + 1)[1])
    return anchor.replace(year=anchor.year + years, month=month + 1, day=day)


@settings(max_examples=300, deadline=None)
@given(anchor=MOMENTS, moment=MOMENTS)
def test_every_moment_is_in_one_month_of_the_anchor(
    shared_db: Database, anchor: Moment, moment: Moment
) -> None:
    start, end = period(shared_db, anchor, moment)
    assert start <= moment < end
    guess = (moment.year - anchor.year) * 12 + moment.month - anchor.month
    assert (start, end) in [
        (months_after(anchor, count), months_after(anchor, count + 1)) for count in (guess - 1, guess)
    ]


def test_a_new_period_begins_with_nothing_used(books: Books) -> None:
    version_id = add_plan(books.db, requests=Limit(2))
    books.follow(version_id, anchor="-1 month -1 hour")
    books.use(quantity=2)
    with refused(402, "quota.exceeded"):
        books.use()
    books.db.admin.execute(
        "update app.usage_counters set period_start = period_start - interval '1 month',"
        " period_end = period_end - interval '1 month' where metric = 'requests'"
    )
    assert books.used() == (0, 0)
    books.use(quantity=2)


def test_gauges_do_not_begin_again(books: Books) -> None:
    version_id = add_plan(books.db, documents=Limit(2), storage_bytes=Limit(None))
    books.follow(version_id, anchor="-1 day")
    books.use("documents", 2)
    books.follow(version_id, anchor="-40 days")
    with refused(402, "quota.exceeded"):
        books.use("documents")
    row = books.counter("documents")
    assert (row["used"], row["period_start"], row["resets_at"], row["projected"]) == (2, None, None, 2)


def projection(books: Books, anchor: str, used: int) -> dict[str, Any]:
    books.follow(add_plan(books.db, requests=Limit(None)), anchor=anchor)
    books.use(quantity=used)
    return books.counter()


def test_the_projection_goes_on_at_the_pace_so_far(books: Books) -> None:
    row = projection(books, "-10 days", 100)
    days = (row["resets_at"] - row["period_start"]) / timedelta(days=1)
    assert row["projected"] == pytest.approx(10 * days, abs=1)


def test_an_early_hour_projects_no_flood(books: Books) -> None:
    """Of the first hour the pace is that of the hour."""
    row = projection(books, "-1 second", 1)
    assert row["projected"] <= 31 * 24


def test_before_the_anchor_use_counts_in_the_month_that_ends_there(books: Books) -> None:
    """As in a trial: what is tried does not eat the first month that is paid."""
    row = projection(books, "10 days", 3)
    assert row["period_start"] < datetime.now(UTC) < row["resets_at"]
    assert row["projected"] >= row["used"] == 3
    anchor = books.db.value(
        "select anchor from app.workspace_terms where workspace_id = %s", books.workspace_id
    )
    assert row["resets_at"] == anchor
