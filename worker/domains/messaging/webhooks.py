"""A copy of an event goes to a customer's own system."""

from __future__ import annotations

from uuid import UUID

from worker.domains.messaging import rules
from worker.domains.messaging.ports import MessagingPorts
from worker.domains.messaging.repository import SQL, write
from worker.errors import ProviderUnavailable
from worker.runtime.job import Job
from worker.runtime.outcome import DONE, Done, Fail, Outcome, RetryAfter


async def deliver_webhook(ports: MessagingPorts, job: Job) -> Outcome:
    """One attempt. It may arrive twice; the header Lamina-Event-Id tells. Raises ProviderRejected."""
    delivery_id: UUID = job.subject()
    copy = await ports.db.one(SQL["get_webhook"], {"delivery_id": delivery_id})
    if copy is None or copy["status"] == "delivered":
        return DONE
    if copy["endpoint_status"] != "active":
        return Fail("webhook.disabled", "The webhook is disabled.")
    headers = {
        "Lamina-Event": copy["event"],
        "Lamina-Event-Id": copy["body"]["id"],
        "Lamina-Delivery": str(delivery_id),
    }
    try:
        await ports.webhooks.deliver(copy["url"], rules.webhook_body(copy["body"]), copy["secret"], headers)
    except ProviderUnavailable as error:
        return RetryAfter(rules.webhook_delay(job.attempt), error.message, error.code)
    return Done(write("webhook_delivered", delivery_id=delivery_id))
