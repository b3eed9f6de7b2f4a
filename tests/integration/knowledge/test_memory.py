"""One's own history as memory: only where it is turned on, and never another's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.integration.identity.calls import denied
from tests.integration.knowledge.asking import answered, ask, message
from tests.integration.knowledge.house import House
from tests.integration.knowledge.stubs import ScriptedModel
from tests.support.actors import Actor, Cast
from worker.providers.llm.port import ChatRequest

QUESTION = "Which paint did we choose for the lighthouse door?"
SECRET = "The lighthouse door is painted in vermilion."


def turn_on(house: House, cast: Cast, workspace_id: UUID | None = None, actor: Actor | None = None) -> None:
    with house.db.as_user(actor or cast.owner) as cursor:
        cursor.execute(
            "insert into public.workspace_settings (workspace_id, history_memory) values (%s, true)",
            (workspace_id or cast.workspace_id,),
        )


async def told(house: House, actor: Actor, workspace_id: UUID, answer: str = SECRET) -> dict[str, Any]:
    """This person has asked and been told."""
    house.model = ScriptedModel([[answer]])
    asked = ask(house, actor, workspace_id, QUESTION)
    await house.work_off()
    assert message(house, asked)["answered"] is True
    return asked


async def seen(house: House, actor: Actor, workspace_id: UUID, question: str = QUESTION, **named: Any) -> str:
    """All that the model is shown when this person asks: sources and earlier turns."""
    house.model = model = ScriptedModel([["Vermilion [1]."]])
    await answered(house, actor, workspace_id, question, **named)
    (request,) = model.requests
    assert isinstance(request, ChatRequest)
    return str((request.sources, request.messages))


async def test_memory_is_off_until_it_is_turned_on(house: House, cast: Cast) -> None:
    await told(house, cast.editor, cast.workspace_id)
    assert "vermilion" not in await seen(house, cast.editor, cast.workspace_id)
    turn_on(house, cast)
    assert "vermilion" in await seen(house, cast.editor, cast.workspace_id)
    with house.db.as_user(cast.admin) as cursor:
        cursor.execute("update public.workspace_settings set history_memory = false")
        assert cursor.rowcount == 1
    assert "vermilion" not in await seen(house, cast.editor, cast.workspace_id)


async def test_the_answer_cites_its_own_history(house: House, cast: Cast) -> None:
    first = await told(house, cast.editor, cast.workspace_id)
    turn_on(house, cast)
    house.model = ScriptedModel([["Vermilion [1]."]])
    row = await answered(house, cast.editor, cast.workspace_id, "Which paint is on the lighthouse door?")
    (citation,) = row["citations"]
    assert (citation["message_id"], citation["conversation_id"]) == (
        first["answer_id"],
        first["conversation_id"],
    )
    assert citation["title"].startswith("Your earlier question (20")
    assert "vermilion" in citation["quote"]
    assert "chunk_id" not in citation


async def test_nobody_elses_history_is_ever_used(house: House, cast: Cast) -> None:
    """Not a colleague's, though the asker may read all conversations; not one's own of another workspace."""
    turn_on(house, cast)
    for actor in (cast.sales, cast.admin, cast.support):
        await told(house, actor, cast.workspace_id)
    elsewhere = house.call(cast.owner, "create_workspace", "Elsewhere")["id"]
    turn_on(house, cast, elsewhere)
    await told(house, cast.owner, elsewhere)
    for actor in (cast.editor, cast.owner, cast.marketing):
        assert "vermilion" not in await seen(house, actor, cast.workspace_id), actor.name
    assert "vermilion" in await seen(house, cast.sales, cast.workspace_id)
    assert "vermilion" in await seen(house, cast.owner, elsewhere)


async def test_a_contacts_history_is_nobodys_memory(house: House, cast: Cast) -> None:
    """Messages of a channel belong to no member."""
    turn_on(house, cast)
    asked = await told(house, cast.editor, cast.workspace_id)
    contact = house.db.value(
        "insert into public.contacts (workspace_id) values (%s) returning id", cast.workspace_id
    )
    for table in ("conversations", "messages"):
        house.db.admin.execute(
            f"update public.{table} set created_by = null, contact_id = %s".encode(), (contact,)
        )
    assert "vermilion" not in await seen(house, cast.editor, cast.workspace_id)
    assert house.db.rows("select * from app.recall(%s, 'vermilion', 20)", asked["answer_id"]) == []


async def test_what_is_not_related_stays_away(house: House, cast: Cast) -> None:
    turn_on(house, cast)
    await told(house, cast.editor, cast.workspace_id)
    other = "What is the salary of the mayor of Quimper, before tax, in euros?"
    assert "vermilion" not in await seen(house, cast.editor, cast.workspace_id, other)


async def test_a_question_limited_to_documents_has_no_memory(house: House, cast: Cast) -> None:
    turn_on(house, cast)
    document = house.write(cast.editor, cast.workspace_id, "The harbour of Morvan was dredged in 1902.")
    await house.work_off()
    await told(house, cast.editor, cast.workspace_id)
    assert "vermilion" not in await seen(house, cast.editor, cast.workspace_id, documents=[document])


async def test_no_answer_and_erased_answers_are_no_memory(house: House, cast: Cast) -> None:
    turn_on(house, cast)
    house.model = ScriptedModel([["NO_ANSWER_IN_SOURCES"]])
    await answered(house, cast.editor, cast.workspace_id, QUESTION)
    assert "()" in await seen(house, cast.editor, cast.workspace_id, documents=None)
    with house.db.as_user(cast.editor) as cursor:
        cursor.execute("delete from public.conversations")
    await told(house, cast.editor, cast.workspace_id)
    with house.db.as_user(cast.editor) as cursor:
        cursor.execute("delete from public.conversations")
    assert "vermilion" not in await seen(house, cast.editor, cast.workspace_id)


async def test_the_offline_model_remembers_too(house: House, cast: Cast) -> None:
    turn_on(house, cast)
    await told(house, cast.editor, cast.workspace_id)
    house.model = House(house.db, house.bucket).model
    row = await answered(
        house, cast.editor, cast.workspace_id, "Which paint is the lighthouse door painted in?"
    )
    assert (row["answered"], row["provider"]) == (True, "offline")
    assert "vermilion" in row["content"]
    assert "message_id" in row["citations"][0]


def test_who_turns_it_on(house: House, cast: Cast) -> None:
    for actor in (cast.editor, cast.support, cast.viewer, cast.stranger):
        with denied():
            turn_on(house, cast, actor=actor)
    turn_on(house, cast, actor=cast.admin)
    with house.db.as_user(cast.viewer) as cursor:
        assert cursor.execute("select history_memory from public.workspace_settings").fetchall() == [(True,)]
