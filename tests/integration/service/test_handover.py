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


@pytest.mark.parametrize("ended", ["solved", "closed"])
def test_what_is_solved_is_the_models_again(
    desk: Helpdesk, channel: Channel, ticket: Row, ended: str
) -> None:
    desk.say(ticket, "reply", "It has arrived.", status="solved")
    if ended == "closed":
        desk.move(ticket, "closed")
    desk.write(channel, "And what are your opening hours?")
    assert (desk.now(ticket)["answered_by"], answers(desk)) == ("ai", ["cancelled", "pending"])


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
