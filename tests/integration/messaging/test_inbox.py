"""Conversations of contacts as an inbox: found, told apart, read with what became of replies, ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.jobs.engine import until
from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.messaging.desk import Desk, Row
from tests.support.actors import Actor


@pytest.fixture(autouse=True)
def _model(desk: Desk) -> None:
    desk.model = ScriptedModel([["At nine."], ["At six."]])


def rows(desk: Desk, actor: Actor, function: str, **named: Any) -> list[Row]:
    arguments = ", ".join(f"p_{name} => %({name})s" for name in named)
    with desk.db.as_user(actor) as cursor:
        cursor.execute(f"select * from public.{function}({arguments})".encode(), named)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def conversations(desk: Desk, actor: Actor, kind: str | None = None, **more: Any) -> list[Row]:
    return rows(desk, actor, "list_conversations", workspace_id=desk.cast.workspace_id, kind=kind, **more)


def own(desk: Desk, actor: Actor, title: str) -> UUID:
    with desk.db.as_user(actor) as cursor:
        found = cursor.execute(
            "insert into public.conversations (workspace_id, title) values (%s, %s) returning id",
            (desk.cast.workspace_id, title),
        ).fetchone()
    assert found is not None
    made: UUID = found[0]
    return made


def search(desk: Desk, actor: Actor, query: str) -> list[Row]:
    return rows(desk, actor, "search_history", workspace_id=desk.cast.workspace_id, query=query)


def test_the_inbox_is_told_apart_from_members_questions(desk: Desk) -> None:
    desk.receive("Hello", name="Marie")
    own(desk, desk.cast.support, "Mine")
    own(desk, desk.cast.sales, "Theirs")
    found = {row["title"]: row for row in conversations(desk, desk.cast.support)}
    assert {title: row["kind"] for title, row in found.items()} == {
        "Marie": "contacts",
        "Mine": "own",
        "Theirs": "members",
    }
    (contact,) = desk.all("select * from public.contacts")
    marie = found["Marie"]
    assert (marie["contact_id"], marie["contact_name"]) == (contact["id"], "Marie")
    assert (marie["channel_id"], marie["last_message"]) == (desk.channel_id, "Hello")
    assert conversations(desk, desk.cast.support, "contacts") == [marie]
    assert [row["title"] for row in conversations(desk, desk.cast.support, "own")] == ["Mine"]
    assert conversations(desk, desk.cast.sales, "contacts") == []
    assert [row["title"] for row in conversations(desk, desk.cast.sales)] == ["Theirs"]
    with pytest.raises(psycopg.Error) as caught:
        conversations(desk, desk.cast.support, "all")
    assert caught.value.diag.message_detail == "conversation.bad_kind"


@pytest.mark.parametrize("kind", ["contacts", None])
def test_the_inbox_comes_in_pages(desk: Desk, kind: str | None) -> None:
    for number in range(5):
        desk.receive("Hello", subscriber=str(number + 1), name=f"Person {number}")
    desk.db.admin.execute("update public.conversations set updated_at = '2026-01-01'")
    found: list[Row] = []
    after: dict[str, Any] = {}
    while page := conversations(desk, desk.cast.support, kind, limit=2, **after):
        found += page
        after = {"before": page[-1]["updated_at"], "after_id": page[-1]["id"]}
    assert len(found) == len({row["id"] for row in found}) == 5


async def test_a_page_of_the_inbox_is_read_by_index(desk: Desk) -> None:
    """Among members' own conversations, which are the most."""
    desk.receive("Hello")
    desk.db.admin.execute(
        "insert into public.conversations (workspace_id, title, created_by, updated_at)"
        " select %s, n::text, %s, now() + n * interval '1 second' from generate_series(1, 20000) as n",
        (desk.cast.workspace_id, desk.cast.sales.user_id),
    )
    desk.db.admin.execute("vacuum analyze public.conversations")
    used = "select idx_scan from pg_stat_user_indexes where indexrelname = 'conversations_inbox_idx'"
    before = desk.db.value(used)
    for _ in range(8):  # beyond the fifth, a plan for any arguments
        assert len(conversations(desk, desk.cast.support, "contacts")) == 1
    await until(lambda: desk.db.value(used) >= before + 8)


