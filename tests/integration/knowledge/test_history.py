"""Pages and search of history: nothing twice, nothing lost, nothing of others, by index."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.jobs.engine import until
from tests.integration.knowledge.house import House, Row
from tests.support.actors import Actor, Cast


def talk(house: House, actor: Actor, workspace_id: UUID, *turns: tuple[str, str], at: str = "now()") -> UUID:
    """A conversation of questions with complete answers, as the worker leaves it."""
    conversation: UUID = house.db.value(
        f"insert into public.conversations (workspace_id, title, created_by, created_at, updated_at)"
        f" values (%s, %s, %s, {at}, {at}) returning id",
        workspace_id,
        turns[0][0],
        actor.user_id,
    )
    for question, answer in turns:
        question_id = house.db.value(
            "insert into public.messages (workspace_id, conversation_id, role, content, created_by)"
            " values (%s, %s, 'user', %s, %s) returning id",
            workspace_id, conversation, question, actor.user_id,
        )  # fmt: skip
        house.db.admin.execute(
            "insert into public.messages"
            " (workspace_id, conversation_id, role, content, answered, reply_to, created_by)"
            " values (%s, %s, 'assistant', %s, true, %s, %s)",
            (workspace_id, conversation, answer, question_id, actor.user_id),
        )
    return conversation


def pages(house: House, actor: Actor, function: str, first: Any, size: int, *cursor: str) -> list[list[Row]]:
    """Page after page, each asked for with the last row's columns ``cursor``, until one is empty."""
    found: list[list[Row]] = []
    after: list[Any] = [None] * len(cursor)
    while rows := house.call_rows(actor, function, *first, size, *after):
        found.append(rows)
        after = [rows[-1][column] for column in cursor]
        assert len(found) < 50, "pages never end"
    return found


@pytest.fixture
def ws(cast: Cast) -> UUID:
    return cast.workspace_id


def test_conversations_come_in_pages(house: House, cast: Cast, ws: UUID) -> None:
    """Seven, four of them of the very same moment."""
    for number in range(7):
        at = (
            "'2026-01-01'"
            if number < 4
            else f"timestamptz '2026-02-01' + {number} * interval '1 microsecond'"
        )
        talk(house, cast.sales, ws, (f"Question {number}", f"Answer {number}"), at=at)
    found = pages(house, cast.sales, "list_conversations", (ws,), 2, "updated_at", "id")
    assert [len(page) for page in found] == [2, 2, 2, 1]
    rows = [row for page in found for row in page]
    assert [row["title"] for row in rows[:3]] == ["Question 6", "Question 5", "Question 4"]
    assert len({row["id"] for row in rows}) == 7
    assert rows[0]["last_message"] == "Answer 6"
    # A new one does not disturb the pages behind it.
    (first, *_) = found
    talk(house, cast.sales, ws, ("New", "New"))
    second = house.call_rows(
        cast.sales, "list_conversations", ws, 2, first[-1]["updated_at"], first[-1]["id"]
    )
    assert second == found[1]


def test_conversations_are_those_one_may_read(house: House, cast: Cast, ws: UUID) -> None:
    talk(house, cast.sales, ws, ("Mine", "Yes"))
    counts = {
        name: len(house.call_rows(getattr(cast, name), "list_conversations", ws))
        for name in ("sales", "support", "owner", "editor", "viewer", "stranger")
    }
    assert counts == {"sales": 1, "support": 1, "owner": 1, "editor": 0, "viewer": 0, "stranger": 0}
    with denied(), house.db.as_anon() as cursor:
        cursor.execute("select * from public.list_conversations(%s)", (ws,))


def test_messages_come_in_pages(house: House, cast: Cast, ws: UUID) -> None:
    conversation = talk(house, cast.sales, ws, *((f"Q{number}", f"A{number}") for number in range(5)))
    talk(house, cast.sales, ws, ("Other", "Other"))
    found = pages(house, cast.sales, "list_messages", (conversation,), 3, "seq")
    assert [len(page) for page in found] == [3, 3, 3, 1]
    texts = [row["content"] for page in found for row in page]
    assert texts == ["A4", "Q4", "A3", "Q3", "A2", "Q2", "A1", "Q1", "A0", "Q0"]
    assert house.call_rows(cast.editor, "list_messages", conversation) == []
    assert len(house.call_rows(cast.support, "list_messages", conversation)) == 10


def test_questions_of_all_conversations_with_their_answers(house: House, cast: Cast, ws: UUID) -> None:
    for number in range(3):
        talk(house, cast.sales, ws, (f"Q{number}a", f"A{number}a"), (f"Q{number}b", f"A{number}b"))
    talk(house, cast.support, ws, ("Theirs", "Theirs"))
    found = pages(house, cast.sales, "list_questions", (ws,), 4, "seq")
    assert [len(page) for page in found] == [4, 2]
    pairs = [(row["question"], row["answer"]) for page in found for row in page]
    assert pairs == [(f"Q{n}{x}", f"A{n}{x}") for n in (2, 1, 0) for x in ("b", "a")]
    (own,) = house.call_rows(cast.support, "list_questions", ws)  # though support may read all conversations
    assert own["question"] == "Theirs"


def search(house: House, actor: Actor, ws: UUID, query: str, *more: Any) -> list[Row]:
    return house.call_rows(actor, "search_history", ws, query, *more)


