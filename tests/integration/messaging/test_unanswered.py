"""What a contact hears, and who else, when the documents do not answer; what comes without words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.messaging.desk import Desk, Row

UNKNOWN = "NO_ANSWER_IN_SOURCES"
READS_TEXT = {"fr": "Je ne lis que du texte pour l’instant.", "en": "I can only read text for now."}


def update(desk: Desk, **named: Any) -> None:
    arguments = ", ".join(f"p_{name} => %({name})s" for name in named)
    with desk.db.as_user(desk.cast.admin) as cursor:
        cursor.execute(
            f"select public.update_channel(%(channel_id)s, {arguments})".encode(),
            {"channel_id": desk.channel_id, **named},
        )


def defaults(desk: Desk, column: str) -> dict[str, str]:
    found: dict[str, str] = desk.channel()[column]
    return found


def tickets(desk: Desk) -> list[Row]:
    return desk.all("select * from public.tickets order by number")


def told(desk: Desk) -> list[UUID]:
    rows = desk.all("select user_id from public.notifications where kind = 'ticket_unanswered'")
    return [row["user_id"] for row in rows]


def requests(desk: Desk) -> int:
    query = "select committed + reserved from app.usage_counters where metric = 'requests'"
    return int(desk.db.value(query) or 0)


@pytest.mark.parametrize(
    ("text", "given", "language"),
    [
        ("Quels sont vos horaires ?", {"language": "fr"}, "fr"),
        ("Quels sont vos horaires ?", {}, "fr"),
        ("Do you have a store in Paris?", {"language": "en"}, "en"),
        ("OK?", {"language": "en"}, "en"),
        ("Wann öffnen Sie?", {"language": "de"}, "fr"),
    ],
)
async def test_it_is_said_in_the_persons_language(
    desk: Desk, text: str, given: dict[str, str], language: str
) -> None:
    desk.receive(text, **given)
    await desk.work_off()
    assert desk.manychat.texts(77) == [defaults(desk, "not_answered_texts")[language]]
    answer = desk.messages()[1]
    assert (answer["answered"], answer["content"]) == (False, desk.manychat.texts(77)[0])
    assert (tickets(desk), told(desk)) == ([], [])


async def test_the_words_are_the_workspaces_own(desk: Desk) -> None:
    update(desk, not_answered_texts=Jsonb({"fr": "Aucune idée.", "en": "No idea."}), default_language="en")
    desk.receive("Where are you?")
    desk.receive("Où ?", subscriber="78", language="fr")
    await desk.work_off()
    assert (desk.manychat.texts(77), desk.manychat.texts(78)) == (["No idea."], ["Aucune idée."])


async def test_without_words_of_its_own_the_product_has_some(desk: Desk) -> None:
    update(desk, not_answered_texts=Jsonb({}))
    desk.receive("OK?", language="en")
    await desk.work_off()
    assert desk.manychat.texts(77) == ["The documents do not say."]


@pytest.mark.parametrize("column", ["not_answered_texts", "passed_on_texts", "attachment_texts"])
def test_new_texts_are_checked_like_the_others(desk: Desk, column: str) -> None:
    before = desk.channel()[column]
    with pytest.raises(psycopg.Error) as caught:
        update(desk, **{column: Jsonb({"french": "x"})})
    assert caught.value.diag.message_detail == "channel.bad_texts"
    assert desk.channel()[column] == before
    update(desk, **{column: Jsonb({"it": "Ecco"})})
    assert desk.channel()[column] == {"it": "Ecco"}


def test_there_are_two_things_to_do(desk: Desk) -> None:
    with pytest.raises(psycopg.Error) as caught:
        update(desk, on_unanswered="shrug")
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT400", "channel.bad_unanswered")
    assert desk.channel()["on_unanswered"] == "say"


async def test_it_becomes_a_ticket_and_people_hear_of_it(desk: Desk) -> None:
    update(desk, on_unanswered="ticket")
    desk.receive("Do you repair\nold clocks?", language="en")
    await desk.work_off()
    assert desk.manychat.texts(77) == [defaults(desk, "passed_on_texts")["en"]]
    (ticket,) = tickets(desk)
    assert (ticket["subject"], ticket["status"], ticket["number"]) == ("Do you repair old clocks?", "new", 1)
    assert ticket["conversation_id"] == desk.messages()[0]["conversation_id"]
    assert (ticket["contact_id"], ticket["created_by"]) == (desk.messages()[0]["contact_id"], None)
    team = {desk.cast.owner.user_id, desk.cast.admin.user_id, desk.cast.support.user_id}
    assert (set(told(desk)), len(told(desk))) == (team, len(team))
    data = desk.all("select data from public.notifications where kind = 'ticket_unanswered'")[0]["data"]
    assert (data["number"], data["text"]) == (1, "Do you repair\nold clocks?")


async def test_the_ticket_there_is_takes_more(desk: Desk) -> None:
    update(desk, on_unanswered="ticket")
    desk.receive("First?")
    await desk.work_off()
    opened = tickets(desk)
    given = {"ticket_id": opened[0]["id"], "assignee_id": desk.cast.support.user_id}
    desk.call(desk.cast.admin, "assign_ticket", *given.values())
    desk.receive("Second?")
    await desk.work_off()
    assert [row["id"] for row in tickets(desk)] == [opened[0]["id"]]
    assert len(told(desk)) == 3  # of one ticket once an hour
    desk.db.admin.execute(
        "update public.notifications set dedupe_key = dedupe_key || ':an-hour-ago'"
        " where kind = 'ticket_unanswered'"
    )
    desk.receive("Third?")
    await desk.work_off()
    assert told(desk)[3:] == [desk.cast.support.user_id]
    assert len(desk.manychat.texts(77)) == 3


async def test_what_is_answered_or_failed_opens_nothing(desk: Desk) -> None:
    update(desk, on_unanswered="ticket")
    desk.model = ScriptedModel([["Bonjour ! Que puis-je pour vous ?"], [RuntimeError("broken")]])
    desk.receive("Bonjour")
    await desk.work_off()
    desk.receive("Toujours là ?")
    desk.db.admin.execute("update public.jobs set max_attempts = 1 where kind = 'knowledge.answer_question'")
    await desk.work_off()
    assert desk.manychat.texts(77)[0] == "Bonjour ! Que puis-je pour vous ?"
    assert [row["status"] for row in desk.messages()] == ["complete", "complete", "complete", "failed"]
    assert (tickets(desk), told(desk)) == ([], [])


def test_an_answer_does_not_wait_for_whoever_deletes_the_conversation(desk: Desk) -> None:
    """Who in turn waits for the answer's row."""
    update(desk, on_unanswered="ticket")
    desk.receive("Do you repair clocks?")
    end = "update public.messages set status = 'complete', answered = false where role = 'assistant'"
    with psycopg.connect(desk.db.dsn()) as deleting:
        deleting.execute("select from public.conversations for update")
        with desk.db.admin.transaction():
            desk.db.admin.execute("set local lock_timeout = '2s'")
            desk.db.admin.execute(end)
    assert (tickets(desk), [row["status"] for row in desk.messages()]) == ([], ["complete", "complete"])


