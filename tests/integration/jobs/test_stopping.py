"""Cancel, lost leases, takeover, shutdown, schedules, and both ways of waking up."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.jobs.engine import KIND, add_kind, done, enqueue, forever, job, settle, until, working
from tests.support.actors import Cast
from tests.support.database import Database
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome


@pytest.fixture(autouse=True)
def _kind(db: Database) -> None:
    add_kind(db)


def cancel(db: Database, cast: Cast, job_id: int) -> None:
    with db.as_user(cast.owner) as cursor:
        cursor.execute("select public.cancel_job(%s)", (job_id,))


async def test_a_queued_job_is_cancelled_at_once(db: Database, cast: Cast) -> None:
    job_id = enqueue(db, workspace_id=cast.workspace_id)
    cancel(db, cast, job_id)
    assert job(db, job_id)["status"] == "cancelled"
    async with working(db, {KIND: done}):
        await settle(db, enqueue(db))
    assert job(db, job_id)["attempts"] == 0


@pytest.mark.parametrize("listen", [True, False])
async def test_a_running_job_is_cancelled_within_five_seconds(db: Database, cast: Cast, listen: bool) -> None:
    job_id = enqueue(db, workspace_id=cast.workspace_id)
    async with working(db, {KIND: forever}, listen=listen):
        await until(lambda: job(db, job_id)["status"] == "running")
        cancel(db, cast, job_id)
        await until(lambda: job(db, job_id)["status"] == "cancelled", 5.0)


async def test_a_wish_to_cancel_while_nobody_listens_is_heard_as_soon_as_somebody_does(db: Database) -> None:
    """Without waiting for the next heartbeat."""
    listener = "select pid from pg_stat_activity where datname = current_database() and query ~* '^listen'"
    async with working(db, {KIND: forever}, lease=60.0):
        await until(lambda: db.value(listener) is not None)
        pid, job_id = db.value(listener), enqueue(db)
        await until(lambda: job(db, job_id)["status"] == "running")
        db.rows("select pg_terminate_backend(%s), pg_sleep(0.03)", pid)
        db.rows("select app.stop_job(%s)", job_id)
        await until(lambda: job(db, job_id)["status"] == "cancelled", 3.0)


@pytest.mark.parametrize("outcome", ["retry", "defer", "release"])
def test_a_wish_to_cancel_that_nobody_heard_survives_the_attempt(db: Database, outcome: str) -> None:
    job_id = enqueue(db)
    with db.as_worker() as cursor:
        cursor.execute("select app.claim_jobs('deaf', '{bulk}', '{1}', %s, 30)", ([KIND],))
    db.admin.execute("select app.stop_job(%s)", (job_id,))
    with db.as_worker() as cursor:
        cursor.execute(
            "select app.finish_jobs('deaf', array[%s::bigint], '{1}', array[%s], '{a.b}', '{No.}', '{200}')",
            (job_id, outcome),
        )
    assert (job(db, job_id)["status"], job(db, job_id)["gate"]) == ("cancelled", "closed")


def test_a_cancelled_job_whose_worker_died_is_no_failure(db: Database) -> None:
    job_id = enqueue(db)
    with db.as_worker() as cursor:
        cursor.execute("select app.claim_jobs('dead', '{bulk}', '{1}', %s, 0.05)", ([KIND],))
    db.admin.execute("select app.stop_job(%s), pg_sleep(0.1)", (job_id,))
    with db.as_worker() as cursor:
        cursor.execute("select app.claim_jobs('other', '{bulk}', '{1}', %s, 30)", ([KIND],))
    assert (job(db, job_id)["status"], job(db, job_id)["error_code"]) == ("cancelled", None)


async def test_a_cancelled_job_can_be_retried(db: Database, cast: Cast) -> None:
    job_id = enqueue(db, workspace_id=cast.workspace_id)
    cancel(db, cast, job_id)
    with db.as_user(cast.owner) as cursor:
        cursor.execute("select public.retry_job(%s)", (job_id,))
    async with working(db, {KIND: done}):
        assert (await settle(db, job_id))["status"] == "succeeded"


async def test_a_lost_lease_stops_the_handler_and_writes_nothing(db: Database) -> None:
    stopped = asyncio.Event()

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return DONE

    job_id = enqueue(db)
    async with working(db, {KIND: handler}, lease=1.5):
        await until(lambda: job(db, job_id)["status"] == "running")
        db.admin.execute(
            "update public.jobs set worker_id = 'somebody else', attempts = attempts + 1 where id = %s",
            (job_id,),
        )
        await asyncio.wait_for(stopped.wait(), 5)
    assert (job(db, job_id)["status"], job(db, job_id)["worker_id"]) == ("running", "somebody else")


async def test_the_job_of_a_dead_worker_is_taken_over(db: Database) -> None:
    job_id = enqueue(db)
    with db.as_worker() as cursor:
        cursor.execute("select app.claim_jobs('dead', '{bulk}', '{1}', %s, 0.5)", ([KIND],))
    async with working(db, {KIND: done}):
        row = await settle(db, job_id)
    assert (row["status"], row["attempts"]) == ("succeeded", 2)


async def test_a_job_that_kills_every_worker_ends(db: Database) -> None:
    job_id = enqueue(db, max_attempts=1)
    with db.as_worker() as cursor:
        cursor.execute("select app.claim_jobs('dead', '{bulk}', '{1}', %s, 0.1)", ([KIND],))
    async with working(db, {KIND: done}):
        row = await settle(db, job_id)
    assert (row["status"], row["error_code"]) == ("failed", "job.worker_lost")


async def test_shutdown_waits_for_running_jobs(db: Database) -> None:
    async def slow(job: Job, ctx: JobContext) -> Outcome:
        await asyncio.sleep(0.5)
        return DONE

    job_id = enqueue(db)
    async with working(db, {KIND: slow}):
        await until(lambda: job(db, job_id)["status"] == "running")
    assert job(db, job_id)["status"] == "succeeded"


async def test_shutdown_gives_leases_back_and_burns_no_attempt(db: Database) -> None:
    job_id = enqueue(db)
    async with working(db, {KIND: forever}, grace=0.1):
        await until(lambda: job(db, job_id)["status"] == "running")
    row = job(db, job_id)
    assert (row["status"], row["attempts"], row["worker_id"]) == ("queued", 0, None)


@pytest.mark.parametrize("listen", [True, False])
async def test_new_work_wakes_the_worker(db: Database, listen: bool) -> None:
    async with working(db, {KIND: done}, listen=listen, poll=0.3):
        await settle(db, enqueue(db))
        await asyncio.sleep(0.1)
        assert (await settle(db, enqueue(db)))["status"] == "succeeded"


async def test_a_schedule_fires_once_over_many_workers(db: Database) -> None:
    schedules = (("every-minute", "* * * * *", KIND),)
    async with (
        working(db, {KIND: done}, schedules=schedules, catch_up=90.0),
        working(db, {KIND: done}, schedules=schedules, catch_up=90.0),
    ):
        await until(lambda: db.value("select count(*) from app.schedule_ticks") >= 1)
        await until(lambda: not db.value("select count(*) from public.jobs where gate <> 'closed'"))
    ticks = db.rows("select name, tick, count(*) from app.schedule_ticks group by 1, 2")
    assert all(count == 1 for _, _, count in ticks)
    assert db.value("select count(*) from public.jobs") <= len(ticks)


async def test_retention(db: Database) -> None:
    old, new = enqueue(db), enqueue(db)
    async with working(db, {KIND: done}):
        await settle(db, old)
        await settle(db, new)
    db.admin.execute("update public.jobs set finished_at = now() - interval '20 days' where id = %s", (old,))
    with db.as_worker() as cursor:
        cursor.execute("select app.purge_jobs('14 days')")
    assert [row[0] for row in db.rows("select id from public.jobs")] == [new]
