"""A language model's opinion of a contact: asked for by a person, weighed by the rules, never needed."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from worker.db.pool import Row
from worker.domains.sales.ports import SalesPorts
from worker.domains.sales.repository import SQL
from worker.providers.llm.port import TaskRequest, Usage
from worker.runtime.outcome import DONE, Done, Fail, Outcome

MOST_POINTS = 10
_REASON_LENGTH = 1000
_INSTRUCTIONS = (
    "You help a seller to judge how likely a contact is to buy. The text is what is known: leads with the "
    "seller's notes, and the factors of a score made by rules. Say how many points the score should have "
    "more or less for what the rules cannot see, such as urgency, budget or doubt in the notes, and why, in "
    "one or two sentences. 0 when the notes say nothing more."
)
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["points", "reason"],
    "properties": {
        "points": {"type": "integer", "description": f"-{MOST_POINTS} to {MOST_POINTS}"},
        "reason": {"type": "string"},
    },
}


async def ask_opinion(ports: SalesPorts, contact_id: UUID) -> Outcome:
    """Asks once. Raises a ProviderError; the score stays as it is then."""
    row = await ports.db.one(SQL["get_dossier"], {"contact_id": contact_id})
    if row is None:
        return DONE
    text, model = await _reply(ports, to_request(row))
    read = read_opinion(text)
    if read is None:
        return Fail("score.opinion_unreadable", "The model's reply did not have the form it should.")
    points, reason = read
    parameters = {"contact_id": contact_id, "points": points, "reason": reason, "model": model}

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["save_opinion"], parameters)

    return Done(write=write)


def to_request(row: Row) -> TaskRequest:
    """What is asked, from a row of `get_dossier`."""
    return TaskRequest(
        kind="lead_opinion",
        instructions=_INSTRUCTIONS,
        text=json.dumps(dict(row), ensure_ascii=False),
        json_schema=_SCHEMA,
        max_output_tokens=500,
    )


def read_opinion(text: str) -> tuple[int, str] | None:
    """Points within bounds and the reason; None when the reply is no such object."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    points, reason = value.get("points"), value.get("reason")
    if not isinstance(points, int) or isinstance(points, bool) or not isinstance(reason, str):
        return None
    return max(-MOST_POINTS, min(MOST_POINTS, points)), reason.replace("\0", "")[:_REASON_LENGTH]


async def _reply(ports: SalesPorts, request: TaskRequest) -> tuple[str, str]:
    """The whole reply, and who gave it."""
    pieces, model = [], ports.model.model
    async with aclosing(ports.model.stream(request)) as events:
        async for event in events:
            if isinstance(event, Usage):
                model = event.model
            else:
                pieces.append(event.text)
    return "".join(pieces), model
