"""Who may do what with tickets: support and those above write, sales reads, nobody else knows of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.service.helpdesk import Helpdesk, Row
from tests.support.actors import Actor

Wish = Callable[[Helpdesk, Actor, Row], object]

WISHES: dict[str, Wish] = {
    "update": lambda desk, actor, row: desk.call(actor, "update_ticket", ticket_id=row["id"], subject="X"),
    "assign": lambda desk, actor, row: desk.call(
        actor, "assign_ticket", ticket_id=row["id"], assignee_id=None
    ),
    "move": lambda desk, actor, row: desk.move(row, "open", actor),
    "write": lambda desk, actor, row: desk.call(
        actor, "add_ticket_message", ticket_id=row["id"], kind="note", body="X"
    ),
}


@pytest.mark.parametrize("wish", WISHES)
def test_writing(desk: Helpdesk, wish: str) -> None:
    ticket, do, cast = desk.ticket(), WISHES[wish], desk.cast
    with refused(403, "workspace.forbidden"):
        do(desk, cast.sales, ticket)
    for actor in (cast.editor, cast.marketing, cast.viewer, cast.stranger):
        with refused(404, "ticket.not_found"):
            do(desk, actor, ticket)
    for actor in (cast.support, cast.admin, cast.owner):
        do(desk, actor, ticket)


def test_opening(desk: Helpdesk) -> None:
    for actor in (desk.cast.sales, desk.cast.editor, desk.cast.marketing, desk.cast.viewer):
        with refused(403, "workspace.forbidden"):
            desk.ticket(actor)
    with refused(404, "workspace.not_found"):
        desk.ticket(desk.cast.stranger)
    assert [desk.ticket(actor)["number"] for actor in (desk.cast.owner, desk.cast.admin)] == [1, 2]


def test_reading(desk: Helpdesk) -> None:
    desk.say(desk.ticket(), "customer", "It broke.")
    may = {"owner", "admin", "sales", "support"}
    for actor in (*desk.cast.members(), desk.cast.stranger):
        with desk.db.as_user(actor) as cursor:
            for table in ("tickets", "ticket_messages", "ticket_events"):
                rows = cursor.execute(f"select id from public.{table}".encode()).fetchall()
                assert bool(rows) == (actor.name in may), (actor.name, table)


def test_nobody_writes_the_tables(desk: Helpdesk) -> None:
    ticket = desk.ticket()
    for statement in (
        "update public.tickets set number = 7",
        "delete from public.tickets",
        "insert into public.ticket_messages (workspace_id, ticket_id, kind, body, author_id)"
        f" select workspace_id, id, 'note', 'x', '{desk.cast.owner.user_id}' from public.tickets",
        "update public.ticket_events set kind = 'mood'",
    ):
        with denied(), desk.db.as_user(desk.cast.owner) as cursor:
            cursor.execute(statement.encode())
    assert desk.now(ticket)["number"] == 1


def test_promises_are_made_by_managers(desk: Helpdesk) -> None:
    insert = "insert into public.sla_policies (workspace_id, priority, resolution_minutes) values (%s, %s, 5)"
    with denied(), desk.db.as_user(desk.cast.support) as cursor:
        cursor.execute(insert, (desk.cast.workspace_id, "low"))
    with desk.db.as_user(desk.cast.admin) as cursor:
        cursor.execute(insert, (desk.cast.workspace_id, "low"))
    with desk.db.as_user(desk.cast.sales) as cursor:
        assert len(cursor.execute("select priority from public.sla_policies").fetchall()) == 1


def test_changes_are_heard_without_words(desk: Helpdesk) -> None:
    ticket = desk.ticket(subject="My secret")
    desk.say(ticket, "note", "My secret")
    heard = desk.db.rows(
        "select payload ->> 'kind', payload::text from realtime.messages where event = 'ticket'"
        " and topic = %s and private order by inserted_at",
        f"workspace:{desk.cast.workspace_id}",
    )
    assert [kind for kind, _ in heard] == ["opened", "note"]
    assert not any("secret" in text for _, text in heard)


def test_what_is_done_is_activity_of_those_who_read_tickets(desk: Helpdesk) -> None:
    desk.move(desk.ticket(), "solved")
    query = b"select verb, detail ->> 'title' from public.activity where subject_kind = 'ticket' order by id"
    with desk.db.as_user(desk.cast.sales) as cursor:
        assert cursor.execute(query).fetchall() == [("created", "Late parcel"), ("solved", "Late parcel")]
    with desk.db.as_user(desk.cast.editor) as cursor:
        assert cursor.execute(query).fetchall() == []


def test_promises_have_a_form(desk: Helpdesk) -> None:
    """In words, and only for those who may promise: others are refused by the policy."""
    for wish, code in (
        ({"priority": "soon"}, "ticket.bad_priority"),
        ({"first": 0}, "sla.bad_minutes"),
        ({"resolution": 525601}, "sla.bad_minutes"),
    ):
        with refused(400, code):
            desk.promise(**wish)  # type: ignore[arg-type]
    desk.promise(first=None)
    with refused(400, "sla.bad_minutes"), desk.db.as_user(desk.cast.owner) as cursor:
        cursor.execute("update public.sla_policies set resolution_minutes = -1")
