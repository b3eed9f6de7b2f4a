"""The sites domain's jobs."""

from __future__ import annotations

from worker.domains.sites import service
from worker.domains.sites.ports import SitePorts
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry


def register(registry: Registry, ports: SitePorts) -> None:
    """Adds the handler of `sites.remove_assets`."""

    async def remove_assets(job: Job, ctx: JobContext) -> Outcome:
        await service.remove_assets(ports, job.subject())
        return DONE

    registry.add("sites.remove_assets", remove_assets)
