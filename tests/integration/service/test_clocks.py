"""What was promised: by when, standing while the customer is waited for, missed once and told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.integration.service.helpdesk import Helpdesk, Row
from worker.domains.service.handlers import SOLVED_DAYS

DAY = 24 * 60


def check(desk: Helpdesk) -> int:
    """One beat of the clock, as the worker asks for it."""
    with desk.db.as_worker() as cursor:
        cursor.execute("select app.check_ticket_clocks(make_interval(days => %s), 200)", (SOLVED_DAYS,))
        (count,) = cursor.fetchone() or (-1,)
    return int(count)


def due(row: Row, clock: str = "resolution") -> int | None:
    """Minutes from opening to what is promised, as the row says now."""
    at = row[f"{clock}_due_at"]
    return None if at is None else round((at - row["created_at"]).total_seconds() / 60)


def test_promises_follow_the_priority(desk: Helpdesk) -> None:
    desk.promise("normal", 60, 480)
    desk.promise("urgent", 10, None)
    ticket = desk.ticket()
    assert (due(ticket, "first_response"), due(ticket)) == (60, 480)
    changed = desk.call(desk.cast.support, "update_ticket", ticket_id=ticket["id"], priority="urgent")
    assert (due(changed, "first_response"), due(changed)) == (10, None)
    nothing = desk.ticket(priority="low")
    assert (due(nothing, "first_response"), due(nothing)) == (None, None)


def test_the_clocks_stand_while_the_customer_is_waited_for(desk: Helpdesk) -> None:
    desk.promise("normal", 60, 480)
    ticket = desk.ticket()
    desk.move(ticket, "pending")
    desk.db.admin.execute("update public.tickets set stopped_at = stopped_at - interval '90 minutes'")
    assert check(desk) == 0
    opened = desk.move(ticket, "open")
    assert (due(opened, "first_response"), due(opened)) == (150, 570)
    assert opened["stopped_for"] >= timedelta(minutes=90)
    desk.move(ticket, "on_hold")  # who waits for others keeps the promise all the same
    assert desk.now(ticket)["stopped_at"] is None
    changed = desk.call(desk.cast.support, "update_ticket", ticket_id=ticket["id"], priority="high")
    assert due(changed) is None


def test_another_priority_keeps_the_time_they_stood(desk: Helpdesk) -> None:
    desk.promise("normal", 60, 480)
    desk.promise("high", 30, 100)
    ticket = desk.ticket()
    desk.db.admin.execute("update public.tickets set stopped_for = '20 minutes'")
    changed = desk.call(desk.cast.support, "update_ticket", ticket_id=ticket["id"], priority="high")
    assert (due(changed, "first_response"), due(changed)) == (50, 120)


def test_a_missed_promise_is_told_once(desk: Helpdesk) -> None:
    desk.promise("normal", 60, 480)
    ticket = desk.ticket(assignee_id=desk.cast.admin.user_id)
    desk.pass_time(ticket, 61)
    assert [check(desk), check(desk)] == [1, 0]
    row = desk.now(ticket)
    assert (row["first_response_breached_at"] is not None, row["resolution_breached_at"]) == (True, None)
    assert desk.events(ticket, "breached") == [(None, "first_response")]
    assert desk.told("ticket_breached") == [desk.cast.admin.user_id]
    (told,) = desk.all("select data from public.notifications where kind = 'ticket_breached'")
    assert (told["data"]["number"], told["data"]["promise"]) == (1, "first_response")
    desk.pass_time(ticket, 480)
    assert check(desk) == 1
    assert desk.events(ticket, "breached")[1:] == [(None, "resolution")]
    assert len(desk.told("ticket_breached")) == 2


def test_nobodys_ticket_is_everybodys(desk: Helpdesk) -> None:
    desk.promise()
    desk.pass_time(desk.ticket(), 61)
    check(desk)
    team = {desk.cast.owner.user_id, desk.cast.admin.user_id, desk.cast.support.user_id}
    assert set(desk.told("ticket_breached")) == team


def test_a_late_reply_is_late_though_nobody_looked(desk: Helpdesk) -> None:
    """The clock's beat comes once a minute; a reply after the time and before the beat does not hide it."""
    desk.promise()
    ticket = desk.ticket()
    desk.pass_time(ticket, 61)
    desk.say(ticket, "reply", "Sorry!")
    row = desk.now(ticket)
    assert row["first_response_breached_at"] is not None
    assert row["first_responded_at"] is not None


def test_a_reply_in_time_keeps_the_promise(desk: Helpdesk) -> None:
    desk.promise()
    ticket = desk.ticket()
    desk.say(ticket, "note", "Who knows about this?")
    assert desk.now(ticket)["first_responded_at"] is None
    desk.say(ticket, "reply", "We look into it.")
    desk.pass_time(ticket, 61)
    assert check(desk) == 0
    assert desk.now(ticket)["status"] == "open"


def test_solved_stops_and_closes_after_a_week(desk: Helpdesk) -> None:
    desk.promise("normal", None, 480)
    ticket = desk.ticket()
    desk.move(ticket, "solved")
    desk.pass_time(ticket, SOLVED_DAYS * DAY - 1)
    assert (check(desk), desk.now(ticket)["status"]) == (0, "solved")
    desk.pass_time(ticket, 2)
    assert (check(desk), desk.now(ticket)["status"]) == (1, "closed")
    assert desk.events(ticket, "status")[-1] == ("solved", "closed")
    assert desk.events(ticket, "breached") == []


async def test_the_worker_looks_each_minute(desk: Helpdesk) -> None:
    desk.promise()
    ticket = desk.ticket()
    desk.pass_time(ticket, 61)
    with desk.db.as_worker() as cursor:
        cursor.execute("select app.enqueue('service.check_clocks')")
    await desk.work_off()
    assert desk.events(ticket, "breached") == [(None, "first_response")]


def test_many_are_found_by_an_index(desk: Helpdesk) -> None:
    """With promises far away, a beat reads few rows of 20,000 tickets."""
    desk.db.admin.execute(
        "insert into public.tickets (workspace_id, number, subject, resolution_due_at, first_response_due_at)"
        " select %s, n, 'x', now() + interval '1 day', now() + interval '1 day'"
        " from generate_series(1, 20000) as n",
        (desk.cast.workspace_id,),
    )
    desk.db.admin.execute("analyze public.tickets")
    plan: list[Any] = desk.db.value(
        "explain (format json, analyze) select id from public.tickets as t where t.stopped_at is null and ("
        " t.first_responded_at is null and t.first_response_breached_at is null"
        " and t.first_response_due_at < now()"
        " or t.resolution_breached_at is null and t.resolution_due_at < now()) limit 200"
    )
    assert "Seq Scan" not in str(plan)
