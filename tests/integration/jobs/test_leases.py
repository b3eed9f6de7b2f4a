"""Leases: kept as long as a job runs, and given up in time when Postgres cannot be heard."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from tests.integration.jobs.engine import KIND, add_kind, enqueue, job, settle, until, working
from tests.integration.jobs.proxy import network
from tests.support.database import Database
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Done, Outcome


@pytest.fixture(autouse=True)
def _kind(db: Database) -> None:
    add_kind(db)
    db.admin.execute("create table public.effects (worker text)")
    db.admin.execute("grant insert on public.effects to lamina_worker")


async def test_a_job_longer_than_its_lease_runs_once(db: Database) -> None:
    runs: list[int] = []

    async def slow(job: Job, ctx: JobContext) -> Outcome:
        runs.append(job.attempt)
        await asyncio.sleep(2.5)
        return DONE

    job_id = enqueue(db)
    async with working(db, {KIND: slow}, lease=1.0), working(db, {KIND: slow}, lease=1.0):
        row = await settle(db, job_id)
    assert (row["status"], runs) == ("succeeded", [1])


async def test_a_worker_that_hears_nothing_stops_before_another_takes_over(db: Database) -> None:
    """The first worker's connections stay open and silent: no error ever tells it."""
    spans: list[tuple[str, datetime, datetime]] = []
    begun = asyncio.Event()

    def handler(name: str, seconds: float) -> Any:
        async def handle(job: Job, ctx: JobContext) -> Outcome:
            begin = datetime.now(UTC)
            begun.set()
            try:
                await asyncio.sleep(seconds)
            finally:
                spans.append((name, begin, datetime.now(UTC)))

            async def write(connection: AsyncConnection[Any]) -> None:
                await connection.execute("insert into public.effects values (%s)", (name,))

            return Done(write)

        return handle

    job_id = enqueue(db)
    async with network(db.cluster.port) as wire:
        dsn = make_conninfo(db.dsn("lamina_worker"), port=wire.port)
        async with working(db, {KIND: handler("first", 60)}, dsn=dsn, lease=2.0) as deaf:
            await begun.wait()
            wire.fall_silent()
            async with working(db, {KIND: handler("second", 0.2)}, lease=2.0):
                row = await settle(db, job_id)
            await until(lambda: not deaf.is_ready)
            wire.open.set()
            await until(lambda: deaf.is_ready)
    assert (row["status"], row["attempts"]) == ("succeeded", 2)
    assert [name for name, _, _ in spans] == ["first", "second"]
    assert spans[0][2] <= spans[1][1], "both ran at once"
    assert db.rows("select worker from public.effects") == [("second",)]


async def test_an_end_that_comes_too_late_writes_nothing(db: Database) -> None:
    """The handler is through, but its end waits in the network until the job belongs to another."""
    first_through = asyncio.Event()

    async def first(job: Job, ctx: JobContext) -> Outcome:
        async def write(connection: AsyncConnection[Any]) -> None:
            await connection.execute("insert into public.effects values ('first')")

        wire.fall_silent()
        first_through.set()
        return Done(write)

    async def second(job: Job, ctx: JobContext) -> Outcome:
        async def write(connection: AsyncConnection[Any]) -> None:
            await connection.execute("insert into public.effects values ('second')")

        return Done(write)

    job_id = enqueue(db)
    async with network(db.cluster.port) as wire:
        dsn = make_conninfo(db.dsn("lamina_worker"), port=wire.port)
        async with working(db, {KIND: first}, dsn=dsn, lease=1.0) as late:
            await first_through.wait()
            async with working(db, {KIND: second}, lease=2.0):
                await settle(db, job_id)
            wire.open.set()
            await until(lambda: len(late.leases) == 0)
    assert db.rows("select worker from public.effects") == [("second",)]
    assert (job(db, job_id)["status"], job(db, job_id)["attempts"]) == ("succeeded", 2)


async def test_what_nobody_heard_being_cancelled_is_cancelled_by_who_takes_it_over(db: Database) -> None:
    job_id = enqueue(db)
    with db.as_worker() as cursor:
        cursor.execute("select app.claim_jobs('dead', '{bulk}', '{1}', %s, 0.5)", ([KIND],))
    db.admin.execute("select app.stop_job(%s)", (job_id,))

    async def never(job: Job, ctx: JobContext) -> Outcome:
        raise AssertionError("a cancelled job was run")

    async with working(db, {KIND: never}):
        row = await settle(db, job_id)
    assert row["status"] == "cancelled"
