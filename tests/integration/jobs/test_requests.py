"""What members may do with jobs through the API: cancel, retry, delete, ask for the place in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.integration.jobs.engine import KIND, add_kind, enqueue, forever, job, settle, until, working
from tests.support.actors import Actor, Cast
from tests.support.database import Database
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Fail, Outcome

RPC = ("cancel_job", "retry_job", "delete_job")


@pytest.fixture(autouse=True)
def _kind(db: Database) -> None:
    add_kind(db)


def call(db: Database, who: Actor, function: str, job_id: int) -> Any:
    """First column of what ``public.<function>(job_id)`` gives this user."""
    query = sql.SQL("select * from public.{}(%s)").format(sql.Identifier(function))
    with db.as_user(who) as cursor:
        row = cursor.execute(query, (job_id,)).fetchone()
    return row[0] if row else None


@contextmanager
def refused(status: int, code: str) -> Iterator[None]:
    with pytest.raises(psycopg.Error) as caught:
        yield
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == (f"PT{status}", code)


def finished(db: Database, cast: Cast, outcome: Outcome) -> int:
    """A job of the team's that has ended."""
    job_id = enqueue(db, workspace_id=cast.workspace_id)

    async def end(job: Job, ctx: JobContext) -> Outcome:
        return outcome

    async def run() -> None:
        async with working(db, {KIND: end}):
            await settle(db, job_id)

    asyncio.run(run())
    return job_id


@pytest.mark.parametrize("function", [*RPC, "queue_position"])
def test_a_stranger_learns_nothing(db: Database, cast: Cast, function: str) -> None:
    job_id = enqueue(db, workspace_id=cast.workspace_id)
    with refused(404, "job.not_found"):
        call(db, cast.stranger, function, job_id)
    with refused(404, "job.not_found"):
        call(db, cast.owner, function, enqueue(db))  # the platform's own
    assert job(db, job_id)["status"] == "queued"


@pytest.mark.parametrize("function", RPC)
def test_a_viewer_watches_and_changes_nothing(db: Database, cast: Cast, function: str) -> None:
    job_id = enqueue(db, workspace_id=cast.workspace_id)
    assert call(db, cast.viewer, "queue_position", job_id) == 1
    with refused(403, "job.forbidden"):
        call(db, cast.viewer, function, job_id)
    assert job(db, job_id)["status"] == "queued"


@pytest.mark.parametrize("function", RPC)
def test_a_viewer_changes_their_own_job(db: Database, cast: Cast, function: str) -> None:
    job_id = enqueue(db, workspace_id=cast.workspace_id)
    status = "failed" if function == "retry_job" else "queued"
    db.admin.execute(
        "update public.jobs set created_by = %s, status = %s, gate = %s where id = %s",
        (cast.viewer.user_id, status, "closed" if status == "failed" else "open", job_id),
    )
    call(db, cast.viewer, function, job_id)


def test_the_permission_of_its_kind_is_enough_where_nobody_began_it(db: Database, cast: Cast) -> None:
    db.admin.execute("update app.job_kinds set permission = 'channels.send' where kind = %s", (KIND,))
    job_id = enqueue(db, workspace_id=cast.workspace_id)
    for actor in (cast.editor, cast.viewer):  # with jobs.manage alone, and with neither
        with refused(403, "job.forbidden"):
            call(db, actor, "cancel_job", job_id)
    call(db, cast.support, "cancel_job", job_id)
    db.admin.execute("update public.jobs set created_by = %s where id = %s", (cast.admin.user_id, job_id))
    with refused(403, "job.forbidden"):  # somebody began it: theirs, or jobs.manage
        call(db, cast.support, "retry_job", job_id)
    call(db, cast.owner, "retry_job", job_id)


@pytest.mark.parametrize("outcome", [DONE, Fail("test.failed", "It failed.")])
def test_an_ended_job_is_not_cancelled(db: Database, cast: Cast, outcome: Outcome) -> None:
    job_id = finished(db, cast, outcome)
    with refused(409, "job.finished"):
        call(db, cast.editor, "cancel_job", job_id)


def test_only_failed_and_cancelled_jobs_are_retried(db: Database, cast: Cast) -> None:
    for job_id in (enqueue(db, workspace_id=cast.workspace_id), finished(db, cast, DONE)):
        with refused(409, "job.not_retryable"):
            call(db, cast.editor, "retry_job", job_id)