async def test_two_who_open_a_ticket_have_one(desk: Desk) -> None:
    update(desk, on_unanswered="ticket")
    desk.receive("Do you repair clocks?")
    conversation = desk.messages()[0]["conversation_id"]
    with ThreadPoolExecutor(4) as pool:
        opened = [
            pool.submit(
                desk.call, desk.cast.support, "open_ticket_from_conversation", conversation, None, "normal"
            )
            for _ in range(4)
        ]
        await desk.work_off()
        ids = {each.result()["id"] for each in opened}
    assert {row["id"] for row in tickets(desk)} == ids
    assert told(desk)


async def test_members_questions_are_no_tickets(desk: Desk) -> None:
    update(desk, on_unanswered="ticket")
    desk.call(desk.cast.editor, "ask", desk.cast.workspace_id, "Do you repair clocks?")
    await desk.work_off()
    assert [row["answered"] for row in desk.messages()] == [None, False]
    assert tickets(desk) == []


async def test_contacts_hear_the_voice_of_the_default_brand(desk: Desk) -> None:
    with desk.db.as_user(desk.cast.admin) as cursor:
        cursor.execute(
            "insert into public.brands (workspace_id, name, voice) values (%s, 'Martin', 'Warm and short')",
            (desk.cast.workspace_id,),
        )
    desk.model = model = ScriptedModel([[UNKNOWN], [UNKNOWN]])
    desk.receive("Hello")
    await desk.work_off()
    desk.call(desk.cast.editor, "ask", desk.cast.workspace_id, "Hello")
    await desk.work_off()
    assert [request.brand for request in model.requests] == ["Name: Martin\nVoice: Warm and short", ""]


