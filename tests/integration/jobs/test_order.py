"""Which job runs when: keys, fairness, time, and the place in the queue."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.jobs.engine import KIND, add_kind, ended, enqueue, job, settle, until, working
from tests.support.actors import Cast
from tests.support.database import Database
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome


@pytest.fixture(autouse=True)
def _kind(db: Database) -> None:
    add_kind(db)


async def test_a_dedupe_key_is_unique_among_unfinished_jobs(db: Database) -> None:
    async def handler(job: Job, ctx: JobContext) -> Outcome:
        return DONE

    first = enqueue(db, dedupe_key="once")
    assert enqueue(db, dedupe_key="once") == first
    async with working(db, {KIND: handler}):
        await settle(db, first)
        assert enqueue(db, dedupe_key="once") != first


async def test_one_ordering_key_runs_one_at_a_time_and_in_order(db: Database) -> None:
    running: set[int] = set()
    order: list[int] = []
    most = 0

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        nonlocal most
        running.add(job.id)
        most = max(most, len(running))
        order.append(job.id)
        await asyncio.sleep(0.01)
        running.discard(job.id)
        return DONE

    ids = [enqueue(db, ordering_key="contact") for _ in range(12)]
    async with working(db, {KIND: handler}), working(db, {KIND: handler}):
        await until(ended(db, ids[-1]))
    assert order == ids
    assert most == 1


async def test_many_jobs_of_one_tenant_do_not_delay_anothers_first(db: Database, cast: Cast) -> None:
    other = db.value("select id from public.workspaces where kind = 'personal' limit 1")
    db.admin.execute("select app.enqueue(%s, %s) from generate_series(1, 1000)", (KIND, cast.workspace_id))
    started: list[int] = []

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        started.append(job.id)
        await asyncio.sleep(0.01)
        return DONE

    async with working(db, {KIND: handler}, lanes={"bulk": 4}):
        await until(lambda: len(started) >= 20)
        job_id = enqueue(db, workspace_id=other)
        before = len(started)
        await until(lambda: job_id in started)
    assert started.index(job_id) - before <= 2 * 4 + 4


async def test_a_job_of_the_future_waits_for_its_time(db: Database) -> None:
    seen: list[datetime] = []

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        seen.append(datetime.now(UTC))
        return DONE

    due = datetime.now(UTC) + timedelta(seconds=0.7)
    job_id = enqueue(db, run_at=due)
    async with working(db, {KIND: handler}, poll=5.0):
        await settle(db, job_id)
    assert due <= seen[0] <= due + timedelta(seconds=1.5)


async def test_two_workers_never_run_one_job(db: Database) -> None:
    runs: dict[int, int] = {}

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        runs[job.id] = runs.get(job.id, 0) + 1
        await asyncio.sleep(0)
        return DONE

    db.admin.execute("select app.enqueue(%s) from generate_series(1, 500)", (KIND,))
    handlers = {KIND: handler}
    lanes = {"bulk": 20}
    async with (
        working(db, handlers, lanes=lanes),
        working(db, handlers, lanes=lanes),
        working(db, handlers, lanes=lanes),
    ):
        await until(lambda: len(runs) == 500)
    assert set(runs.values()) == {1}
    assert db.value("select count(*) from public.jobs where status = 'succeeded'") == 500


async def test_place_in_the_queue(db: Database, cast: Cast) -> None:
    ids = [enqueue(db, workspace_id=cast.workspace_id) for _ in range(3)]
    with db.as_user(cast.owner) as cursor:
        places = [cursor.execute("select public.queue_position(%s)", (i,)).fetchone() for i in ids]
    assert [place[0] if place else None for place in places] == [1, 2, 3]


async def test_a_lane_that_nobody_serves_waits(db: Database) -> None:
    async def handler(job: Job, ctx: JobContext) -> Outcome:
        return DONE

    add_kind(db, "test.mail", lane="outbound")
    waiting, job_id = enqueue(db, "test.mail"), enqueue(db)
    async with working(db, {KIND: handler, "test.mail": handler}, lanes={"bulk": 1}):
        await settle(db, job_id)
    assert job(db, waiting)["status"] == "queued"
