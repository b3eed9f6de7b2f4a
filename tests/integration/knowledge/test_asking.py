"""A question is asked once, answered from the documents, and cites page and passage."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from tests.integration.identity.calls import denied, meanwhile, refused
from tests.integration.jobs.engine import until
from tests.integration.knowledge.asking import answered, ask, ended, message
from tests.integration.knowledge.house import House
from tests.integration.knowledge.stubs import ScriptedModel
from tests.support import pdfs
from tests.support.actors import Cast
from worker.providers.llm.port import ChatMessage

LIGHTHOUSE = (
    "The lighthouse of Morvan was lit in 1871. Its first keeper was Ada Brennan, who stayed for 30 years."
)
HARBOUR = "The harbour of Morvan was dredged in 1902. Ships of up to 400 tons can enter it at high tide."
CHAPEL = "The chapel of Morvan was roofed in 1955. Its bell weighs 220 kilograms and came from Lorient."
NOT_SAID = "The documents do not say."


async def test_an_answer_cites_page_and_passage(guarded: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/morvan.pdf"
    document_id = guarded.upload(cast.editor, name, pdfs.pages([LIGHTHOUSE, HARBOUR, CHAPEL]))
    await guarded.work_off()
    row = await answered(guarded, cast.editor, cast.workspace_id, "When was the chapel of Morvan roofed?")
    assert (row["status"], row["answered"], row["error_code"]) == ("complete", True, None)
    assert "1955" in row["content"]
    citation = row["citations"][0]
    assert f"[{citation['ordinal']}]" in row["content"]
    assert (citation["document_id"], citation["title"]) == (str(document_id), "morvan.pdf")
    assert citation["page_from"] <= 3 <= citation["page_to"]
    chunk = next(chunk for chunk in guarded.chunks(document_id) if chunk["id"] == citation["chunk_id"])
    assert "1955" in chunk["content"]
    assert (citation["page_from"], citation["page_to"]) == (chunk["page_from"], chunk["page_to"])
    assert chunk["content"].startswith(citation["quote"])


async def test_tokens_cost_and_times_are_stored(house: House, cast: Cast) -> None:
    house.write(cast.editor, cast.workspace_id, LIGHTHOUSE)
    await house.work_off()
    house.model = ScriptedModel([["Ada ", "Brennan ", "[1]."]])
    row = await answered(house, cast.editor, cast.workspace_id, "Who was the first keeper?")
    assert (row["provider"], row["model"]) == ("scripted", "scripted:script-1")
    assert (row["prompt_tokens"], row["completion_tokens"], row["cost_microusd"]) == (100, 3, 250)
    assert 0 <= row["retrieval_ms"] <= row["first_token_ms"] <= row["latency_ms"] < 60_000
    assert row["finished_at"] >= row["created_at"]
    assert row["content"] == "Ada Brennan [1]."
    assert [citation["ordinal"] for citation in row["citations"]] == [1]


async def test_citations_of_sources_that_do_not_exist_are_left_out(house: House, cast: Cast) -> None:
    house.write(cast.editor, cast.workspace_id, LIGHTHOUSE)
    await house.work_off()
    house.model = ScriptedModel([["It was 1871 [1][7], see [0] and [1]."]])
    row = await answered(house, cast.editor, cast.workspace_id, "When was the lighthouse lit?")
    assert [citation["ordinal"] for citation in row["citations"]] == [1]


async def test_the_documents_do_not_say(house: House, cast: Cast) -> None:
    house.write(cast.editor, cast.workspace_id, LIGHTHOUSE)
    await house.work_off()
    row = await answered(house, cast.editor, cast.workspace_id, "What is the salary of the mayor of Quimper?")
    assert (row["status"], row["answered"], row["content"]) == ("complete", False, NOT_SAID)
    assert row["citations"] == []
    row = await answered(
        house, cast.editor, cast.workspace_id, "Wie hoch ist das Gehalt des Bürgermeisters von Quimper?"
    )
    assert (row["answered"], row["content"]) == (False, "Die Dokumente sagen dazu nichts.")


async def test_an_open_question_of_language_is_answered_in_the_askers(house: House, cast: Cast) -> None:
    house.db.admin.execute(
        "update public.profiles set locale = 'fr' where user_id = %s", (cast.editor.user_id,)
    )
    said = []
    for asker, question in (
        (cast.editor, "Paris?"),
        (cast.editor, "Do you have a store in Paris?"),
        (cast.admin, "Quels sont vos horaires ?"),
        (cast.admin, "Quimper"),
    ):
        said.append((await answered(house, asker, cast.workspace_id, question))["content"])
    assert said == ["Les documents ne le disent pas.", NOT_SAID, "Les documents ne le disent pas.", NOT_SAID]


async def test_without_documents_there_is_no_answer(house: House, cast: Cast) -> None:
    row = await answered(house, cast.editor, cast.workspace_id, "When was the lighthouse lit?")
    assert (row["status"], row["answered"], row["content"]) == ("complete", False, NOT_SAID)


async def test_a_question_can_be_limited_to_documents(house: House, cast: Cast) -> None:
    lighthouse = house.write(cast.editor, cast.workspace_id, LIGHTHOUSE)
    harbour = house.write(cast.editor, cast.workspace_id, HARBOUR)
    await house.work_off()
    question = "When was the lighthouse of Morvan lit?"
    inside = await answered(house, cast.editor, cast.workspace_id, question, documents=[lighthouse])
    assert "1871" in inside["content"]
    assert {citation["document_id"] for citation in inside["citations"]} == {str(lighthouse)}
    house.model = model = ScriptedModel([["Something [1]."]])
    outside = await answered(house, cast.editor, cast.workspace_id, question, documents=[harbour])
    assert {citation["document_id"] for citation in outside["citations"]} == {str(harbour)}
    assert ["lighthouse" in source.text for source in model.requests[0].sources] == [False]


async def test_another_workspace_is_never_a_source(house: House, cast: Cast) -> None:
    own = house.call(cast.stranger, "create_workspace", "Own")["id"]
    secret = house.write(cast.editor, cast.workspace_id, LIGHTHOUSE)
    await house.work_off()
    house.model = model = ScriptedModel([["NO_ANSWER_IN_SOURCES"]])
    for documents in (None, [secret]):
        await answered(house, cast.stranger, own, "When was the lighthouse lit?", documents=documents)
    assert [request.sources for request in model.requests] == [(), ()]


async def test_a_follow_up_knows_what_was_said(house: House, cast: Cast) -> None:
    house.write(cast.editor, cast.workspace_id, LIGHTHOUSE)
    house.write(cast.editor, cast.workspace_id, HARBOUR)
    await house.work_off()
    house.model = model = ScriptedModel([["In 1871 [1]."], ["Ada Brennan [1]."], ["Other."]])
    first = ask(house, cast.editor, cast.workspace_id, "When was the lighthouse of Morvan lit?")
    await house.work_off()
    await answered(
        house, cast.editor, cast.workspace_id, "And its keeper?", conversation=first["conversation_id"]
    )
    assert model.requests[1].messages == (
        ChatMessage("user", "When was the lighthouse of Morvan lit?"),
        ChatMessage("assistant", "In 1871 [1]."),
    )
    assert "lighthouse" in model.requests[1].sources[0].text  # found though the question does not name it
    await answered(house, cast.editor, cast.workspace_id, "And its keeper?")
    assert model.requests[2].messages == ()  # another conversation


async def test_a_follow_up_is_answered_offline(house: House, cast: Cast) -> None:
    house.write(cast.editor, cast.workspace_id, f"{LIGHTHOUSE}\n\n{HARBOUR}\n\n{CHAPEL}")
    await house.work_off()
    first = ask(house, cast.editor, cast.workspace_id, "In which year was the harbour of Morvan dredged?")
    await house.work_off()
    assert "1902" in message(house, first)["content"]
    row = await answered(
        house, cast.editor, cast.workspace_id, "And the chapel?", conversation=first["conversation_id"]
    )
    assert row["answered"] is True
    assert "1955" in row["content"]


def test_the_same_key_asks_once(house: House, cast: Cast) -> None:
    first = ask(house, cast.editor, cast.workspace_id, "When?", key="k1")
    assert ask(house, cast.editor, cast.workspace_id, "When?", key="k1") == first
    assert house.db.value("select count(*) from public.messages") == 2
    assert house.db.value("select count(*) from public.conversations") == 1
    assert len(house.jobs("answer_question")) == 1
    with refused(409, "ask.idempotency_conflict"):
        ask(house, cast.editor, cast.workspace_id, "Where?", key="k1")
    assert ask(house, cast.editor, cast.workspace_id, "When?", key="k2") != first
    assert ask(house, cast.owner, cast.workspace_id, "When?", key="k1") != first  # keys are the asker's own
    assert ask(house, cast.editor, cast.workspace_id, "When?") != first


def test_the_same_key_at_the_same_moment_asks_once(house: House, cast: Cast) -> None:
    later: list[dict[str, object]] = []
    with house.db.as_user(cast.editor) as cursor:
        row = cursor.execute(
            "select public.ask(%s, 'When?', p_idempotency_key => 'k')", (cast.workspace_id,)
        ).fetchone()
        assert row is not None
        with meanwhile(
            house.db, lambda: later.append(ask(house, cast.editor, cast.workspace_id, "When?", key="k"))
        ) as raised:
            cursor.connection.commit()
    assert raised == []
    assert later == [row[0]]
    assert len(house.jobs("answer_question")) == 1


def test_what_is_no_question_is_refused(house: House, cast: Cast) -> None:
    for question in ("", "  ", "\n", "x" * 4001):
        with refused(400, "ask.bad_question"):
            ask(house, cast.editor, cast.workspace_id, question)
    for key in ("", "x" * 201):
        with refused(400, "ask.bad_idempotency_key"):
            ask(house, cast.editor, cast.workspace_id, "When?", key=key)
    assert house.db.rows("select id from public.messages") == []
    assert house.jobs("answer_question") == []


def test_only_who_may_write_asks_and_only_in_conversations_of_theirs(house: House, cast: Cast) -> None:
    with refused(403, "workspace.forbidden"):
        ask(house, cast.viewer, cast.workspace_id, "When?")
    with refused(404, "workspace.not_found"):
        ask(house, cast.stranger, cast.workspace_id, "When?")
    with denied(), house.db.as_anon() as cursor:
        cursor.execute("select public.ask(%s, 'When?')", (cast.workspace_id,))
    asked = ask(house, cast.editor, cast.workspace_id, "When?")
    other = house.call(cast.editor, "create_workspace", "Other")["id"]
    for actor, workspace_id, conversation in (
        (cast.owner, cast.workspace_id, asked["conversation_id"]),
        (cast.editor, other, asked["conversation_id"]),
        (cast.editor, cast.workspace_id, str(uuid4())),
    ):
        with refused(404, "conversation.not_found"):
            ask(house, actor, workspace_id, "When?", conversation=conversation)
    assert len(house.jobs("answer_question")) == 1


def test_a_conversation_can_be_opened_before_asking(house: House, cast: Cast) -> None:
    """So that a client hears the answer from its first word."""
    with house.db.as_user(cast.editor) as cursor:
        row = cursor.execute(
            "insert into public.conversations (workspace_id) values (%s) returning id::text, title",
            (cast.workspace_id,),
        ).fetchone()
        assert row is not None
    asked = ask(house, cast.editor, cast.workspace_id, "  When was it lit?  ", conversation=row[0])
    assert asked["conversation_id"] == row[0]
    assert asked["topic"] == f"conversation:{row[0]}"
    ask(house, cast.editor, cast.workspace_id, "And by whom?", conversation=row[0])
    assert house.db.value("select title from public.conversations") == "When was it lit?"


async def test_questions_of_a_conversation_are_answered_in_order(house: House, cast: Cast) -> None:
    go = asyncio.Event()
    house.model = model = ScriptedModel([["One", go, "."], ["Two."], ["Three."]])
    first = ask(house, cast.editor, cast.workspace_id, "First?")
    second = ask(house, cast.editor, cast.workspace_id, "Second?", conversation=first["conversation_id"])
    async with house.working():
        await until(lambda: model.deltas == 1)
        other = ask(house, cast.owner, cast.workspace_id, "Other?")
        assert (await ended(house, other))["content"] == "Two."
        assert message(house, second)["status"] == "pending"
        go.set()
        assert (await ended(house, second))["content"] == "Three."
    assert [turn.content for turn in model.requests[2].messages] == ["First?", "One."]
