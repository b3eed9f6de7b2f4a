"""At the limit, exactly as many get through as there is room for, however many come at once."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

import psycopg
import pytest

from tests.integration.billing.books import Books, Limit, add_plan
from tests.integration.identity.calls import call, meanwhile, refused
from tests.support.actors import Cast
from tests.support.database import Cursor, Database


def at_once(actions: Sequence[Callable[[], object]]) -> list[BaseException | None]:
    """Starts all of them at the same moment; what each raised, in order."""
    barrier = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> BaseException | None:
        barrier.wait(30)
        try:
            action()
        except BaseException as error:
            return error
        return None

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def codes(errors: Sequence[BaseException | None]) -> list[str]:
    """Stable code of each refusal; raises what is none."""
    return [_code(error) for error in errors if error is not None]


def _code(error: BaseException) -> str:
    if not isinstance(error, psycopg.Error) or error.sqlstate != "PT402":
        raise error
    return error.diag.message_detail or ""


@pytest.mark.parametrize("callers", [2, 20])
def test_at_one_below_the_limit_one_gets_through(books: Books, callers: int) -> None:
    books.follow(add_plan(books.db, requests=Limit(10)))
    books.use(quantity=9)
    errors = at_once([books.use] * callers)
    assert codes(errors) == ["quota.exceeded"] * (callers - 1)
    assert (books.used(), len(books.entries())) == ((10, 0), 2)


@pytest.mark.parametrize("callers", [2, 20])
def test_of_questions_asked_at_once_one_is_taken(books: Books, cast: Cast, callers: int) -> None:
    books.follow(add_plan(books.db, requests=Limit(10)))
    books.use(quantity=9)

    def ask() -> None:
        with books.db.as_user(cast.editor) as cursor:
            cursor.execute("select public.ask(%s, 'When does work begin?')", (books.workspace_id,))

    errors = at_once([ask] * callers)
    assert codes(errors) == ["quota.exceeded"] * (callers - 1)
    assert books.used() == (9, 1)
    for table, rows in (("conversations", 1), ("messages", 2), ("jobs", 1)):
        query = f"select count(*) from public.{table}"
        where = " where kind = 'knowledge.answer_question'" if table == "jobs" else ""
        assert books.db.value(query + where) == rows, f"{table}: a refused question left something"


def test_the_refusal_says_what_was_used_of_what_and_when_it_starts_again(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(10)))
    books.use(quantity=8)
    with pytest.raises(psycopg.Error) as caught:
        books.use(quantity=5)
    error = caught.value
    ends = books.counter()["resets_at"]
    assert (error.sqlstate, error.diag.message_detail) == ("PT402", "quota.exceeded")
    assert "8 of 10 requests used, 5 more wanted." in (error.diag.message_primary or "")
    assert f"{ends:%Y-%m-%dT%H:%M:%SZ}" in (error.diag.message_hint or "")
    assert books.used() == (8, 0)


def test_the_second_waits_for_the_first_and_gets_through_when_it_rolls_back(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(1)))
    with books.db.as_worker() as first:
        consume(first, books.workspace_id)
        with meanwhile(books.db, books.use) as raised:
            first.connection.rollback()
    assert raised == []
    assert books.used() == (1, 0)


def test_the_second_is_refused_when_the_first_commits(books: Books) -> None:
    books.follow(add_plan(books.db, requests=Limit(1)))
    with books.db.as_worker() as first:
        consume(first, books.workspace_id)
        with meanwhile(books.db, books.use) as raised:
            first.connection.commit()
    assert codes(raised) == ["quota.exceeded"]
    assert books.used() == (1, 0)


@pytest.mark.parametrize("seed", range(3))
def test_commits_and_rollbacks_in_any_order_fill_it_exactly(books: Books, seed: int) -> None:
    """Each of forty callers wants three times; every third transaction is given up after it counted."""
    numbers = random.Random(seed)
    books.follow(add_plan(books.db, requests=Limit(25), voice_seconds=Limit(500)))
    gives_up = [[numbers.random() < 0.34 for _ in range(3)] for _ in range(40)]

    def caller(plans: list[bool]) -> None:
        with psycopg.connect(books.db.dsn("lamina_worker")) as connection, connection.cursor() as cursor:
            for give_up in plans:
                try:
                    consume(cursor, books.workspace_id)
                except psycopg.Error as error:
                    codes([error])
                    give_up = True
                if give_up:
                    connection.rollback()
                else:
                    connection.commit()

    errors = at_once([partial(caller, plans) for plans in gives_up])
    assert [error for error in errors if error] == []
    assert books.used() == (25, 0)
    assert sum(entry["quantity"] for entry in books.entries()) == 25


def test_two_workspaces_do_not_wait_for_each_other(books: Books, cast: Cast) -> None:
    other: UUID = books.db.value(
        "select id from public.workspaces where created_by = %s and kind = 'personal'", cast.stranger.user_id
    )
    with books.db.as_worker() as first:
        consume(first, books.workspace_id)
        with books.db.as_worker() as second:
            second.execute("set local lock_timeout = '2s'")
            consume(second, other)
    assert Books(books.db, other).used() == (1, 0)


def test_two_calls_for_one_job_count_once(books: Books) -> None:
    job_id = books.use_in_job(quantity=3)
    errors = at_once([partial(books.use, "voice_seconds", 7, job_id)] * 8)
    assert [error for error in errors if error] == []
    assert (books.used(), books.used("voice_seconds")) == ((0, 3), (0, 7))


def test_what_cannot_be_counted_is_refused(books: Books) -> None:
    for metric, quantity in (("apples", 1), ("requests", 0), ("requests", -1), ("requests", None), (None, 1)):
        with refused(400, "usage.invalid"):
            books.use(metric, quantity)  # type: ignore[arg-type]
    with refused(404, "workspace.not_found"):
        Books(books.db, UUID(int=7)).use()
    with refused(404, "job.not_found"):
        books.use(job_id=10**9)


def test_a_question_repeated_with_its_key_counts_once(books: Books, cast: Cast) -> None:
    for _ in range(3):
        with books.db.as_user(cast.editor) as cursor:
            call(cursor, "ask", books.workspace_id, "When?", None, None, "same")
    assert books.used() == (0, 1)


def test_a_search_counts_as_a_request(books: Books, cast: Cast) -> None:
    books.follow(add_plan(books.db, requests=Limit(1)))
    with books.db.as_user(cast.editor) as cursor:
        call(cursor, "start_search", books.workspace_id, "hours")
    with refused(402, "quota.exceeded"), books.db.as_user(cast.editor) as cursor:
        call(cursor, "start_search", books.workspace_id, "hours")
    assert books.db.value("select count(*) from public.searches") == 1
    assert books.db.value("select count(*) from public.jobs where kind = 'knowledge.run_search'") == 1


def consume(cursor: Cursor, workspace_id: UUID, metric: str = "requests", quantity: int = 1) -> None:
    cursor.execute("select app.consume(%s, %s, %s)", (workspace_id, metric, quantity))


def test_the_database_was_migrated(db: Database) -> None:
    """A workspace without terms is on the newest version of plan free."""
    actor = db.sign_up("new")
    workspace = db.value("select id from public.workspaces where created_by = %s", actor.user_id)
    row = Books(db, workspace).counter()
    assert (row["plan"], row["included"], row["used"]) == ("free", 100, 0)
