"""A message is rated, and the mood of its ticket follows in the same transaction."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from worker.db.pool import Row
from worker.domains.service import rules
from worker.domains.service.ports import ServicePorts
from worker.domains.service.repository import SQL
from worker.providers.sentiment.port import label_of
from worker.runtime.job import Job
from worker.runtime.outcome import DONE, Done, Fail, Outcome, Write


async def rate(ports: ServicePorts, job: Job, get: Literal["get_message", "get_ticket_message"]) -> Outcome:
    """Rates the job's message once. Raises a ProviderError."""
    message = await ports.db.one(SQL[get], {"id": job.subject()})
    if message is None:
        return DONE
    if ports.rater.is_metered and not await _has_room(ports, message["workspace_id"], job.id):
        return Fail("quota.exceeded", "The plan includes no more requests, so this was not rated.")
    rating = await ports.rater.rate(message["text"], hint=message["language"])
    said = {"message_id": message["message_id"], "ticket_message_id": message["ticket_message_id"]}
    judged = {"label": rating.label, "provider": ports.rater.name, "model": ports.rater.model}
    return Done(_saved({**said, **judged, **asdict(rating)}))


def rolled_up(ticket_id: UUID) -> Write:
    """The ticket's mood from what is known now, with an alert on a drop."""

    async def write(connection: AsyncConnection[Any]) -> None:
        await _roll_up(connection, ticket_id)

    return write


async def _has_room(ports: ServicePorts, workspace_id: UUID, job_id: int) -> bool:
    row = await ports.db.one(SQL["reserve_rating"], {"workspace_id": workspace_id, "job_id": job_id})
    return bool(row and row["has_room"])


def _saved(rating: Row) -> Write:
    async def write(connection: AsyncConnection[Any]) -> None:
        found = await _one(connection, "save_sentiment", rating)
        if found and found["ticket_id"]:
            await _roll_up(connection, found["ticket_id"])

    return write


async def _roll_up(connection: AsyncConnection[Any], ticket_id: UUID) -> None:
    found = await _one(connection, "ticket_mood", {"ticket_id": ticket_id, "limit": rules.LATEST})
    if found is None:
        return
    score = rules.mood(found["scores"])
    mood = {
        "score": score,
        "label": "unknown" if score is None else label_of(score),
        "is_alert": rules.is_drop(found["before"], score),
    }
    await _one(connection, "set_ticket_mood", {"ticket_id": ticket_id, **mood})


async def _one(connection: AsyncConnection[Any], name: str, parameters: Row) -> Row | None:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SQL[name], parameters)
        return await cursor.fetchone()
