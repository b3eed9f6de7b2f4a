"""Whose a ticket is can be said later; all that was with a contact is one timeline, page by page."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.identity.calls import refused
from tests.integration.service.helpdesk import Helpdesk, Row, at_once


def contact(desk: Helpdesk, name: str = "Marie", workspace_id: UUID | None = None) -> UUID:
    query = "insert into public.contacts (workspace_id, name) values (%s, %s) returning id"
    made: UUID = desk.db.value(query, workspace_id or desk.cast.workspace_id, name)
    return made


def link(desk: Helpdesk, ticket: Row, actor: Any = None, **named: UUID) -> Row:
    return desk.call(actor or desk.cast.support, "link_ticket", ticket_id=ticket["id"], **named)


def person_of(desk: Helpdesk, conversation: UUID) -> UUID:
    found: UUID = desk.db.value("select contact_id from public.conversations where id = %s", conversation)
    return found


def test_a_call_is_somebodys_later(desk: Helpdesk) -> None:
    ticket, marie, paul = desk.ticket(), contact(desk), contact(desk, "Paul")
    assert link(desk, ticket, contact_id=marie)["contact_id"] == marie
    assert link(desk, ticket, contact_id=paul)["contact_id"] == paul
    assert link(desk, ticket, contact_id=paul)["contact_id"] == paul
    assert desk.events(ticket, "contact") == [(None, str(marie)), (str(marie), str(paul))]


def test_replies_go_out_where_it_is_linked(desk: Helpdesk) -> None:
    ticket = desk.ticket()
    desk.say(ticket, "reply", "Said on the phone.")
    conversation = desk.write(desk.channel(), "Where is my parcel?")
    linked = link(desk, ticket, conversation_id=conversation)
    assert (linked["conversation_id"], linked["contact_id"]) == (conversation, person_of(desk, conversation))
    assert desk.events(ticket, "conversation") == [(None, str(conversation))]
    reply = desk.say(ticket, "reply", "It is on its way.")
    sent = "select count(*) from public.message_deliveries where message_id = %s"
    assert desk.db.value(sent, reply["message_id"]) == 1
    again = desk.call(desk.cast.support, "open_ticket_from_conversation", conversation_id=conversation)
    assert again["id"] == ticket["id"]
    assert link(desk, ticket, conversation_id=conversation)["id"] == ticket["id"]
    assert "Where is my parcel?" in [row["body"] for row in desk.timeline(ticket)]


def test_what_cannot_be_linked(desk: Helpdesk) -> None:
    channel, ticket, cast = desk.channel(), desk.ticket(), desk.cast
    mine = desk.write(channel, "Hello")
    other = desk.write(channel, "Hello", subscriber="78")
    foreign = desk.db.value("select id from public.workspaces where created_by = %s", cast.stranger.user_id)
    with refused(400, "ticket.bad_link"):
        link(desk, ticket)
    with refused(400, "ticket.bad_link"):
        link(desk, ticket, conversation_id=mine, contact_id=person_of(desk, other))
    for unknown in (uuid4(), contact(desk, "Eve", foreign)):
        with refused(400, "ticket.bad_contact"):
            link(desk, ticket, contact_id=unknown)
    with refused(404, "conversation.not_found"):
        link(desk, ticket, conversation_id=uuid4())
    link(desk, ticket, conversation_id=mine)
    with refused(409, "ticket.linked"):
        link(desk, ticket, conversation_id=other)
    with refused(409, "ticket.linked"):
        link(desk, ticket, contact_id=person_of(desk, other))
    with refused(409, "ticket.conversation_taken"):
        link(desk, desk.ticket(), conversation_id=mine)
    with refused(403, "workspace.forbidden"):
        link(desk, ticket, cast.sales, contact_id=person_of(desk, mine))
    for outside in (cast.stranger, cast.editor):
        with refused(404, "ticket.not_found"):
            link(desk, ticket, outside, conversation_id=mine)


def test_linked_while_the_customer_writes(desk: Helpdesk) -> None:
    """Two tickets want the conversation while its customer writes: one gets it, nobody waits for ever."""
    channel = desk.channel()
    conversation = desk.write(channel, "Where is my parcel?")
    tickets = [desk.ticket() for _ in range(2)]
    calls = [
        part
        for number in range(6)
        for part in (
            partial(desk.write, channel, f"In {number}"),
            *(partial(link, desk, ticket, conversation_id=conversation) for ticket in tickets),
        )
    ]
    raised = at_once(*calls)
    assert {error.diag.message_detail for error in raised} == {"ticket.conversation_taken"}
    assert len(raised) == 6
    assert desk.db.value("select count(*) from public.tickets where conversation_id is not null") == 1


@pytest.fixture
def marie(desk: Helpdesk) -> UUID:
    """A contact who wrote, has a ticket and a deal, and got a mail."""
    conversation = desk.write(desk.channel(), "Where is my parcel?", name="Marie")
    person = person_of(desk, conversation)
    ticket = desk.call(desk.cast.support, "open_ticket_from_conversation", conversation_id=conversation)
    for kind in ("note", "reply", "customer"):
        desk.say(ticket, kind, f"A {kind}.")
    desk.move(ticket, "solved")
    workspace = desk.cast.workspace_id
    desk.call(desk.cast.sales, "create_pipeline", workspace_id=workspace, name="Nets")
    deal = desk.call(desk.cast.sales, "create_deal", workspace_id=workspace, title="Nets", contact_id=person)
    won = desk.db.value("select id from public.stages where kind = 'won'")
    desk.call(desk.cast.sales, "move_deal", deal_id=deal["id"], stage_id=won)
    desk.db.admin.execute(
        "with made as (insert into public.campaigns (workspace_id, name, subject)"
        " values (%(workspace)s, 'Spring', 'Spring is here') returning id)"
        " insert into public.campaign_recipients"
        " (campaign_id, workspace_id, contact_id, email, batch, status, sent_at)"
        " select made.id, %(workspace)s, %(person)s, 'm@example.com', 1, 'delivered', now() from made",
        {"workspace": workspace, "person": person},
    )
    return person


def past(desk: Helpdesk, person: UUID, actor: Any = None, **named: Any) -> list[Row]:
    return desk.calls(actor or desk.cast.owner, "contact_timeline", contact_id=person, **named)


def test_the_whole_past_of_a_contact(desk: Helpdesk, marie: UUID) -> None:
    desk.ticket(contact_id=contact(desk, "Paul"))
    desk.write(desk.channel(), "Not Marie", subscriber="78")
    rows = past(desk, marie)
    said = [(row["source"], row["kind"], row["body"]) for row in reversed(rows)]
    assert [entry for entry in said if entry[0] != "conversation"] == [
        ("ticket", "opened", "Where is my parcel?"),
        ("ticket_message", "note", "A note."),
        ("ticket_message", "reply", "A reply."),
        ("ticket", "status", "Where is my parcel?"),
        ("ticket_message", "customer", "A customer."),
        ("ticket", "status", "Where is my parcel?"),
        ("deal", "stage", "Nets"),
        ("deal", "stage", "Nets"),
        ("campaign", "delivered", "Spring is here"),
    ]
    assert ("conversation", "user", "Where is my parcel?") in said
    assert "A reply." not in [body for source, _, body in said if source == "conversation"]
    stages = [row["detail"]["stage"] for row in reversed(rows) if row["source"] == "deal"]
    assert stages == ["New", "Won"]


@pytest.mark.parametrize("size", [1, 3, 7])
def test_pages_are_the_whole(desk: Helpdesk, marie: UUID, size: int) -> None:
    """Even where several things happened in the same moment."""
    moment = "'2026-01-01 00:00+00'"
    for change in (
        f"update public.ticket_events set created_at = {moment}",
        f"update public.deal_stage_stays set left_at = null, entered_at = {moment}",
        f"update public.messages set created_at = {moment}",
        f"update public.campaign_recipients set sent_at = {moment}",
    ):
        desk.db.admin.execute(change.encode())
    whole, pages, cursor = past(desk, marie), [], {}
    while page := past(desk, marie, limit=size, **cursor):
        assert len(page) <= size
        pages += page
        cursor = {"before": page[-1]["at"], "before_id": page[-1]["id"]}
    assert len(whole) > 9
    assert [row["id"] for row in pages] == [row["id"] for row in whole]


def test_everybody_sees_what_is_theirs(desk: Helpdesk, marie: UUID) -> None:
    tickets, words, sales, mail = {"ticket", "ticket_message"}, {"conversation"}, {"deal"}, {"campaign"}
    seen = {
        actor.name: {row["source"] for row in past(desk, marie, actor)}
        for actor in (desk.cast.owner, desk.cast.support, desk.cast.sales, desk.cast.marketing)
    }
    assert seen == {
        "owner": tickets | words | sales | mail,
        "support": tickets | words | sales | mail,
        "sales": tickets | sales | mail,
        "marketing": sales | mail,
    }
    for actor in (desk.cast.editor, desk.cast.viewer, desk.cast.stranger):
        with refused(404, "contact.not_found"):
            past(desk, marie, actor)
