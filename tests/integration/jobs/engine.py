"""Jobs of the tests: kinds without meaning, and workers that run them inside the test."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.runtime.job import Job, JobContext
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Handler, Registry

_names = itertools.count(1)
KIND = "test.work"


def add_kind(
    db: Database, kind: str = KIND, *, lane: str = "bulk", attempts: int = 3, provider: str | None = None
) -> None:
    """A kind of job, as a migration would add it."""
    db.admin.execute(
        "insert into app.job_kinds (kind, lane, max_attempts, provider) values (%s, %s, %s, %s)",
        (kind, lane, attempts, provider),
    )


def enqueue(db: Database, kind: str = KIND, **named: Any) -> int:
    """`app.enqueue` by named arguments without their `p_`."""
    names = ", ".join(f"p_{name} => %({name})s" for name in named)
    query = f"select app.enqueue(%(kind)s{', ' if names else ''}{names})"
    with db.as_worker() as cursor:
        row = cursor.execute(query.encode(), {"kind": kind, **named}).fetchone()
    assert row is not None
    return int(row[0])


def job(db: Database, job_id: int) -> dict[str, Any]:
    """The job's row."""
    cursor = db.admin.execute("select * from public.jobs where id = %s", (job_id,))
    assert cursor.description is not None
    row = cursor.fetchone()
    assert row is not None, f"no job {job_id}"
    return dict(zip((column.name for column in cursor.description), row, strict=True))


@asynccontextmanager
async def working(
    db: Database,
    handlers: dict[str, Handler],
    *,
    lanes: dict[str, int] | None = None,
    listen: bool = True,
    dsn: str | None = None,
    schedules: tuple[tuple[str, str, str], ...] = (),
    **options: Any,
) -> AsyncIterator[Worker]:
    """A worker that runs while the context lasts and is stopped in order; ``dsn``: another way to ``db``."""
    registry = Registry()
    for kind, handler in handlers.items():
        registry.add(kind, handler)
    for schedule in schedules:
        registry.every(*schedule)
    dsn = dsn or db.dsn("lamina_worker")
    given = {"lease": 5.0, "grace": 2.0, "poll": 0.2, **options}
    async with Pool(dsn, min_size=1, max_size=6) as pool:
        worker = Worker(
            pool,
            registry,
            WorkerOptions(
                worker_id=f"worker-{next(_names)}",
                lanes=lanes or {"bulk": 4, "interactive": 2},
                listen_dsn=dsn if listen else None,
                **given,
            ),
        )
        async with run(worker):
            yield worker


@asynccontextmanager
async def run(worker: Worker) -> AsyncIterator[None]:
    """The worker works while the context lasts, and is stopped in order."""
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait_for(running, 20)


async def done(job: Job, ctx: JobContext) -> Outcome:
    """A handler that has nothing to do."""
    return DONE


async def forever(job: Job, ctx: JobContext) -> Outcome:
    """A handler that never ends by itself."""
    await asyncio.Event().wait()
    return DONE


async def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Waits for something to become true; the test fails when it does not."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def ended(db: Database, job_id: int) -> Callable[[], bool]:
    """Whether the job is in a final state."""
    return lambda: job(db, job_id)["status"] in ("succeeded", "failed", "cancelled")


async def settle(db: Database, job_id: int) -> dict[str, Any]:
    """The row of the job once it has ended."""
    await until(ended(db, job_id))
    return job(db, job_id)
