"""The portfolio domain's jobs."""

from __future__ import annotations

from worker.domains.portfolio import service
from worker.domains.portfolio.ports import PortfolioPorts
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Done, Outcome
from worker.runtime.registry import Registry


def register(registry: Registry, ports: PortfolioPorts) -> None:
    """Adds the handlers of kinds `portfolio.*` and their schedules."""

    async def make_codes(job: Job, ctx: JobContext) -> Outcome:
        return await service.make_codes(ports, job.subject())

    async def remove_files(job: Job, ctx: JobContext) -> Outcome:
        await service.remove_unused(ports, list(job.args["paths"]))
        return DONE

    async def sweep(job: Job, ctx: JobContext) -> Outcome:
        await service.sweep(ports)
        return DONE

    async def roll_up_views(job: Job, ctx: JobContext) -> Outcome:
        return Done(service.roll_up_views)

    registry.add("portfolio.make_codes", make_codes)
    registry.add("portfolio.remove_files", remove_files)
    registry.add("portfolio.sweep", sweep)
    registry.add("portfolio.roll_up_views", roll_up_views)
    registry.every("portfolio-sweep", "41 * * * *", "portfolio.sweep")
    registry.every("portfolio-views", "7-59/15 * * * *", "portfolio.roll_up_views")
