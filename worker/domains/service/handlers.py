"""The service domain's jobs."""

from __future__ import annotations

from worker.domains.service.ports import ServicePorts
from worker.domains.service.rating import rate, rolled_up
from worker.domains.service.repository import SQL
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Done, Outcome
from worker.runtime.registry import Registry

SOLVED_DAYS = 7
"""A ticket solved so long ago is closed."""

BATCH = 200


def register(registry: Registry, ports: ServicePorts) -> None:
    """Adds the handlers of kinds `service.*` and their schedule."""

    async def message(job: Job, ctx: JobContext) -> Outcome:
        return await rate(ports, job, "get_message")

    async def ticket_message(job: Job, ctx: JobContext) -> Outcome:
        return await rate(ports, job, "get_ticket_message")

    async def roll_up(job: Job, ctx: JobContext) -> Outcome:
        return Done(rolled_up(job.subject()))

    async def clocks(job: Job, ctx: JobContext) -> Outcome:
        count = BATCH
        while count >= BATCH:
            row = await ports.db.one(SQL["check_clocks"], {"days": SOLVED_DAYS, "limit": BATCH})
            count = row["count"] if row else 0
        return DONE

    registry.add("service.rate_message", message)
    registry.add("service.rate_ticket_message", ticket_message)
    registry.add("service.roll_up_ticket", roll_up)
    registry.add("service.check_clocks", clocks)
    registry.every("service-clocks", "* * * * *", "service.check_clocks")