async def test_messages_show_who_wrote_them_and_what_became_of_them(desk: Desk) -> None:
    desk.receive("When do you open?")
    await desk.work_off()
    (conversation,) = conversations(desk, desk.cast.support, "contacts")
    ticket = rows(
        desk, desk.cast.support, "open_ticket_from_conversation", conversation_id=conversation["id"]
    )[0]
    desk.call(desk.cast.support, "add_ticket_message", ticket["id"], "reply", "Come at ten instead.")
    reply, answer, question = rows(
        desk, desk.cast.support, "list_messages", conversation_id=conversation["id"]
    )
    assert [(row["role"], row["is_human"]) for row in (question, answer, reply)] == [
        ("user", True),
        ("assistant", False),
        ("assistant", True),
    ]
    assert question["delivery"] is None
    assert (answer["delivery"]["status"], reply["delivery"]["status"]) == ("sent", "queued")
    stored = {row["message_id"]: str(row["id"]) for row in desk.deliveries()}
    assert reply["delivery"]["id"] == stored[reply["id"]]
    assert rows(desk, desk.cast.sales, "list_messages", conversation_id=conversation["id"]) == []


async def test_search_finds_what_contacts_wrote_and_were_answered(desk: Desk) -> None:
    desk.model = ScriptedModel([["The lighthouse opens at nine."]])
    desk.receive("When does the lighthouse open?", name="Marie")
    await desk.work_off()
    for actor in (desk.cast.owner, desk.cast.support):
        found = search(desk, actor, "lighthouse")
        assert {(row["kind"], row["title"]) for row in found} == {("contact", "Marie"), ("reply", "Marie")}
        assert all("«lighthouse»" in row["excerpt"] for row in found)
    for actor in (desk.cast.sales, desk.cast.editor, desk.cast.viewer):
        assert search(desk, actor, "lighthouse") == []
    elsewhere = desk.call(desk.cast.support, "create_workspace", "Own")["id"]
    args = {"workspace_id": elsewhere, "query": "lighthouse"}
    assert rows(desk, desk.cast.support, "search_history", **args) == []


async def test_a_search_among_contacts_messages_is_by_index(desk: Desk) -> None:
    desk.receive("Hello")
    conversation = desk.all("select * from public.conversations")[0]
    desk.db.admin.execute(
        "insert into public.messages (workspace_id, conversation_id, role, content, contact_id)"
        " select %s, %s, 'user', 'word' || n, %s from generate_series(1, 20000) as n",
        (desk.cast.workspace_id, conversation["id"], conversation["contact_id"]),
    )
    desk.db.admin.execute("vacuum analyze public.messages")
    used = "select idx_scan from pg_stat_user_indexes where indexrelname = 'messages_words_idx'"
    before = desk.db.value(used)
    assert len(search(desk, desk.cast.support, "word77")) == 1
    await until(lambda: desk.db.value(used) > before)


async def test_a_conversation_is_ended_and_the_contact_stays(desk: Desk) -> None:
    desk.receive("Hello")
    (conversation,) = conversations(desk, desk.cast.support, "contacts")
    desk.call(desk.cast.support, "delete_conversation", conversation["id"])
    assert (desk.messages(), desk.deliveries()) == ([], [])
    assert len(desk.all("select from public.contacts")) == 1
    assert desk.all("select status from public.jobs where kind = 'knowledge.answer_question'") == [
        {"status": "cancelled"}
    ]
    (entry,) = desk.all("select * from public.audit_log where action = 'conversation.deleted'")
    assert (entry["actor_id"], entry["subject"]) == (desk.cast.support.user_id, str(conversation["id"]))
    assert entry["detail"]["contact_id"] == str(conversation["contact_id"])
    await desk.work_off()
    assert desk.manychat.sends == []
    desk.receive("Hello again")
    (another,) = conversations(desk, desk.cast.support, "contacts")
    assert another["id"] != conversation["id"]


def test_only_who_reads_it_and_deals_with_contacts_ends_it(desk: Desk) -> None:
    desk.receive("Hello")
    (conversation,) = conversations(desk, desk.cast.support, "contacts")
    mine = own(desk, desk.cast.support, "Mine")
    cast = desk.cast
    for actor, id_ in (
        (cast.sales, conversation["id"]),
        (cast.editor, conversation["id"]),
        (cast.stranger, conversation["id"]),
        (cast.owner, mine),
        (cast.owner, uuid4()),
    ):
        with pytest.raises(psycopg.Error) as caught:
            desk.call(actor, "delete_conversation", id_)
        assert (caught.value.sqlstate, caught.value.diag.message_detail) == (
            "PT404",
            "conversation.not_found",
        )
    desk.db.admin.execute(
        "delete from public.role_permissions where role = 'support' and permission = 'contacts.write'"
    )
    with pytest.raises(psycopg.Error) as caught:
        desk.call(cast.support, "delete_conversation", conversation["id"])
    assert caught.value.diag.message_detail == "workspace.forbidden"
