"""The dashboards' jobs."""

from __future__ import annotations

from worker.db.pool import Database
from worker.db.queries import load_queries
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry

SQL = load_queries(__package__, "queries.sql")


def register(registry: Registry, db: Database) -> None:
    """Adds the handler of kind `dashboards.refresh`.

    It adds up in a transaction of its own, not in the one that ends jobs: a large workspace takes a while,
    and doing it twice does no harm.
    """

    async def refresh(job: Job, ctx: JobContext) -> Outcome:
        await db.rows(
            SQL["refresh_dashboard"], {"workspace_id": job.workspace_id, "domain": job.args["domain"]}
        )
        return DONE

    registry.add("dashboards.refresh", refresh)