def test_search_finds_questions_answers_and_notes(house: House, cast: Cast, ws: UUID) -> None:
    conversation = talk(
        house, cast.sales, ws, ("When was the lighthouse lit?", "The Lighthouse was lit in 1871.")
    )
    talk(house, cast.sales, ws, ("And the harbour?", "Dredged in 1902."))
    with house.db.as_user(cast.sales) as cursor:
        cursor.execute(
            "insert into public.notes (workspace_id, title, content)"
            " values (%s, 'To do', 'Visit the lighthouse')",
            (ws,),
        )
    rows = search(house, cast.sales, ws, "lighthouse")
    assert sorted(row["kind"] for row in rows) == ["assistant", "note", "user"]
    assert all("«" in row["excerpt"] for row in rows)
    assert {row["conversation_id"] for row in rows if row["kind"] != "note"} == {conversation}
    assert [row["excerpt"] for row in search(house, cast.sales, ws, "lighthouse 1871")] == [
        "The «Lighthouse» was lit in «1871»."
    ]
    assert len(search(house, cast.sales, ws, '"harbour" or dredged')) == 2
    assert [row["kind"] for row in search(house, cast.sales, ws, "lighthouse -lit")] == ["note"]
    assert search(house, cast.sales, ws, "submarine") == []


def test_search_comes_in_pages(house: House, cast: Cast, ws: UUID) -> None:
    for number in range(5):
        talk(house, cast.sales, ws, (f"Lighthouse {number}?", f"Lighthouse {number}."))
    found: list[Row] = []
    after: list[Any] = []
    while page := search(house, cast.sales, ws, "lighthouse", 3, *after):
        found += page
        after = [page[-1]["created_at"], page[-1]["id"]]
    assert len(found) == len({row["id"] for row in found}) == 10
    assert [row["created_at"] for row in found] == sorted((row["created_at"] for row in found), reverse=True)


def test_search_is_in_ones_own_history_only(house: House, cast: Cast, ws: UUID) -> None:
    talk(house, cast.sales, ws, ("Lighthouse?", "Lighthouse."))
    with house.db.as_user(cast.sales) as cursor:
        cursor.execute("insert into public.notes (workspace_id, content) values (%s, 'lighthouse')", (ws,))
    own = house.call(cast.sales, "create_workspace", "Own")["id"]
    talk(house, cast.sales, own, ("Lighthouse elsewhere?", "Yes."))
    assert len(search(house, cast.sales, ws, "lighthouse")) == 3
    for actor in (cast.owner, cast.support, cast.viewer):
        assert search(house, actor, ws, "lighthouse") == []
    with refused(404, "workspace.not_found"):
        search(house, cast.stranger, ws, "lighthouse")
    for query in ("", " ", "x" * 2001):
        with refused(400, "search.bad_query"):
            search(house, cast.sales, ws, query)


def scans(house: House, index: str) -> int:
    """How often the server has read this index, as far as sessions have reported."""
    found: int = house.db.value("select idx_scan from pg_stat_user_indexes where indexrelname = %s", index)
    return found


@pytest.mark.parametrize(
    ("function", "arguments", "index"),
    [
        ("search_history", ("word77",), "messages_words_idx"),
        ("search_history", ("word77",), "notes_words_idx"),
        ("list_questions", (20, 10000), "messages_own_questions_idx"),
    ],
)
async def test_each_finds_its_rows_by_index(
    house: House, cast: Cast, ws: UUID, function: str, arguments: tuple[Any, ...], index: str
) -> None:
    """The functions themselves, over enough rows to make an index worth it."""
    conversation = talk(house, cast.owner, ws, ("Lighthouse?", "Lighthouse."))
    house.db.admin.execute(
        "insert into public.messages (workspace_id, conversation_id, role, content, created_by)"
        " select %s, %s, 'user', 'word' || n, %s from generate_series(1, 20000) as n",
        (ws, conversation, cast.owner.user_id),
    )
    house.db.admin.execute(
        "insert into public.notes (workspace_id, content, created_by)"
        " select %s, 'word' || n, %s from generate_series(1, 20000) as n",
        (ws, cast.owner.user_id),
    )
    house.db.admin.execute("vacuum analyze public.messages, public.notes")
    before = scans(house, index)
    assert house.call_rows(cast.owner, function, ws, *arguments) != []
    await until(lambda: scans(house, index) > before)


def test_the_plan_of_a_search_names_its_index(house: House, cast: Cast, ws: UUID) -> None:
    conversation = talk(house, cast.owner, ws, ("Lighthouse?", "Lighthouse."))
    house.db.admin.execute(
        "insert into public.messages (workspace_id, conversation_id, role, content, created_by)"
        " select %s, %s, 'user', 'word' || n, %s from generate_series(1, 20000) as n",
        (ws, conversation, cast.owner.user_id),
    )
    house.db.admin.execute("vacuum analyze public.messages")
    lines = house.db.rows(
        "explain select id from public.messages where workspace_id = %s and created_by = %s and"
        " to_tsvector('pg_catalog.simple'::regconfig, content) @@ websearch_to_tsquery('simple', 'word77')",
        ws,
        cast.owner.user_id,
    )
    plan = "\n".join(line for (line,) in lines)
    assert "messages_words_idx" in plan, plan
    assert "Seq Scan" not in plan


def test_notes_are_ones_own(house: House, cast: Cast, ws: UUID) -> None:
    with house.db.as_user(cast.viewer) as cursor:
        cursor.execute("insert into public.notes (workspace_id, content) values (%s, 'Mine')", (ws,))
    for actor in (cast.owner, cast.support):
        with house.db.as_user(actor) as cursor:
            assert cursor.execute("select id from public.notes").fetchall() == []
            cursor.execute("update public.notes set content = 'Taken'")
            assert cursor.rowcount == 0
    with denied(), house.db.as_user(cast.stranger) as cursor:
        cursor.execute("insert into public.notes (workspace_id, content) values (%s, 'Mine')", (ws,))
    house.call(cast.owner, "remove_member", ws, cast.viewer.user_id)
    with house.db.as_user(cast.viewer) as cursor:
        assert cursor.execute("select id from public.notes").fetchall() == []
