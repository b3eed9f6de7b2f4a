"""The marketing domain's jobs."""

from __future__ import annotations

from worker.domains.marketing.ports import MarketingPorts
from worker.domains.marketing.repository import SQL, write
from worker.domains.marketing.sending import send_batch
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Done, Outcome
from worker.runtime.registry import Registry


def register(registry: Registry, ports: MarketingPorts) -> None:
    """Adds the handlers of kinds `marketing.*`."""

    async def start(job: Job, ctx: JobContext) -> Outcome:
        await ports.db.one(SQL["start"], {"campaign_id": job.subject()})
        return DONE

    async def batch(job: Job, ctx: JobContext) -> Outcome:
        return await send_batch(ports, job.subject(), int(job.args["batch"]))

    async def roll_up(job: Job, ctx: JobContext) -> Outcome:
        return Done(write("roll_up", campaign_id=job.subject()))

    registry.add("marketing.start_campaign", start)
    registry.add("marketing.send_batch", batch)
    registry.add("marketing.roll_up", roll_up)
