"""Jobs that keep house."""

from __future__ import annotations

from worker.db.pool import Database
from worker.db.queries import load_queries
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry

SQL = load_queries(__package__, "queries.sql")
BATCH = 5_000


def register(registry: Registry, db: Database, *, retention_days: int) -> None:
    """Adds the handlers of kinds `ops.*` and their schedules."""

    async def purge_jobs(job: Job, ctx: JobContext) -> Outcome:
        purged = BATCH
        while purged == BATCH:
            async with db.connection() as connection:
                cursor = await connection.execute(SQL["purge_jobs"], {"days": retention_days, "limit": BATCH})
                row = await cursor.fetchone()
            purged = int(row[0]) if row else 0
        return DONE

    registry.add("ops.purge_jobs", purge_jobs)
    registry.every("purge-jobs", "17 3 * * *", "ops.purge_jobs")
