"""The integrations domain's jobs."""

from __future__ import annotations

from worker.domains.integrations.checking import check_connection
from worker.domains.integrations.inbound import apply_event
from worker.domains.integrations.ports import IntegrationPorts
from worker.domains.integrations.repository import SQL
from worker.domains.integrations.sync import sync
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry

EVENT_DAYS = 30


def register(registry: Registry, ports: IntegrationPorts) -> None:
    """Adds the handlers of kinds `integrations.*` and their schedules."""

    async def test(job: Job, ctx: JobContext) -> Outcome:
        return await check_connection(ports, job.subject())

    async def synchronise(job: Job, ctx: JobContext) -> Outcome:
        return await sync(ports, job.subject(), ctx)

    async def due(job: Job, ctx: JobContext) -> Outcome:
        await ports.db.one(SQL["enqueue_due"], {})
        return DONE

    async def inbound(job: Job, ctx: JobContext) -> Outcome:
        return await apply_event(ports, job.subject())

    async def purge(job: Job, ctx: JobContext) -> Outcome:
        await ports.db.one(SQL["purge"], {"days": EVENT_DAYS})
        return DONE

    registry.add("integrations.test", test)
    registry.add("integrations.sync", synchronise)
    registry.add("integrations.sync_due", due)
    registry.add("integrations.apply_inbound", inbound)
    registry.add("integrations.purge", purge)
    registry.every("integrations-sync", "*/5 * * * *", "integrations.sync_due")
    registry.every("integrations-purge", "41 4 * * *", "integrations.purge")
