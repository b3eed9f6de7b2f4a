"""Batches of the mail provider's events, applied in any order and as often as they come."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from worker.domains.notifications.ports import NotificationPorts
from worker.domains.notifications.repository import SQL
from worker.domains.notifications.rules import effects_of
from worker.providers.email.events import parse_events
from worker.runtime.outcome import DONE, Done, Outcome


async def apply_events(ports: NotificationPorts, batch_id: str) -> Outcome:
    """Writes what a batch tells, unless it is written or gone."""
    batch = await ports.db.one(SQL["get_batch"], {"batch_id": batch_id})
    if batch is None:
        return DONE
    parameters = {"batch_id": batch_id, "effects": Jsonb(effects_of(parse_events(batch["events"])))}

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["apply_batch"], parameters)

    return Done(write)
