"""The billing domain's jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from worker.domains.billing.events import apply_event
from worker.domains.billing.metering import send_meter_event
from worker.domains.billing.outage import resting
from worker.domains.billing.ports import BillingPorts
from worker.domains.billing.reconcile import reconcile
from worker.domains.billing.repository import SQL
from worker.domains.billing.sessions import close_checkout, open_session
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry

INVOICES_BACK = timedelta(days=40)
EVENT_DAYS = 90


def register(registry: Registry, ports: BillingPorts) -> None:
    """Adds the handlers of kinds `billing.*` and their schedules."""

    async def event(job: Job, ctx: JobContext) -> Outcome:
        return await apply_event(ports, str(job.args["event_id"]))

    async def session(job: Job, ctx: JobContext) -> Outcome:
        return await open_session(ports, job.subject())

    async def meter_event(job: Job, ctx: JobContext) -> Outcome:
        return await send_meter_event(ports, int(job.args["ledger_id"]))

    async def cancel(job: Job, ctx: JobContext) -> Outcome:
        subscription_id = str(job.args["subscription_id"])
        await ports.payments.cancel_subscription(subscription_id, idempotency_key=f"cancel-{subscription_id}")
        return DONE

    async def close(job: Job, ctx: JobContext) -> Outcome:
        await close_checkout(ports.payments, str(job.args["checkout_id"]))
        return DONE

    async def nightly(job: Job, ctx: JobContext) -> Outcome:
        return await _reconcile(ports, ctx)

    async def purge(job: Job, ctx: JobContext) -> Outcome:
        await ports.db.one(SQL["purge_events"], {"days": EVENT_DAYS})
        return DONE

    registry.add("billing.apply_event", resting(event))
    registry.add("billing.open_session", resting(session))
    registry.add("billing.send_meter_event", resting(meter_event))
    registry.add("billing.cancel_subscription", resting(cancel))
    registry.add("billing.close_checkout", resting(close))
    registry.add("billing.reconcile", resting(nightly))
    registry.add("billing.purge_events", purge)
    registry.every("billing-reconcile", "41 2 * * *", "billing.reconcile")
    registry.every("billing-purge-events", "7 4 * * *", "billing.purge_events")


async def _reconcile(ports: BillingPorts, ctx: JobContext) -> Outcome:
    """There is nothing to compare with when payments are not configured."""
    if ports.payments.name != "none":
        since = datetime.now(UTC) - INVOICES_BACK
        report = await reconcile(ports.db, ports.payments, dry_run=False, since=since)
        ctx.log.info("billing.reconciled", checked=report.checked, drift=len(report.drift))
    return DONE
