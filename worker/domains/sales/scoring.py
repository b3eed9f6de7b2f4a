"""Contacts are scored, a batch per job."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from worker.db.pool import Row
from worker.domains.sales.ports import SalesPorts
from worker.domains.sales.repository import SQL
from worker.domains.sales.rules import RULES_VERSION, score, to_facts
from worker.runtime.outcome import Done, Outcome

BATCH = 500


async def score_contacts(ports: SalesPorts, workspace_id: UUID) -> Outcome:
    """Scores the oldest requests of a workspace; the next job does what is left."""
    rows = await ports.db.rows(SQL["get_facts"], {"workspace_id": workspace_id, "limit": BATCH})
    parameters = {
        "workspace_id": workspace_id,
        "version": RULES_VERSION,
        "scores": Jsonb([_scored(row) for row in rows]),
    }

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["save_scores"], parameters)

    return Done(write=write)


def _scored(row: Row) -> dict[str, Any]:
    """One element of what ``app.save_scores`` takes."""
    result = score(to_facts(row))
    return {
        "contact_id": str(row["contact_id"]),
        "requested_at": row["requested_at"].isoformat(),
        "score": result.value,
        "factors": [asdict(factor) for factor in result.factors],
    }
