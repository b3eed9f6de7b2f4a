"""The state machine: what is listed is allowed, nothing else; reopening has a window; all is history."""

from __future__ import annotations

import itertools
from functools import partial

import pytest

from tests.integration.identity.calls import refused
from tests.integration.service.helpdesk import Helpdesk, at_once

STATES = ("new", "open", "pending", "on_hold", "solved", "closed")
FORTNIGHT = 14 * 24 * 60


def test_what_is_not_listed_is_refused(desk: Helpdesk) -> None:
    """All thirty-six pairs, each on a ticket that is put into the state before."""
    allowed = set(desk.db.rows("select from_status, to_status from public.ticket_transitions"))
    assert len(allowed) == 16
    ticket = desk.ticket()
    for before, after in itertools.product(STATES, STATES):
        desk.db.admin.execute("update public.tickets set status = %s, status_at = now()", (before,))
        if before == after or (before, after) in allowed:
            assert desk.move(ticket, after)["status"] == after
        else:
            with refused(409, "ticket.bad_transition"):
                desk.move(ticket, after)
    assert set(desk.events(ticket, "status")) == allowed


def test_there_are_no_other_states(desk: Helpdesk) -> None:
    ticket = desk.ticket()
    for status in ("done", None):
        with refused(400, "ticket.bad_status"):
            desk.move(ticket, status)  # type: ignore[arg-type]


def test_a_closed_ticket_opens_again_within_a_fortnight(desk: Helpdesk) -> None:
    ticket = desk.ticket()
    for status in ("solved", "closed"):
        desk.move(ticket, status)
    desk.pass_time(ticket, FORTNIGHT - 1)
    opened = desk.move(ticket, "open")
    assert (opened["reopened"], opened["solved_at"], opened["stopped_at"]) == (1, None, None)
    for status in ("solved", "closed"):
        desk.move(ticket, status)
    desk.pass_time(ticket, FORTNIGHT + 1)
    with refused(409, "ticket.too_late"):
        desk.move(ticket, "open")


def test_of_two_who_move_it_at_once_one_comes_second(desk: Helpdesk) -> None:
    """Each is judged by what the one before has left, and history is a chain without a break."""
    ticket = desk.ticket()
    desk.move(ticket, "pending")
    refusals = at_once(*(partial(desk.move, ticket, status) for status in ("on_hold", "solved", "open") * 3))
    assert {error.diag.message_detail for error in refusals} <= {"ticket.bad_transition"}
    moves = desk.events(ticket, "status")[1:]
    assert all(before[1] == after[0] for before, after in itertools.pairwise([("", "pending"), *moves]))
    assert desk.now(ticket)["status"] == moves[-1][1]


def test_changes_are_history(desk: Helpdesk) -> None:
    ticket = desk.ticket()
    changed = desk.call(
        desk.cast.support, "update_ticket", ticket_id=ticket["id"], subject="Lost parcel", priority="urgent"
    )
    assert (changed["subject"], changed["priority"]) == ("Lost parcel", "urgent")
    assert desk.events(ticket, "priority") == [("normal", "urgent")]
    assert desk.events(ticket, "subject") == [("Late parcel", "Lost parcel")]
    assert desk.events(ticket, "opened") == [(None, "new")]


def test_it_is_given_to_those_who_answer_tickets(desk: Helpdesk) -> None:
    ticket, cast = desk.ticket(), desk.cast
    given = desk.call(cast.support, "assign_ticket", ticket_id=ticket["id"], assignee_id=cast.admin.user_id)
    assert given["assignee_id"] == cast.admin.user_id
    assert desk.told("ticket_assigned") == [cast.admin.user_id]
    desk.call(cast.admin, "assign_ticket", ticket_id=ticket["id"], assignee_id=cast.admin.user_id)
    desk.call(cast.support, "assign_ticket", ticket_id=ticket["id"], assignee_id=cast.support.user_id)
    assert desk.told("ticket_assigned") == [cast.admin.user_id]  # nobody is told what they did themselves
    for nobody in (cast.sales, cast.stranger):
        with refused(400, "ticket.bad_assignee"):
            desk.call(cast.support, "assign_ticket", ticket_id=ticket["id"], assignee_id=nobody.user_id)
    desk.call(cast.owner, "remove_member", workspace_id=cast.workspace_id, user_id=cast.support.user_id)
    assert desk.now(ticket)["assignee_id"] is None


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"subject": " "}, "bad_subject"),
        ({"subject": "x" * 201}, "bad_subject"),
        ({"priority": "huge"}, "bad_priority"),
        ({"priority": None}, "bad_priority"),
        ({"contact_id": "00000000-0000-0000-0000-000000000001"}, "bad_contact"),
        ({"body": " "}, "bad_body"),
        ({"idempotency_key": ""}, "bad_idempotency_key"),
    ],
)
def test_bad_wishes(desk: Helpdesk, wish: dict[str, str | None], code: str) -> None:
    with refused(400, f"ticket.{code}"):
        desk.ticket(**wish)  # type: ignore[arg-type]
    assert desk.db.value("select count(*) from public.tickets") == 0
    assert desk.ticket()["number"] == 1


def test_a_key_is_for_one_ticket(desk: Helpdesk) -> None:
    contact = desk.db.value(
        "insert into public.contacts (workspace_id, name) values (%s, 'Marie') returning id",
        desk.cast.workspace_id,
    )
    first = desk.ticket(idempotency_key="k")
    assert desk.ticket(idempotency_key="k")["id"] == first["id"]
    with refused(409, "ticket.idempotency_conflict"):
        desk.ticket(idempotency_key="k", contact_id=contact)


def test_taken_and_given_again_is_told_once(desk: Helpdesk) -> None:
    ticket, given = desk.ticket(), desk.cast.admin.user_id
    for to in (given, None) * 5:
        desk.call(desk.cast.support, "assign_ticket", ticket_id=ticket["id"], assignee_id=to)
    assert desk.told("ticket_assigned") == [given]


def test_mails_about_tickets_have_a_limit(desk: Helpdesk) -> None:
    rows = desk.all("select kind, emails_per_hour from app.notification_kinds where kind ~ '^ticket'")
    assert len(rows) >= 4
    assert [row["kind"] for row in rows if row["emails_per_hour"] is None] == []
