"""The social domain's jobs."""

from __future__ import annotations

from worker.domains.social.ports import SocialPorts
from worker.domains.social.refreshing import refresh_account
from worker.domains.social.repository import SQL
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry


def register(registry: Registry, ports: SocialPorts) -> None:
    """Adds the handlers of kinds `social.*` and their schedule."""

    async def refresh(job: Job, ctx: JobContext) -> Outcome:
        return await refresh_account(ports, job.subject())

    async def sweep(job: Job, ctx: JobContext) -> Outcome:
        await ports.db.one(SQL["sweep"], {})
        return DONE

    registry.add("social.refresh_account", refresh)
    registry.add("social.sweep", sweep)
    registry.every("social-sweep", "*/10 * * * *", "social.sweep")
