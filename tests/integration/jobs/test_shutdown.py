"""How a worker stops: in order, in a hurry, with Postgres away, and after a fault of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.integration.jobs.engine import KIND, add_kind, done, enqueue, forever, job, settle, until, working
from tests.integration.jobs.proxy import network
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.runtime import loop
from worker.runtime.job import Job, JobContext
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry


@pytest.fixture(autouse=True)
def _kind(db: Database) -> None:
    add_kind(db)


@asynccontextmanager
async def made(dsn: str, **options: float) -> AsyncIterator[Worker]:
    """A worker that the test runs and stops itself."""
    registry = Registry()
    registry.add(KIND, forever)
    async with Pool(dsn, max_size=4) as pool:
        yield Worker(pool, registry, WorkerOptions("stopped", {"bulk": 4}, listen_dsn=dsn, **options))


async def test_nothing_new_is_claimed_while_running_jobs_finish(db: Database) -> None:
    go_on = asyncio.Event()

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        await go_on.wait()
        return DONE

    first = enqueue(db)
    async with working(db, {KIND: handler}, grace=10.0) as worker:
        await until(lambda: job(db, first)["status"] == "running")
        await until(lambda: worker.is_ready)
        worker.stop()
        assert not worker.is_ready
        second = enqueue(db)
        await asyncio.sleep(0.5)
        go_on.set()
    assert (job(db, first)["status"], job(db, second)["status"]) == ("succeeded", "queued")


async def test_a_second_signal_ends_the_grace_period(db: Database) -> None:
    job_id = enqueue(db)
    async with made(db.dsn("lamina_worker"), grace=600.0) as worker:
        running = asyncio.create_task(worker.run())
        await until(lambda: job(db, job_id)["status"] == "running")
        worker.stop()
        await asyncio.sleep(0.2)
        assert not running.done()
        worker.stop()
        await asyncio.wait_for(running, 10)
    assert (job(db, job_id)["status"], job(db, job_id)["attempts"]) == ("queued", 0)


async def test_what_one_gives_back_another_takes_at_once(db: Database) -> None:
    job_id = enqueue(db)
    async with made(db.dsn("lamina_worker"), grace=0.0) as worker:
        running = asyncio.create_task(worker.run())
        await until(lambda: job(db, job_id)["status"] == "running")
        async with working(db, {KIND: done}, poll=60.0) as other:
            await until(lambda: other.is_ready)
            await asyncio.sleep(0.3)
            worker.stop()
            await running
            row = await settle(db, job_id)
    assert (row["status"], row["attempts"]) == ("succeeded", 1)


async def test_a_worker_that_cannot_reach_postgres_still_stops(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "RELEASE_SECONDS", 0.5)
    job_id = enqueue(db)
    async with network(db.cluster.port) as wire:
        dsn = make_conninfo(db.dsn("lamina_worker"), port=wire.port)
        async with made(dsn, grace=0.1, lease=60.0) as worker:
            running = asyncio.create_task(worker.run())
            await until(lambda: job(db, job_id)["status"] == "running")
            wire.fall_silent()
            worker.stop()
            await asyncio.wait_for(running, 60)
            assert job(db, job_id)["worker_id"] == "stopped", "its lease runs out by itself"
            wire.open.set()


async def test_a_worker_without_rights_gives_up_and_says_why(db: Database) -> None:
    db.admin.execute("revoke all on function app.claim_jobs from lamina_worker")
    async with made(db.dsn("lamina_worker")) as worker:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await asyncio.wait_for(worker.run(), 10)


async def test_a_part_that_breaks_stops_the_worker_which_gives_its_jobs_back(db: Database) -> None:
    job_id = enqueue(db)
    async with made(db.dsn("lamina_worker"), grace=600.0, lease=3.0) as worker:
        running = asyncio.create_task(worker.run())
        await until(lambda: job(db, job_id)["status"] == "running")
        db.admin.execute("revoke all on function app.claim_jobs from lamina_worker")
        enqueue(db)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await asyncio.wait_for(running, 20)
    assert (job(db, job_id)["status"], job(db, job_id)["attempts"]) == ("queued", 0)