def test_a_retry_begins_anew(db: Database, cast: Cast) -> None:
    job_id = finished(db, cast, Fail("test.failed", "It failed."))
    call(db, cast.editor, "retry_job", job_id)
    row = job(db, job_id)
    assert (row["status"], row["attempts"], row["error_code"], row["finished_at"]) == (
        "queued",
        0,
        None,
        None,
    )


def test_cancel_and_retry_make_no_work_cheaper(db: Database, cast: Cast) -> None:
    def tags() -> list[float]:
        return [job(db, job_id)["fair_tag"] for job_id in ids]

    db.admin.execute("update app.job_kinds set cost = 5 where kind = %s", (KIND,))
    ids = [enqueue(db, workspace_id=cast.workspace_id) for _ in range(3)]
    before = tags()
    for function in ("cancel_job", "retry_job"):
        for job_id in ids:
            call(db, cast.editor, function, job_id)
    assert tags() == before == [5, 10, 15]


def test_a_successor_costs_what_its_kind_costs(db: Database, cast: Cast) -> None:
    db.admin.execute("update app.job_kinds set cost = 5 where kind = %s", (KIND,))
    first, second = (enqueue(db, workspace_id=cast.workspace_id, ordering_key="contact") for _ in range(2))
    call(db, cast.editor, "delete_job", first)
    assert job(db, second)["fair_tag"] == 5


def test_a_retry_of_work_that_is_queued_again_is_refused(db: Database, cast: Cast) -> None:
    job_id = enqueue(db, workspace_id=cast.workspace_id, dedupe_key="once")
    call(db, cast.editor, "cancel_job", job_id)
    enqueue(db, workspace_id=cast.workspace_id, dedupe_key="once")
    with refused(409, "job.duplicate"):
        call(db, cast.editor, "retry_job", job_id)


def test_a_retry_behind_others_of_its_key_waits_for_its_turn(db: Database, cast: Cast) -> None:
    first = enqueue(db, workspace_id=cast.workspace_id, ordering_key="contact")
    call(db, cast.editor, "cancel_job", first)
    enqueue(db, workspace_id=cast.workspace_id, ordering_key="contact")
    call(db, cast.editor, "retry_job", first)
    assert job(db, first)["gate"] == "ordered"


def test_cancelling_the_head_of_a_key_lets_the_next_one_in(db: Database, cast: Cast) -> None:
    first, second = (enqueue(db, workspace_id=cast.workspace_id, ordering_key="contact") for _ in range(2))
    assert job(db, second)["gate"] == "ordered"
    call(db, cast.editor, "cancel_job", first)
    assert job(db, second)["gate"] == "open"


def test_deleting_the_head_of_a_key_lets_the_next_one_in(db: Database, cast: Cast) -> None:
    first, second = (enqueue(db, workspace_id=cast.workspace_id, ordering_key="contact") for _ in range(2))
    call(db, cast.editor, "delete_job", first)
    assert job(db, second)["gate"] == "open"


@pytest.mark.parametrize("outcome", [DONE, Fail("test.failed", "It failed.")])
def test_an_ended_job_is_deleted(db: Database, cast: Cast, outcome: Outcome) -> None:
    job_id = finished(db, cast, outcome)
    call(db, cast.editor, "delete_job", job_id)
    with refused(404, "job.not_found"):
        call(db, cast.editor, "cancel_job", job_id)


async def test_a_running_job_that_is_deleted_stops_and_leaves_nothing(db: Database, cast: Cast) -> None:
    stopped = asyncio.Event()

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return DONE

    job_id = enqueue(db, workspace_id=cast.workspace_id)
    async with working(db, {KIND: handler}) as worker:
        await until(lambda: job(db, job_id)["status"] == "running")
        call(db, cast.editor, "delete_job", job_id)
        await asyncio.wait_for(stopped.wait(), 5)
        await until(lambda: len(worker.leases) == 0)
    assert db.value("select count(*) from public.jobs") == 0


async def test_a_running_job_has_no_place_in_the_queue(db: Database, cast: Cast) -> None:
    job_id = enqueue(db, workspace_id=cast.workspace_id)
    async with working(db, {KIND: forever}, grace=0.1):
        await until(lambda: job(db, job_id)["status"] == "running")
        assert call(db, cast.viewer, "queue_position", job_id) == 0


def test_the_place_counts_other_tenants_but_not_all_they_queued_before(db: Database, cast: Cast) -> None:
    other = db.value("select id from public.workspaces where created_by = %s", cast.stranger.user_id)
    for _ in range(10):
        enqueue(db, workspace_id=other)
    assert call(db, cast.viewer, "queue_position", enqueue(db, workspace_id=cast.workspace_id)) == 3
