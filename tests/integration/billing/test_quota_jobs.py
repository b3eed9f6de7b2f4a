"""What a job holds is used when it succeeds and comes back when it does not, however that happens."""

from __future__ import annotations

import pytest

from tests.integration.billing.books import Books, Limit, add_plan, end, finish, start
from tests.integration.identity.calls import call, refused
from tests.support.actors import Cast
from tests.support.database import Database


def statuses(books: Books, metric: str = "requests") -> list[str]:
    return [entry["status"] for entry in books.entries(metric)]


def test_a_job_that_succeeds_uses_what_it_held(books: Books) -> None:
    job_id = books.use_in_job(quantity=3)
    assert (books.used(), statuses(books)) == ((0, 3), ["reserved"])
    end(books.db, job_id)
    assert (books.used(), statuses(books)) == ((3, 0), ["committed"])
    assert books.entries()[0]["settled_at"] is not None


@pytest.mark.parametrize("outcome", ["fail", "retry"])
def test_a_job_that_does_not_gives_it_back(books: Books, outcome: str) -> None:
    """Its only attempt is over, so that `retry` fails it too."""
    job_id = books.use_in_job(quantity=3)
    end(books.db, job_id, outcome=outcome)
    assert (books.used(), statuses(books)) == ((0, 0), ["released"])


@pytest.mark.parametrize("outcome", ["release", "defer"])
def test_a_job_that_waits_for_its_next_attempt_keeps_it(books: Books, outcome: str) -> None:
    job_id = books.use_in_job(quantity=3)
    end(books.db, job_id, outcome=outcome)
    assert (books.used(), statuses(books)) == ((0, 3), ["reserved"])
    end(books.db, job_id)
    assert books.used() == (3, 0)


def test_a_job_whose_worker_vanished_for_good_gives_it_back(books: Books) -> None:
    job_id = books.use_in_job()
    start(books.db)
    books.db.admin.execute(
        "update public.jobs set lease_until = now() - interval '1 s' where id = %s", (job_id,)
    )
    assert start(books.db, "another") == []
    assert (books.used(), statuses(books)) == ((0, 0), ["released"])


def test_all_metrics_of_a_job_settle_together(books: Books) -> None:
    job_id = books.use_in_job(quantity=2)
    books.use("voice_seconds", 30, job_id)
    end(books.db, job_id)
    assert (books.used(), books.used("voice_seconds")) == ((2, 0), (30, 0))


@pytest.mark.parametrize("function", ["cancel_job", "delete_job"])
@pytest.mark.parametrize("is_running", [False, True])
def test_a_job_stopped_by_a_member_has_used_it_if_it_ran(
    books: Books, cast: Cast, function: str, is_running: bool
) -> None:
    """Else whoever stops a model just before its end has its words for nothing."""
    job_id = books.use_in_job()
    if is_running:
        start(books.db)
    with books.db.as_user(cast.owner) as cursor:
        cursor.execute(f"select public.{function}(%s)".encode(), (job_id,))
    if is_running and function == "cancel_job":
        assert books.used() == (0, 1)
        with books.db.as_worker() as cursor:
            assert finish(cursor, [job_id], "cancelled") == 1
    used = ((1, 0), ["committed"]) if is_running else ((0, 0), ["released"])
    assert (books.used(), statuses(books)) == used


def test_an_end_that_is_rolled_back_settles_nothing(books: Books) -> None:
    job_id = books.use_in_job()
    start(books.db)
    with books.db.as_worker() as cursor:
        assert finish(cursor, [job_id]) == 1
        cursor.connection.rollback()
    assert (books.used(), statuses(books)) == ((0, 1), ["reserved"])


def retry(books: Books, cast: Cast, job_id: int) -> None:
    with books.db.as_user(cast.owner) as cursor:
        call(cursor, "retry_job", job_id)


def test_what_ran_and_was_cancelled_counts_once_more_when_it_is_tried_again(books: Books, cast: Cast) -> None:
    job_id = books.use_in_job(quantity=2)
    end(books.db, job_id, outcome="cancelled")
    retry(books, cast, job_id)
    assert (books.used(), sorted(statuses(books))) == ((2, 2), ["committed", "reserved"])
    end(books.db, job_id)
    assert (books.used(), statuses(books)) == ((4, 0), ["committed", "committed"])


