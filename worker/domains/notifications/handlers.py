"""The notifications domain's jobs."""

from __future__ import annotations

from worker.domains.notifications.events import apply_events
from worker.domains.notifications.ports import NotificationPorts
from worker.domains.notifications.repository import SQL
from worker.domains.notifications.send import send
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry

KEPT_DAYS = 365


def register(registry: Registry, ports: NotificationPorts) -> None:
    """Adds the handlers of kinds `notifications.*` and their schedule."""

    async def out(job: Job, ctx: JobContext) -> Outcome:
        return await send(ports, job.subject())

    async def events(job: Job, ctx: JobContext) -> Outcome:
        return await apply_events(ports, str(job.args["batch_id"]))

    async def purge(job: Job, ctx: JobContext) -> Outcome:
        await ports.db.one(SQL["purge"], {"days": KEPT_DAYS})
        return DONE

    registry.add("notifications.send", out)
    registry.add("notifications.apply_events", events)
    registry.add("notifications.purge", purge)
    registry.every("notifications-purge", "23 4 * * *", "notifications.purge")
