"""Questions of the tests, their answers, and what was broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.integration.jobs.engine import until
from tests.integration.knowledge.house import House, Row
from tests.support.actors import Actor

ENDED = ("complete", "failed", "cancelled")


def ask(
    house: House,
    actor: Actor,
    workspace_id: UUID,
    question: str,
    *,
    conversation: str | None = None,
    documents: Sequence[UUID] | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """public.ask: {conversation_id, question_id, answer_id, job_id, topic}."""
    given = (workspace_id, question, conversation, None if documents is None else list(documents), key)
    found: dict[str, Any] = house.call(actor, "ask", *given)["ask"]
    return found


def message(house: House, asked: dict[str, Any]) -> Row:
    """The answer's row."""
    found = house.row("select * from public.messages where id = %s", asked["answer_id"])
    assert found is not None
    return found


async def ended(house: House, asked: dict[str, Any]) -> Row:
    """The answer's row once it has ended."""
    await until(lambda: message(house, asked)["status"] in ENDED)
    return message(house, asked)


async def answered(house: House, actor: Actor, workspace_id: UUID, question: str, **named: Any) -> Row:
    """Asks, and works until there is an answer."""
    asked = ask(house, actor, workspace_id, question, **named)
    await house.work_off()
    return message(house, asked)


def sent(house: House, asked: dict[str, Any], event: str) -> list[dict[str, Any]]:
    """Payloads of this event about the answer, all of them private, in the order of sending."""
    rows = house.db.rows(
        "select payload, private, extension from realtime.messages where topic = %s and event = %s"
        " order by inserted_at, (payload ->> 'seq')::int",
        asked["topic"],
        event,
    )
    assert all(row[1:] == (True, "broadcast") for row in rows)
    return [row[0] for row in rows if row[0]["message_id"] == asked["answer_id"]]


def heard(house: House, asked: dict[str, Any]) -> str:
    """The answer as a listener puts it together: a delta with seq 0 begins it anew."""
    text = ""
    for delta in sent(house, asked, "answer.delta"):
        text = delta["text"] if delta["seq"] == 0 else text + delta["text"]
    return text
