"""Overage goes out to the provider's meters, one event per entry of the ledger."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from worker.domains.billing.ports import BillingPorts
from worker.domains.billing.repository import SQL
from worker.domains.billing.rules import meter_event_name, meter_identifier
from worker.runtime.outcome import DONE, Done, Outcome


async def send_meter_event(ports: BillingPorts, ledger_id: int) -> Outcome:
    """An event the provider has already counts as sent. Raises ProviderError."""
    use = await ports.db.one(SQL["get_meter_event"], {"ledger_id": ledger_id})
    if use is None or use["status"] == "sent":
        return DONE
    await ports.payments.send_meter_event(
        event_name=meter_event_name(use["metric"]),
        customer_id=use["customer_id"],
        value=use["quantity"],
        identifier=meter_identifier(use["workspace_id"], ledger_id),
        at=use["used_at"],
    )

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["meter_event_sent"], {"ledger_id": ledger_id})

    return Done(write)