async def test_documents_for_members_only_answer_no_contact(desk: Desk) -> None:
    given = (desk.cast.workspace_id, "Handbook", "The lighthouse of Morvan was lit in 1871.")
    document = desk.call(desk.cast.editor, "create_text_document", *given)["id"]
    await desk.work_off()
    question = "When was the lighthouse of Morvan lit?"
    desk.receive(question)
    await desk.work_off()
    for actor, count in ((desk.cast.viewer, 0), (desk.cast.editor, 1)):
        with desk.db.as_user(actor) as cursor:
            cursor.execute("update public.documents set for_contacts = false where id = %s", (document,))
            assert cursor.rowcount == count
    desk.model = model = ScriptedModel([[UNKNOWN], ["In 1871 [1]."]])
    desk.receive(question)
    await desk.work_off()
    desk.call(desk.cast.editor, "ask", desk.cast.workspace_id, question)
    await desk.work_off()
    answers = [row for row in desk.messages() if row["role"] == "assistant"]
    assert [row["answered"] for row in answers] == [True, False, True]
    assert [len(request.sources) for request in model.requests] == [0, 1]
    assert "1871" in answers[0]["content"]
    said = [turn.content for turn in model.requests[0].messages]
    assert said == [question]  # what was answered from it is no source either


def test_what_comes_without_words_is_kept_and_answered_without_a_model(desk: Desk) -> None:
    desk.receive("Hello", language="en")
    desk.db.admin.execute(
        "update public.contact_identities set last_inbound_at = now() - interval '25 hours'"
    )
    used = requests(desk)
    photo = {"subscriber_id": "77", "attachment": "image", "message_id": "photo"}
    assert desk.receive_plain(photo) == {"outcome": "unread", "text": READS_TEXT["en"]}
    assert desk.receive_plain(photo) == {"outcome": "duplicate", "text": READS_TEXT["en"]}
    last = desk.messages()[-1]
    assert (len(desk.messages()), last["role"], last["content"]) == (3, "user", "[image]")
    assert requests(desk) == used
    assert len(desk.all("select from public.jobs where kind = 'knowledge.answer_question'")) == 1
    assert desk.db.value(
        "select last_inbound_at > now() - interval '1 minute' from public.contact_identities"
    )
    assert len(desk.all("select from realtime.messages where event = 'conversation.message'")) == 2


def test_a_first_photo_makes_a_contact(desk: Desk) -> None:
    assert desk.receive_plain({"subscriber_id": "9", "attachment": "audio"})["text"] == READS_TEXT["fr"]
    (row,) = desk.messages()
    (contact,) = desk.all("select id from public.contacts")
    assert (row["content"], row["contact_id"]) == ("[audio]", contact["id"])


@pytest.mark.parametrize("attachment", ["", "virus", "image]"])
def test_other_kinds_are_refused(desk: Desk, attachment: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        desk.receive_plain({"subscriber_id": "77", "attachment": attachment})
    assert caught.value.diag.message_detail == "channel.bad_message"
    assert desk.messages() == []


def test_what_is_missing_of_a_contact_is_filled_and_the_rest_stays(desk: Desk) -> None:
    desk.receive("Hello", name="Marie")
    desk.receive("Hello", name="M", email="m@example.test", phone="+33600000000", language="fr")
    desk.receive("Hello", email="other@example.test", phone="+33611111111", language="en")
    (contact,) = desk.all("select * from public.contacts")
    assert (contact["name"], contact["email"], contact["phone"], contact["language"]) == (
        "Marie", "m@example.test", "+33600000000", "fr",
    )  # fmt: skip
