"""Who answers a contact: the model, or the people who deal with the ticket; never both at once."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import pytest

from tests.integration.identity.calls import refused
from tests.integration.service.helpdesk import Helpdesk, Row, at_once

Channel = tuple[UUID, str]


def answers(desk: Helpdesk) -> list[str]:
    """States of what the model was asked for, oldest first."""
    query = "select status from public.messages where role = 'assistant' and job_id is not null order by seq"
    return [row["status"] for row in desk.all(query)]


def requests(desk: Helpdesk) -> int:
    query = "select committed + reserved from app.usage_counters where metric = 'requests'"
    return int(desk.db.value(query) or 0)


def hand(desk: Helpdesk, ticket: Row, to: str | None, **named: Any) -> Row:
    return desk.call(
        named.get("actor", desk.cast.support), "set_ticket_answerer", ticket_id=ticket["id"], answered_by=to
    )


@pytest.fixture
def channel(desk: Helpdesk) -> Channel:
    return desk.channel()


@pytest.fixture
def ticket(desk: Helpdesk, channel: Channel) -> Row:
    """Of a contact who waits for the model's first answer."""
    conversation = desk.write(channel, "Where is my parcel?")
    return desk.call(desk.cast.support, "open_ticket_from_conversation", conversation_id=conversation)


def test_a_reply_by_people_silences_the_model(desk: Helpdesk, channel: Channel, ticket: Row) -> None:
    assert (ticket["answered_by"], answers(desk)) == ("ai", ["pending"])
    desk.say(ticket, "note", "Let the model try.")
    assert desk.now(ticket)["answered_by"] == "ai"
    desk.say(ticket, "reply", "I look into it.")
    assert (desk.now(ticket)["answered_by"], answers(desk)) == ("people", ["cancelled"])
    assert desk.events(ticket, "answered_by") == [("ai", "people")]
    used = requests(desk)
    desk.write(channel, "Thank you!")
    assert (answers(desk), requests(desk)) == (["cancelled"], used)
    assert desk.timeline(ticket)[0]["body"] == "Thank you!"


def test_the_door_says_the_same_as_ever(desk: Helpdesk, channel: Channel, ticket: Row) -> None:
    """The person's side sees receipt and duplicate as before; the customer's systems hear every message."""
    desk.say(ticket, "reply", "I look into it.")
    message = '{"subscriber_id": "77", "text": "Hello?", "message_id": "again"}'
    said = []
    for _ in range(2):
        with desk.db.as_service() as cursor:
            cursor.execute("select public.receive_manychat(%s, %s, %s)", (*channel, message))
            said.append(cursor.fetchall()[0][0])
    assert [reply["outcome"] for reply in said] == ["accepted", "duplicate"]
    assert said[0]["text"] == said[1]["text"]
    assert desk.db.value("select count(*) from public.messages where content = 'Hello?'") == 1


def test_by_hand(desk: Helpdesk, channel: Channel, ticket: Row) -> None:
    assert hand(desk, ticket, "people")["answered_by"] == "people"
    desk.write(channel, "Hello?")
    assert answers(desk) == ["cancelled"]
    assert hand(desk, ticket, "ai")["answered_by"] == "ai"
    assert hand(desk, ticket, "ai")["answered_by"] == "ai"
    desk.write(channel, "Anyone?")
    assert answers(desk) == ["cancelled", "pending"]
    assert desk.events(ticket, "answered_by") == [("ai", "people"), ("people", "ai")]


def test_what_people_solved_comes_back_to_people(desk: Helpdesk, channel: Channel, ticket: Row) -> None:
    """Who hears that it is still broken is whoever said that it is not."""
    desk.say(ticket, "reply", "It has arrived.", status="solved")
    used = requests(desk)
    desk.write(channel, "It is still broken.")
    row = desk.now(ticket)
    assert (row["status"], row["answered_by"], answers(desk)) == ("open", "people", ["cancelled"])
    assert requests(desk) == used


def test_what_the_model_answered_stays_its_own(desk: Helpdesk, channel: Channel, ticket: Row) -> None:
    desk.move(ticket, "solved")
    desk.write(channel, "One more thing.")
    row = desk.now(ticket)
    assert (row["status"], row["answered_by"], answers(desk)) == ("open", "ai", ["pending", "pending"])


def test_what_is_closed_is_the_models_again(desk: Helpdesk, channel: Channel, ticket: Row) -> None:
    desk.say(ticket, "reply", "It has arrived.", status="solved")
    desk.move(ticket, "closed")
    desk.write(channel, "And what are your opening hours?")
    assert (desk.now(ticket)["answered_by"], answers(desk)) == ("ai", ["cancelled", "pending"])
    assert desk.told("ticket_customer_replied") == []


def test_who_answers_is_told_once_an_hour(desk: Helpdesk, channel: Channel, ticket: Row) -> None:
    """Everybody who answers tickets, then the one whose it is; nobody while the model answers."""
    told, cast = partial(desk.told, "ticket_customer_replied"), desk.cast
    desk.write(channel, "Hello?")
    assert told() == []
    hand(desk, ticket, "people")
    for text in ("Anybody?", "Please!"):
        desk.write(channel, text)
    everybody = {cast.owner.user_id, cast.admin.user_id, cast.support.user_id}
    assert (set(told()), len(told())) == (everybody, 3)
    desk.call(cast.support, "assign_ticket", ticket_id=ticket["id"], assignee_id=cast.admin.user_id)
    desk.write(channel, "Still nobody?")
    assert len(told()) == 3
    desk.db.admin.execute("update public.notifications set dedupe_key = dedupe_key || ':earlier'")
    desk.write(channel, "An hour later.")
    assert told()[3:] == [cast.admin.user_id]
    data = (
        "select data - 'ticket_id' as said from public.notifications where kind = 'ticket_customer_replied'"
    )
    assert desk.all(data)[0]["said"] == {"number": 1, "subject": ticket["subject"]}


@pytest.mark.parametrize("status", ["pending", "solved"])
def test_who_wakes_a_ticket_is_heard(desk: Helpdesk, channel: Channel, ticket: Row, status: str) -> None:
    """Even where the model answers: it was out of sight."""
    desk.move(ticket, status)
    desk.write(channel, "Hello?")
    assert desk.now(ticket)["status"] == "open"
    assert desk.cast.support.user_id in desk.told("ticket_customer_replied")


def test_only_who_answers_tickets_of_a_channel(desk: Helpdesk, ticket: Row) -> None:
    for actor, status, code in (
        (desk.cast.sales, 403, "workspace.forbidden"),
        (desk.cast.editor, 404, "ticket.not_found"),
        (desk.cast.stranger, 404, "ticket.not_found"),
    ):
        with refused(status, code):
            hand(desk, ticket, "people", actor=actor)
    for to in (None, "nobody"):
        with refused(400, "ticket.bad_answerer"):
            hand(desk, ticket, to)
    with refused(409, "ticket.no_channel"):
        hand(desk, desk.ticket(), "people")


def test_back_and_forth_while_the_customer_writes(desk: Helpdesk, channel: Channel, ticket: Row) -> None:
    sides = [
        part
        for number in range(12)
        for part in (
            partial(desk.write, channel, f"In {number}"),
            partial(hand, desk, ticket, "people" if number % 2 else "ai"),
        )
    ]
    assert at_once(*sides) == []
    hand(desk, ticket, "people")
    assert desk.db.value("select count(*) from public.messages where role = 'user'") == 13
    assert set(answers(desk)) == {"cancelled"}
