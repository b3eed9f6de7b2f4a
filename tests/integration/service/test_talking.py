"""Tickets of conversations: opened once, answered once, woken by the customer, all in one timeline."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from tests.integration.identity.calls import refused
from tests.integration.service.helpdesk import Helpdesk, Row, at_once


def opened(desk: Helpdesk, conversation: UUID, **named: str) -> Row:
    return desk.call(
        desk.cast.support, "open_ticket_from_conversation", conversation_id=conversation, **named
    )


def test_a_conversation_becomes_one_ticket(desk: Helpdesk) -> None:
    conversation = desk.write(desk.channel(), "Where is  my\nparcel?", name="Marie")
    assert at_once(*[partial(opened, desk, conversation)] * 8) == []
    (ticket,) = desk.all("select * from public.tickets")
    assert (ticket["number"], ticket["subject"], ticket["status"]) == (1, "Where is my parcel?", "new")
    assert ticket["contact_id"] == desk.db.value("select id from public.contacts")
    for status in ("solved", "closed"):
        desk.move(ticket, status)
    again = opened(desk, conversation, subject="Again", priority="high")
    assert (again["number"], again["subject"], again["priority"]) == (2, "Again", "high")
    with refused(409, "ticket.conversation_taken"):
        desk.move(ticket, "open")


def test_only_conversations_of_contacts(desk: Helpdesk) -> None:
    own = desk.db.value(
        "insert into public.conversations (workspace_id, created_by) values (%s, %s) returning id",
        desk.cast.workspace_id,
        desk.cast.support.user_id,
    )
    with refused(404, "conversation.not_found"):
        opened(desk, own)
    theirs = desk.write(desk.channel(), "Hello")
    for outside in (desk.cast.stranger, desk.cast.sales):
        with refused(404, "conversation.not_found"):
            desk.call(outside, "open_ticket_from_conversation", conversation_id=theirs)


async def test_a_reply_goes_out_once(desk: Helpdesk) -> None:
    ticket = opened(desk, desk.write(desk.channel(), "Where is my parcel?"))
    said = [desk.say(ticket, "reply", "On its way.", status="pending", idempotency_key="k") for _ in range(2)]
    assert said[0]["id"] == said[1]["id"]
    with refused(409, "ticket.idempotency_conflict"):
        desk.say(ticket, "reply", "Something else.", idempotency_key="k")
    await desk.work_off()
    texts = [str(sent["data"]) for sent in desk.chat.sent if "On its way." in str(sent["data"])]
    assert len(texts) == 1
    row = desk.now(ticket)
    assert (row["status"], row["first_responded_at"] is not None) == ("pending", True)
    assert desk.events(ticket, "status") == [("new", "open"), ("open", "pending")]
    shown = [entry for entry in desk.timeline(ticket) if entry["body"] == "On its way."]
    assert [(entry["source"], entry["kind"]) for entry in shown] == [("ticket", "reply")]
    assert shown[0]["detail"]["delivery"]["status"] == "sent"


def test_a_note_goes_nowhere(desk: Helpdesk) -> None:
    ticket = opened(desk, desk.write(desk.channel(), "Where is my parcel?"))
    sent = "select count(*) from public.message_deliveries"
    before = desk.db.value(sent)
    assert desk.say(ticket, "note", "He is angry.")["message_id"] is None
    assert desk.db.value(sent) == before
    assert desk.now(ticket)["status"] == "new"


def test_both_sides_at_once(desk: Helpdesk) -> None:
    """Members answer and move while the customer writes: nobody waits for ever, and nothing is lost."""
    channel = desk.channel()
    ticket = opened(desk, desk.write(channel, "Where is my parcel?"))
    sides = [
        part
        for number in range(10)
        for part in (
            partial(desk.write, channel, f"In {number}"),
            partial(desk.say, ticket, "reply", f"Out {number}", status="pending"),
            partial(desk.ticket, subject=f"Other {number}"),
        )
    ]
    assert at_once(*sides) == []
    bodies = [row["body"] for row in desk.timeline(ticket, limit=200)]
    assert {f"{side} {number}" for side in ("In", "Out") for number in range(10)} <= set(bodies)
    assert desk.db.value("select array_agg(number order by number) from public.tickets") == list(range(1, 12))
    assert desk.db.value("select count(*) from public.message_deliveries") == 10


@pytest.mark.parametrize("waiting", ["pending", "solved"])
def test_the_customer_wakes_it(desk: Helpdesk, waiting: str) -> None:
    channel = desk.channel()
    ticket = opened(desk, desk.write(channel, "Where is my parcel?"))
    desk.move(ticket, waiting)
    desk.write(channel, "Still nothing!")
    assert desk.now(ticket)["status"] == "open"
    assert desk.now(ticket)["reopened"] == (1 if waiting == "solved" else 0)
    (event,) = desk.all("select * from public.ticket_events where to_value = 'open'")
    assert event["actor_id"] is None


def test_a_closed_one_sleeps_on(desk: Helpdesk) -> None:
    channel = desk.channel()
    ticket = opened(desk, desk.write(channel, "Where is my parcel?"))
    for status in ("solved", "closed"):
        desk.move(ticket, status)
    desk.write(channel, "Hello again")
    assert desk.now(ticket)["status"] == "closed"
    for kind in ("reply", "customer"):
        with refused(409, "ticket.closed"):
            desk.say(ticket, kind, "Hello?")
    assert desk.say(ticket, "note", "They wrote again.")["kind"] == "note"


def test_what_was_heard_elsewhere_wakes_it_too(desk: Helpdesk) -> None:
    ticket = desk.ticket(body="They called: the parcel is late.")
    desk.move(ticket, "pending")
    assert desk.say(ticket, "customer", "They called again.")["message_id"] is None
    assert desk.now(ticket)["status"] == "open"
    for kind, body, code in (
        ("shout", "x", "bad_kind"),
        ("note", "", "bad_body"),
        ("note", "x" * 8001, "bad_body"),
    ):
        with refused(400, f"ticket.{code}"):
            desk.say(ticket, kind, body)


def test_one_timeline_in_pages(desk: Helpdesk) -> None:
    channel = desk.channel()
    ticket = opened(desk, desk.write(channel, "Where is my parcel?"))
    desk.say(ticket, "note", "Ask the courier.")
    desk.say(ticket, "reply", "On its way.")
    desk.write(channel, "Thanks")
    pages, before = [], None
    while page := desk.timeline(ticket, limit=3, **(before or {})):
        assert len(page) <= 3
        before = {"before": page[-1]["at"], "before_id": page[-1]["id"]}
        pages += page
    assert [row["id"] for row in pages] == [row["id"] for row in desk.timeline(ticket)]
    words = [(row["source"], row["kind"], row["body"]) for row in reversed(pages) if row["body"]]
    assert words == [
        ("conversation", "user", "Where is my parcel?"),
        ("ticket", "note", "Ask the courier."),
        ("ticket", "reply", "On its way."),
        ("conversation", "user", "Thanks"),
    ]
    assert len({row["id"] for row in pages}) == len(pages)


def test_sales_sees_the_ticket_but_not_the_conversation(desk: Helpdesk) -> None:
    ticket = opened(desk, desk.write(desk.channel(), "My secret"))
    desk.say(ticket, "note", "Careful.")
    sources = {row["source"] for row in desk.timeline(ticket, desk.cast.sales)}
    assert sources == {"event", "ticket"}
    for outside in (desk.cast.stranger, desk.cast.viewer, desk.cast.editor, desk.cast.marketing):
        with refused(404, "ticket.not_found"):
            desk.timeline(ticket, outside)


def test_forgetting_a_person_takes_their_tickets(desk: Helpdesk) -> None:
    ticket = opened(desk, desk.write(desk.channel(), "Forget me"))
    desk.say(ticket, "reply", "Done.")
    with desk.db.as_user(desk.cast.support) as cursor:
        cursor.execute("delete from public.contacts")
    left = "select (select count(*) from public.tickets) + (select count(*) from public.ticket_messages)"
    assert desk.db.value(left) == 0
    assert desk.ticket()["number"] == 2
