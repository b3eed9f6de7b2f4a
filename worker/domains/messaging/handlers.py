"""The messaging domain's jobs."""

from __future__ import annotations

from worker.domains.messaging.channels import check_channel
from worker.domains.messaging.ports import MessagingPorts
from worker.domains.messaging.replies import send_reply
from worker.domains.messaging.repository import SQL
from worker.domains.messaging.webhooks import deliver_webhook
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry

INBOUND_DAYS = 7
BODY_DAYS = 7


def register(registry: Registry, ports: MessagingPorts) -> None:
    """Adds the handlers of kinds `messaging.*` and their schedule."""

    async def reply(job: Job, ctx: JobContext) -> Outcome:
        return await send_reply(ports, job.subject())

    async def check(job: Job, ctx: JobContext) -> Outcome:
        return await check_channel(ports, job.subject())

    async def webhook(job: Job, ctx: JobContext) -> Outcome:
        return await deliver_webhook(ports, job)

    async def purge(job: Job, ctx: JobContext) -> Outcome:
        await ports.db.one(SQL["purge"], {"inbound_days": INBOUND_DAYS, "body_days": BODY_DAYS})
        return DONE

    registry.add("messaging.send_reply", reply)
    registry.add("messaging.check_channel", check)
    registry.add("messaging.deliver_webhook", webhook)
    registry.add("messaging.purge", purge)
    registry.every("messaging-purge", "23 4 * * *", "messaging.purge")
