"""Jobs that keep house."""

from __future__ import annotations

from worker.db.pool import Database
from worker.db.queries import load_queries
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry

SQL = load_queries(__package__, "queries.sql")
BATCH = 5_000
ACTIVITY_DAYS = 365


def register(registry: Registry, db: Database, *, retention_days: int) -> None:
    """Adds the handlers of kinds `ops.*` and their schedules."""

    async def purge_jobs(job: Job, ctx: JobContext) -> Outcome:
        return await _purge(db, "purge_jobs", retention_days)

    async def purge_activity(job: Job, ctx: JobContext) -> Outcome:
        return await _purge(db, "purge_activity", ACTIVITY_DAYS)

    registry.add("ops.purge_jobs", purge_jobs)
    registry.add("ops.purge_activity", purge_activity)
    registry.every("purge-jobs", "17 3 * * *", "ops.purge_jobs")
    registry.every("purge-activity", "37 3 * * *", "ops.purge_activity")


async def _purge(db: Database, query: str, days: int) -> Outcome:
    """Batch by batch, each in a transaction of its own, until one is not full."""
    purged = BATCH
    while purged == BATCH:
        async with db.connection() as connection:
            cursor = await connection.execute(SQL[query], {"days": days, "limit": BATCH})
            row = await cursor.fetchone()
        purged = int(row[0]) if row else 0
    return DONE
