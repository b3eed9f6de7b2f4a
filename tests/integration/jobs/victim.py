"""A worker process of the chaos test, made to be killed.

Run as ``python -m tests.integration.jobs.victim DSN FOLDER``. When each attempt begins and ends it writes
into ``FOLDER/<process id>``, which works without a database:
lines ``begin|end <job> <attempt> <seconds by the machine's monotonic clock>``.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection

from worker.db.pool import Database
from worker.runtime.job import Job, JobContext
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.outcome import Done, Outcome
from worker.runtime.patience import insist
from worker.runtime.registry import Registry

LONG = 0.04
"""Share of jobs that run longer than a lease may, or an outage lasts."""


async def main(dsn: str, folder: str) -> None:
    """Works until SIGTERM; each job's effect is committed together with its end."""
    name = str(os.getpid())
    registry = Registry()
    diary = (Path(folder) / name).open("a", buffering=1)

    @registry.handles("test.chaos")
    async def handle(job: Job, ctx: JobContext) -> Outcome:
        print("begin", job.id, job.attempt, time.monotonic(), file=diary)
        try:
            is_long = random.random() < LONG
            await asyncio.sleep(random.uniform(1, 4) if is_long else random.uniform(0.005, 0.06))
        finally:
            print("end", job.id, job.attempt, time.monotonic(), file=diary)

        async def effect(connection: AsyncConnection[Any]) -> None:
            await connection.execute("insert into public.effects (job_id) values (%s)", (job.id,))

        return Done(write=effect)

    options = WorkerOptions(worker_id=name, lanes={"bulk": 4}, lease=2.0, grace=3.0, poll=0.3, listen_dsn=dsn)
    db = Database(dsn, min_size=1, max_size=8)
    worker = Worker(db, registry, options)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await insist("open", db.open)
    try:
        await worker.run()
    finally:
        await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
