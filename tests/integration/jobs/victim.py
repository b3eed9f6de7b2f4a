"""A worker process of the chaos test: ``python -m tests.integration.jobs.victim DSN``, made to be killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from typing import Any

from psycopg import AsyncConnection

from worker.db.pool import Database
from worker.runtime.job import Job, JobContext
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.outcome import Done, Outcome
from worker.runtime.patience import insist
from worker.runtime.registry import Registry


async def main(dsn: str) -> None:
    """Each attempt notes its beginning and its end at once, and its effect together with the job's end."""
    name = f"victim-{os.getpid()}"
    registry = Registry()
    db = Database(dsn, min_size=1, max_size=8)

    @registry.handles("test.chaos")
    async def handle(job: Job, ctx: JobContext) -> Outcome:
        async def note(what: str) -> None:
            async with ctx.db.connection() as connection:
                await connection.execute(
                    "insert into public.attempts (job_id, attempt, worker, what) values (%s, %s, %s, %s)",
                    (job.id, job.attempt, name, what),
                )

        await insist("note", lambda: note("begin"))
        await asyncio.sleep(random.uniform(0.005, 0.06))
        await insist("note", lambda: note("end"))

        async def effect(connection: AsyncConnection[Any]) -> None:
            await connection.execute(
                "insert into public.effects (job_id, attempt, worker) values (%s, %s, %s)",
                (job.id, job.attempt, name),
            )

        return Done(write=effect)

    options = WorkerOptions(worker_id=name, lanes={"bulk": 6}, lease=2.0, grace=3.0, poll=0.3, listen_dsn=dsn)
    worker = Worker(db, registry, options)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await insist("open", db.open)
    try:
        await worker.run()
    finally:
        await db.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
