"""How attempts end, seen in the row."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import AsyncConnection

from tests.integration.jobs.engine import KIND, add_kind, enqueue, job, settle, until, working
from tests.support.database import Database
from worker.errors import DocumentRejected, ProviderRateLimited
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Cancelled, Done, Fail, Outcome, ProviderDown, RetryAfter


@pytest.fixture(autouse=True)
def _kind(db: Database) -> None:
    add_kind(db)
    db.admin.execute("create table public.effects (job_id bigint)")
    db.admin.execute("grant select, insert on public.effects to lamina_worker")


async def run(db: Database, outcome: Outcome | Exception) -> dict[str, Any]:
    async def handler(job: Job, ctx: JobContext) -> Outcome:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    job_id = enqueue(db)
    async with working(db, {KIND: handler}):
        return await settle(db, job_id)


async def test_done(db: Database) -> None:
    row = await run(db, DONE)
    assert (row["status"], row["attempts"], row["progress"]) == ("succeeded", 1, 1)
    assert row["finished_at"] >= row["started_at"] >= row["created_at"]
    assert row["lease_until"] is None


async def test_rows_are_committed_with_the_end(db: Database) -> None:
    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute("insert into public.effects values (1)")

    await run(db, Done(write=write))
    assert db.value("select count(*) from public.effects") == 1


async def test_rows_that_cannot_be_written_are_tried_again_and_leave_nothing(db: Database) -> None:
    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute("insert into public.effects values (1)")
        await connection.execute("select 1 / 0")

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        return Done(write=write) if job.attempt < 2 else DONE

    job_id = enqueue(db)
    async with working(db, {KIND: handler}):
        row = await settle(db, job_id)
    assert (row["status"], row["attempts"]) == ("succeeded", 2)
    assert db.value("select count(*) from public.effects") == 0


async def test_fail_says_why(db: Database) -> None:
    row = await run(db, Fail("document.encrypted", "It is locked."))
    assert (row["status"], row["error_code"], row["error_message"]) == (
        "failed",
        "document.encrypted",
        "It is locked.",
    )


async def test_an_error_of_ours_fails_at_once(db: Database) -> None:
    row = await run(db, DocumentRejected("document.damaged", "It is broken.\0"))
    assert (row["status"], row["attempts"], row["error_code"]) == ("failed", 1, "document.damaged")
    assert row["error_message"] == "It is broken."


async def test_cancelled(db: Database) -> None:
    assert (await run(db, Cancelled()))["status"] == "cancelled"


async def test_a_retry_counts_and_the_last_one_fails(db: Database) -> None:
    row = await run(db, RetryAfter(0.0, "Not yet.", "test.not_yet"))
    assert (row["status"], row["attempts"], row["error_code"]) == ("failed", 3, "test.not_yet")


async def test_a_crash_is_tried_again_and_then_fails_with_its_name_only(db: Database) -> None:
    async def handler(job: Job, ctx: JobContext) -> Outcome:
        raise ZeroDivisionError("secret")

    job_id = enqueue(db, max_attempts=1)
    async with working(db, {KIND: handler}):
        row = await settle(db, job_id)
    assert (row["status"], row["error_code"]) == ("failed", "job.crashed")
    assert row["error_message"] == "Unexpected error: ZeroDivisionError."


async def test_a_retry_that_does_not_count_burns_no_attempt(db: Database) -> None:
    seen: list[int] = []

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        seen.append(job.attempt)
        return RetryAfter(0.0, "Wait.", counts=False) if len(seen) < 6 else DONE

    job_id = enqueue(db)
    async with working(db, {KIND: handler}):
        row = await settle(db, job_id)
    assert (row["status"], row["attempts"], seen) == ("succeeded", 1, [1] * 6)


async def test_progress_is_seen_while_it_runs(db: Database) -> None:
    go_on = asyncio.Event()

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        await ctx.progress("halfway", 0.5)
        await go_on.wait()
        return DONE

    job_id = enqueue(db)
    async with working(db, {KIND: handler}):
        await until(lambda: job(db, job_id)["stage"] == "halfway")
        assert (job(db, job_id)["status"], job(db, job_id)["progress"]) == ("running", 0.5)
        go_on.set()
        assert (await settle(db, job_id))["status"] == "succeeded"


async def test_a_provider_that_is_down_pauses_its_jobs_and_burns_no_attempt(db: Database) -> None:
    add_kind(db, "test.embed", provider="embeddings")
    calls: list[int] = []

    async def embed(job: Job, ctx: JobContext) -> Outcome:
        calls.append(job.id)
        if len(calls) == 1:
            return ProviderDown("someone", datetime.now(UTC) + timedelta(seconds=1.0), "Too many requests.")
        return DONE

    async def work(job: Job, ctx: JobContext) -> Outcome:
        return DONE

    first, second = enqueue(db, "test.embed"), enqueue(db, "test.embed")
    async with working(db, {"test.embed": embed, KIND: work}, lanes={"bulk": 1}):
        await until(lambda: bool(calls))
        other = await settle(db, enqueue(db))
        assert other["status"] == "succeeded"
        assert len(calls) == 1
        rows = [await settle(db, first), await settle(db, second)]
    assert [row["attempts"] for row in rows] == [1, 1]
    assert [row["status"] for row in rows] == ["succeeded", "succeeded"]


async def test_a_rate_limit_waits_as_long_as_the_vendor_asks(db: Database) -> None:
    add_kind(db, "test.embed", provider="embeddings")
    times: list[float] = []

    async def embed(job: Job, ctx: JobContext) -> Outcome:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 1:
            raise ProviderRateLimited(
                "provider.rate_limited", "Slow down.", provider="someone", retry_after=0.8
            )
        return DONE

    job_id = enqueue(db, "test.embed")
    async with working(db, {"test.embed": embed}):
        row = await settle(db, job_id)
    assert (row["status"], row["attempts"]) == ("succeeded", 1)
    assert times[1] - times[0] >= 0.75
