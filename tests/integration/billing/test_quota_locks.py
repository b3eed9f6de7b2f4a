"""Many ends, questions, uploads and deletions over the same workspaces: nobody waits in a circle."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from tests.integration.billing.books import (
    Books,
    Limit,
    add_plan,
    enqueue,
    finish,
    start,
)
from tests.integration.identity.calls import meanwhile
from tests.support.actors import Cast
from tests.support.database import Database

ROUNDS = 60


def hold(db: Database, workspace_id: UUID, metrics: tuple[str, ...], key: str | None = None) -> int:
    with db.as_worker() as cursor:
        job_id = enqueue(cursor, workspace_id, key)
        for metric in metrics:
            cursor.execute("select app.consume(%s, %s, 1, %s)", (workspace_id, metric, job_id))
    return job_id


def test_a_question_does_not_wait_in_a_circle_with_a_batch(books: Books) -> None:
    """A batch ends two jobs with keys; meanwhile a third comes behind the second one and wants to count."""
    first = hold(books.db, books.workspace_id, ("requests",), "key:a")
    second = hold(books.db, books.workspace_id, ("requests",), "key:b")
    start(books.db)
    with books.db.as_worker() as asking:
        enqueue(asking, books.workspace_id, "key:b")

        def end_both() -> None:
            with books.db.as_worker() as cursor:
                assert finish(cursor, [first, second]) == 2

        with meanwhile(books.db, end_both) as raised:
            asking.execute("select app.consume(%s, 'requests', 1)", (books.workspace_id,))
            asking.connection.commit()
    assert raised == []
    assert books.used() == (3, 0)


def test_batches_that_end_jobs_of_several_metrics_do_not_wait_in_a_circle(books: Books) -> None:
    """In one workspace the metrics of one batch come in the other order than those of another one."""
    jobs = [
        hold(books.db, books.workspace_id, (metric,))
        for _ in range(ROUNDS)
        for metric in ("requests", "voice_seconds", "voice_seconds", "requests")
    ]
    start(books.db)

    def end_all(batches: list[list[int]]) -> None:
        for batch in batches:
            with books.db.as_worker() as cursor:
                assert finish(cursor, batch) == 2

    pairs = [jobs[place : place + 2] for place in range(0, len(jobs), 2)]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(end_all, pairs[0::2]), pool.submit(end_all, pairs[1::2])]:
            done.result(60)
    assert (books.used(), books.used("voice_seconds")) == ((2 * ROUNDS, 0), (2 * ROUNDS, 0))


def test_two_workers_and_people_over_the_same_workspaces(books: Books, cast: Cast) -> None:
    """Batches sorted by workspace, as the worker sorts them, with overage; people ask and write meanwhile."""
    db, numbers = books.db, random.Random(7)
    version_id = add_plan(
        db,
        requests=Limit(5, 1, 1),
        voice_seconds=Limit(5, 1, 1),
        documents=Limit(None),
        storage_bytes=Limit(None),
    )
    shops = [books, *(Books(db, team(db, cast, number)) for number in range(4))]
    for number, shop in enumerate(shops):
        shop.subscribe(version_id, f"cus_{number}")
    jobs = [
        (
            str(shop.workspace_id),
            hold(db, shop.workspace_id, metrics, f"{shop.workspace_id}:{numbers.random()}"),
        )
        for shop in shops
        for metrics in [("requests",), ("voice_seconds",), ("voice_seconds", "requests")] * 20
    ]
    start(db)
    numbers.shuffle(jobs)
    batches = [sorted(jobs[place : place + 10]) for place in range(0, len(jobs), 10)]
    stop = threading.Event()
    with ThreadPoolExecutor(5) as pool:
        people = [pool.submit(ask, db, cast, shops, stop), pool.submit(write, db, cast, shops, stop)]
        workers = [pool.submit(end_batches, db, batches[place::3]) for place in range(3)]
        for worker in workers:
            worker.result(120)
        stop.set()
        assert all(person.result(30) > 0 for person in people)
    for shop in shops:
        assert (shop.used("voice_seconds"), shop.counter("voice_seconds")["overage"]) == ((40, 0), 35)
        assert (shop.used()[0], shop.counter()["overage"]) == (40, 35)


def team(db: Database, cast: Cast, number: int) -> UUID:
    workspace_id: UUID = db.value(
        "insert into public.workspaces (name, kind) values (%s, 'team') returning id", f"Shop {number}"
    )
    db.admin.execute(
        "insert into public.workspace_members values (%s, %s, 'owner')", (workspace_id, cast.owner.user_id)
    )
    return workspace_id


def end_batches(db: Database, batches: list[list[tuple[str, int]]]) -> None:
    for batch in batches:
        with db.as_worker() as cursor:
            assert finish(cursor, [job_id for _, job_id in batch]) == len(batch)


def ask(db: Database, cast: Cast, shops: list[Books], stop: threading.Event) -> int:
    """Questions, which stay reserved; how many."""
    count = 0
    while not stop.is_set():
        for shop in shops:
            with db.as_user(cast.owner) as cursor:
                cursor.execute("select public.ask(%s, 'When?')", (shop.workspace_id,))
            count += 1
    return count


def write(db: Database, cast: Cast, shops: list[Books], stop: threading.Event) -> int:
    """Texts written and deleted; how many."""
    count = 0
    while not stop.is_set():
        for shop in shops:
            with db.as_user(cast.owner) as cursor:
                row = cursor.execute(
                    "select id from public.create_text_document(%s, 'A text', 'Nine.')", (shop.workspace_id,)
                ).fetchone()
            assert row is not None
            with db.as_user(cast.owner) as cursor:
                cursor.execute("select public.delete_document(%s)", row)
            count += 1
    return count


def test_a_workspace_is_deleted_while_its_overage_is_written(books: Books, cast: Cast) -> None:
    """The worker has ended the job and not yet counted it when the owner deletes."""
    books.subscribe(add_plan(books.db, requests=Limit(0, 1, 1)))
    job_id = hold(books.db, books.workspace_id, ("requests",))
    start(books.db)

    def delete() -> None:
        with books.db.as_user(cast.owner) as cursor:
            cursor.execute("select public.delete_workspace(%s)", (books.workspace_id,))

    with books.db.as_worker() as worker:
        assert finish(worker, [job_id]) == 1
        with meanwhile(books.db, delete) as raised:
            worker.connection.commit()
    assert raised == []
    assert books.db.value("select count(*) from public.workspaces where id = %s", books.workspace_id) == 0
