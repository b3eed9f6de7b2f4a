"""A conversation is its asker's; who may read all reads it, and nobody else reads or hears a word."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.identity.calls import denied
from tests.integration.knowledge.asking import ask
from tests.integration.knowledge.house import House
from tests.support.actors import Actor, Cast

READERS = ("sales", "owner", "admin", "support")
OTHERS = ("editor", "marketing", "viewer", "stranger")


@pytest.fixture
async def asked(house: House, cast: Cast) -> dict[str, Any]:
    """Asked by sales, answered."""
    house.write(cast.editor, cast.workspace_id, "The lighthouse of Morvan was lit in 1871.")
    found = ask(house, cast.sales, cast.workspace_id, "When was the lighthouse lit?")
    await house.work_off()
    return found


def read(house: House, actor: Actor) -> tuple[int, int]:
    """How many conversations and messages they see."""
    with house.db.as_user(actor) as cursor:
        row = cursor.execute(
            "select (select count(*) from public.conversations), (select count(*) from public.messages)"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def hears(house: House, actor: Actor, topic: str) -> bool:
    """Whether the realtime server would let them join, as it asks: by reading a message of the topic."""
    with house.db.as_user(actor) as cursor:
        cursor.execute("select set_config('realtime.topic', %s, true)", (topic,))
        row = cursor.execute(
            "select exists (select from realtime.messages where topic = %s and extension = 'broadcast')",
            (topic,),
        ).fetchone()
    assert row is not None
    return bool(row[0])


async def test_who_reads_and_hears(house: House, cast: Cast, asked: dict[str, Any]) -> None:
    for name in READERS:
        assert read(house, getattr(cast, name)) == (1, 2), name
        assert hears(house, getattr(cast, name), asked["topic"]), name
    for name in OTHERS:
        assert read(house, getattr(cast, name)) == (0, 0), name
        assert not hears(house, getattr(cast, name), asked["topic"]), name
    with denied(), house.db.as_anon() as cursor:
        cursor.execute("select id from public.messages")


async def test_who_reads_all_changes_nothing(house: House, cast: Cast, asked: dict[str, Any]) -> None:
    for name in ("owner", "admin", "support", "editor"):
        with house.db.as_user(getattr(cast, name)) as cursor:
            cursor.execute("update public.conversations set title = 'Mine'")
            assert cursor.rowcount == 0
            cursor.execute("delete from public.conversations")
            assert cursor.rowcount == 0
    for statement in (
        "update public.messages set content = 'forged'",
        "delete from public.messages",
        "insert into public.messages (workspace_id, conversation_id, role, created_by)"
        " select workspace_id, id, 'assistant', created_by from public.conversations",
        "update public.conversations set created_by = gen_random_uuid()",
    ):
        for name in ("sales", "owner"):
            with denied(), house.db.as_user(getattr(cast, name)) as cursor:
                cursor.execute(statement.encode())


async def test_the_asker_renames_and_erases(house: House, cast: Cast, asked: dict[str, Any]) -> None:
    with house.db.as_user(cast.sales) as cursor:
        cursor.execute("update public.conversations set title = 'Lights'")
        assert cursor.rowcount == 1
        cursor.execute("delete from public.conversations")
        assert cursor.rowcount == 1
    assert house.db.rows("select id from public.messages") == []


async def test_a_former_member_loses_their_conversations(
    house: House, cast: Cast, asked: dict[str, Any]
) -> None:
    house.call(cast.owner, "remove_member", cast.workspace_id, cast.sales.user_id)
    assert read(house, cast.sales) == (0, 0)
    assert not hears(house, cast.sales, asked["topic"])
    assert read(house, cast.owner) == (1, 2)


def test_nobody_opens_a_conversation_for_another(house: House, cast: Cast) -> None:
    with denied(), house.db.as_user(cast.editor) as cursor:
        cursor.execute(
            "insert into public.conversations (workspace_id, created_by) values (%s, %s)",
            (cast.workspace_id, cast.owner.user_id),
        )
    for actor in (cast.viewer, cast.stranger):
        with denied(), house.db.as_user(actor) as cursor:
            cursor.execute(
                "insert into public.conversations (workspace_id) values (%s)", (cast.workspace_id,)
            )
    assert house.db.rows("select id from public.conversations") == []
