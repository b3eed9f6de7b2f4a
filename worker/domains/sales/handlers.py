"""The sales domain's jobs."""

from __future__ import annotations

from worker.domains.sales.opinion import ask_opinion
from worker.domains.sales.ports import SalesPorts
from worker.domains.sales.repository import SQL
from worker.domains.sales.scoring import score_contacts
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry

FRESH_HOURS = 24
SWEPT_AT_ONCE = 5_000
"""Old scores that a sweep has computed again: 7.2 million a day."""


def register(registry: Registry, ports: SalesPorts) -> None:
    """Adds the handlers of kinds `sales.*` and their schedule."""

    async def sweep(job: Job, ctx: JobContext) -> Outcome:
        await ports.db.one(SQL["sweep"], {"hours": FRESH_HOURS, "limit": SWEPT_AT_ONCE})
        return DONE

    async def scores(job: Job, ctx: JobContext) -> Outcome:
        return DONE if job.workspace_id is None else await score_contacts(ports, job.workspace_id)

    async def opinion(job: Job, ctx: JobContext) -> Outcome:
        return await ask_opinion(ports, job.subject())

    registry.add("sales.sweep_scores", sweep)
    registry.add("sales.score_contacts", scores)
    registry.add("sales.ask_opinion", opinion)
    registry.every("sweep-scores", "* * * * *", "sales.sweep_scores")