def test_a_retry_reserves_again(books: Books, cast: Cast) -> None:
    job_id = books.use_in_job(quantity=2)
    end(books.db, job_id, outcome="fail")
    retry(books, cast, job_id)
    assert (books.used(), statuses(books)) == ((0, 2), ["reserved"])
    end(books.db, job_id)
    assert (books.used(), statuses(books)) == ((2, 0), ["committed"])


def test_a_retry_without_room_is_refused_and_changes_nothing(books: Books, cast: Cast) -> None:
    books.follow(add_plan(books.db, requests=Limit(2)))
    job_id = books.use_in_job(quantity=2)
    end(books.db, job_id, outcome="fail")
    books.use()
    with refused(402, "quota.exceeded"):
        retry(books, cast, job_id)
    assert (books.used(), statuses(books)) == ((1, 0), ["released", "committed"])
    assert books.db.value("select status from public.jobs where id = %s", job_id) == "failed"


def test_a_retry_counts_in_the_period_in_which_it_is_made(books: Books, cast: Cast) -> None:
    version_id = add_plan(books.db, requests=Limit(2))
    books.follow(version_id, anchor="-3 months -10 days")
    old = books.counter()["period_start"]
    job_id = books.use_in_job(quantity=2)
    end(books.db, job_id, outcome="fail")
    books.follow(version_id, anchor="-5 days")
    retry(books, cast, job_id)
    end(books.db, job_id)
    (entry,) = books.entries()
    assert books.used() == (2, 0)
    assert entry["period_start"] == books.counter()["period_start"] > old
    sums = books.db.rows(
        "select reserved, committed from app.usage_counters where metric = 'requests' order by 2"
    )
    assert sums == [(0, 0), (0, 2)]


def test_a_job_that_ends_after_its_period_settles_in_it(books: Books) -> None:
    version_id = add_plan(books.db, requests=Limit(2))
    books.follow(version_id, anchor="-3 months -10 days")
    job_id = books.use_in_job(quantity=2)
    books.follow(version_id, anchor="-5 days")
    end(books.db, job_id)
    assert books.used() == (0, 0)
    sums = books.db.rows("select reserved, committed from app.usage_counters where metric = 'requests'")
    assert sums == [(0, 2)]


def test_ended_and_begun_anew_in_one_transaction_it_still_holds(books: Books) -> None:
    job_id = books.use_in_job()
    start(books.db)
    with books.db.admin.transaction(), books.db.admin.cursor() as cursor:
        assert finish(cursor, [job_id], "fail") == 1
        cursor.execute("select app.restart_job(%s)", (job_id,))
    assert (books.used(), statuses(books)) == ((0, 1), ["reserved"])
    end(books.db, job_id)
    assert books.used() == (1, 0)


def test_an_ended_job_cannot_hold_more(books: Books) -> None:
    job_id = books.use_in_job()
    end(books.db, job_id)
    with refused(404, "job.not_found"):
        books.use("voice_seconds", 1, job_id)
    assert books.used("voice_seconds") == (0, 0)


def test_a_workspace_with_reservations_is_deleted(books: Books, cast: Cast) -> None:
    running = books.use_in_job()
    start(books.db)
    books.use_in_job()
    with books.db.as_user(cast.owner) as cursor:
        cursor.execute("select public.delete_workspace(%s)", (books.workspace_id,))
    for table in ("app.usage_counters", "public.usage_ledger", "public.jobs"):
        rows = books.db.value(f"select count(*) from {table} where workspace_id = %s", books.workspace_id)
        assert rows == 0, table
    with books.db.as_worker() as cursor:
        assert finish(cursor, [running]) == 0


def test_purging_jobs_keeps_the_ledger(books: Books) -> None:
    job_id = books.use_in_job()
    end(books.db, job_id)
    assert books.db.value("select app.purge_jobs(interval '-1 s')") == 1
    assert (books.used(), books.entries()[0]["job_id"]) == ((1, 0), job_id)


def test_an_unmetered_job_settles_nothing(books: Books, db: Database) -> None:
    with db.as_worker() as cursor:
        row = cursor.execute("select app.enqueue('test.metered', %s)", (books.workspace_id,)).fetchone()
    assert row is not None
    end(db, row[0])
    assert books.entries() == []
