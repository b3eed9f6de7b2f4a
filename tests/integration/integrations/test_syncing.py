"""Contacts go to other systems: what is sent, once, in bounded batches, through outages and deaths."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from psycopg.types.json import Jsonb

from tests.integration.integrations.office import KEY, Office
from tests.integration.jobs.engine import until
from tests.support.crms import failing, hanging_up, hash_of


async def test_who_consented_becomes_a_member_and_nobody_else(office: Office) -> None:
    ada = office.contact("Ada@example.test", name="Ada Lovelace", language="en")
    office.contact("bob@example.test", consent="unknown")
    office.contact(None, name="Nobody")
    eve = office.contact("eve@example.test", consent="withdrawn")
    office.vendor.join("eve@example.test")
    made = office.connect()
    await office.work_off()
    assert office.vendor.status_of("ada@example.test") == "subscribed"
    assert office.vendor.status_of("eve@example.test") == "unsubscribed"
    assert office.vendor.status_of("bob@example.test") is None
    records = office.records()
    assert set(records) == {ada, eve}
    assert records[ada]["status"] == "synced"
    assert records[ada]["remote_id"] == hash_of("ada@example.test")
    connection = office.connection(made["connection_id"])
    assert (connection["status"], connection["account_name"], connection["failures"]) == (
        "active",
        "Newsletter",
        0,
    )
    assert connection["last_ok_at"] is not None
    assert connection["is_offline"] is False


async def test_the_same_is_not_sent_again_and_a_change_is(office: Office) -> None:
    ada = office.contact("ada@example.test", name="Ada")
    made = office.connect()
    await office.work_off()
    office.vendor.asked.clear()
    office.change(ada, lead_score=10)
    office.sync(made["connection_id"])
    await office.work_off()
    assert office.vendor.asked == []
    office.change(ada, name="Ada Lovelace")
    office.sync(made["connection_id"])
    await office.work_off()
    assert office.vendor.asked == [f"PUT /3.0/lists/abc1234567/members/{hash_of('ada@example.test')}"]
    assert office.vendor.members[hash_of("ada@example.test")]["merge_fields"]["LNAME"] == "Lovelace"
    office.change(ada, lead_score=50)
    office.sync(made["connection_id"])
    await office.work_off()
    assert len(office.vendor.asked) == 1


async def test_who_unsubscribed_there_has_withdrawn_here_and_stays_out(office: Office) -> None:
    ada = office.contact("ada@example.test", consent_at=datetime(2026, 11, 1, tzinfo=UTC))
    office.vendor.join("ada@example.test", "unsubscribed", last_changed="2026-11-02T00:00:00+00:00")
    office.connect()
    await office.work_off()
    assert office.vendor.status_of("ada@example.test") == "unsubscribed"
    (contact,) = office.all("select * from public.contacts where id = %s", ada)
    assert (contact["email_consent"], contact["consent_source"]) == ("withdrawn", "mailchimp")
    kept_out = office.db.rows("select email, reason from public.mail_suppressions")
    assert kept_out == [(contact["email"], "unsubscribed")]
    assert office.records()[ada]["error_code"] == "crm.unsubscribed"


async def test_one_who_withdrew_speaks_for_their_address(office: Office) -> None:
    office.contact("ada@example.test", consent="withdrawn")
    office.contact("ADA@example.test", consent="granted")
    office.vendor.join("ada@example.test")
    office.connect()
    await office.work_off()
    assert office.vendor.status_of("ada@example.test") == "unsubscribed"
    assert not any(asked.startswith(("POST", "PUT")) for asked in office.vendor.asked)


async def test_a_refused_contact_stops_nobody_and_is_sent_again_when_all_are(office: Office) -> None:
    fake = office.contact("fake@example.test")
    ada = office.contact("ada@example.test")
    made = office.connect()
    await office.work_off()
    records = office.records()
    assert (records[ada]["status"], records[fake]["status"]) == ("synced", "refused")
    assert records[fake]["error_code"] == "crm.contact_refused"
    office.vendor.asked.clear()
    office.sync(made["connection_id"])
    await office.work_off()
    assert office.vendor.asked == []
    del office.vendor.members[hash_of("ada@example.test")]
    office.vendor.suspects = ""
    office.sync(made["connection_id"], is_full=True)
    await office.work_off()
    assert office.statuses() == ["synced", "synced"]
    assert office.vendor.status_of("ada@example.test") == "subscribed"
    assert office.vendor.status_of("fake@example.test") == "subscribed"


async def test_a_thousand_go_in_few_requests_and_jobs(office: Office) -> None:
    office.db.admin.execute(
        "insert into public.contacts (workspace_id, email, email_consent, updated_at)"
        " select %s, 'p' || n || '@example.test', 'granted', now() - interval '1 minute'"
        " from generate_series(1, 1200) as n",
        (office.cast.workspace_id,),
    )
    office.connect()
    await office.work_off()
    assert len(office.vendor.members) == 1200
    assert office.statuses() == ["synced"] * 1200
    assert sum(asked.startswith("POST") for asked in office.vendor.asked) == 3


async def test_a_worker_that_dies_in_the_middle_is_followed_by_one_that_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.domains.integrations.sync.ROWS", 10)
    monkeypatch.setattr("worker.providers.crm.mailchimp.Mailchimp.batch", 10)
    for number in range(50):
        office.contact(f"p{number}@example.test")
    reached = asyncio.Event()

    async def stuck(request: web.Request) -> web.StreamResponse:
        reached.set()
        await asyncio.sleep(30)
        return web.Response()

    made = office.connect()
    async with office.working(lease=2.0, grace=0.1):
        await until(lambda: len(office.vendor.members) >= 20, 20)
        office.vendor.replies = [stuck]
        await asyncio.wait_for(reached.wait(), 20)
    taken = len(office.vendor.members)
    assert taken < 50
    office.forget_waits()
    await office.work_off()
    assert len(office.vendor.members) == 50
    assert office.statuses() == ["synced"] * 50
    posts = [asked for asked in office.vendor.asked if asked.startswith("POST")]
    assert len(posts) == 6
    assert office.connection(made["connection_id"])["failures"] == 0


async def test_the_vendors_patience_is_the_connections_and_no_failure(office: Office) -> None:
    office.contact("ada@example.test")
    made = office.connect()
    await office.work_off()
    office.contact("bob@example.test")
    office.vendor.replies = [failing(429, **{"Retry-After": "120"})]
    job = office.sync(made["connection_id"])
    await office.work_off()
    connection = office.connection(made["connection_id"])
    waits = (connection["next_try_at"] - datetime.now(UTC)).total_seconds()
    assert 100 < waits <= 120
    assert (connection["status"], connection["failures"], connection["error_code"]) == (
        "active",
        0,
        "provider.rate_limited",
    )
    (waiting,) = office.all("select * from public.jobs where id = %s", job)
    assert (waiting["gate"], waiting["attempts"]) == ("timed", 0)
    asked = len(office.vendor.asked)
    office.sync(made["connection_id"])
    await office.work_off()
    assert len(office.vendor.asked) == asked
    office.forget_waits()
    await office.work_off()
    assert office.vendor.status_of("bob@example.test") == "subscribed"
    assert office.connection(made["connection_id"])["error_code"] is None


async def test_one_connections_trouble_is_not_anothers(office: Office) -> None:
    office.contact("ada@example.test", lifecycle="lead")
    office.vendor.replies = [failing(500)] * 20
    made = office.connect()
    await office.work_off()
    office.vendor.replies.clear()
    assert office.connection(made["connection_id"])["error_code"] == "provider.unavailable"
    other = office.connect("google_analytics")
    await office.work_off()
    assert office.connection(other["connection_id"])["account_name"] == "G-ABCD1234"
    assert office.connection(made["connection_id"])["failures"] == 1
    assert office.vendor.members == {}


async def test_ten_failures_in_a_row_break_it_and_managers_are_told_once(office: Office) -> None:
    office.contact("ada@example.test")
    made = office.connect()
    office.vendor.replies = [failing(503)] * 200
    for _ in range(12):
        office.forget_waits()
        await office.work_off()
        if office.connection(made["connection_id"])["status"] == "broken":
            break
    connection = office.connection(made["connection_id"])
    assert (connection["status"], connection["failures"]) == ("broken", 10)
    notices = office.all("select * from public.notifications where kind = 'connection_broken'")
    assert {notice["user_id"] for notice in notices} == {
        office.cast.owner.user_id,
        office.cast.admin.user_id,
    }
    assert {notice["data"]["title"] for notice in notices} == {"Mailchimp"}
    assert office.refusal(office.cast.admin, "sync_connection", made["connection_id"])[1] == (
        "connection.not_active"
    )
    office.vendor.replies.clear()
    office.call(office.cast.admin, "test_connection", made["connection_id"])
    await office.work_off()
    connection = office.connection(made["connection_id"])
    assert (connection["status"], connection["failures"]) == ("active", 0)
    assert office.vendor.status_of("ada@example.test") == "subscribed"


async def test_a_wrong_key_breaks_it_at_once_and_a_new_one_mends_it(office: Office) -> None:
    office.contact("ada@example.test")
    office.vendor.refused = {KEY}
    made = office.connect()
    await office.work_off()
    connection = office.connection(made["connection_id"])
    assert (connection["status"], connection["error_code"]) == ("broken", "provider.unauthorised")
    new = {"api_key": "f" * 32 + "-us21"}
    office.call(office.cast.admin, "set_connection_credentials", made["connection_id"], Jsonb(new))
    await office.work_off()
    assert office.connection(made["connection_id"])["status"] == "active"
    assert office.vendor.status_of("ada@example.test") == "subscribed"


def test_what_is_said_of_old_credentials_changes_nothing(office: Office) -> None:
    made = office.connect()
    new = {"api_key": "f" * 32 + "-us21"}
    office.call(office.cast.admin, "set_connection_credentials", made["connection_id"], Jsonb(new))
    with office.db.as_worker() as cursor:
        cursor.execute(
            "select app.connection_failed(%s, 1, 'provider.unauthorised', 'No.', 0, true, true)",
            (made["connection_id"],),
        )
    assert office.connection(made["connection_id"])["status"] == "active"


async def test_a_change_of_stage_is_an_event_once(office: Office) -> None:
    old = office.contact(
        "old@example.test", lifecycle="customer", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    made = office.connect("google_analytics")
    await office.work_off()
    assert (office.vendor.events, office.statuses()) == ([], ["baseline"])
    office.change(old, name="Renamed")
    office.contact("new@example.test", lifecycle="lead", created_at=datetime(2100, 1, 1, tzinfo=UTC))
    office.sync(made["connection_id"])
    await office.work_off()
    office.change(old, lifecycle="lost")
    office.sync(made["connection_id"], is_full=True)
    await office.work_off()
    names = [event["events"][0]["name"] for event in office.vendor.events]
    assert names == ["generate_lead", "close_unconvert_lead"]
    office.sync(made["connection_id"], is_full=True)
    await office.work_off()
    assert len(office.vendor.events) == 2


@pytest.mark.parametrize(
    ("reply", "status", "events"), [(hanging_up(), "unknown", 0), (failing(503), "synced", 1)]
)
async def test_an_event_is_repeated_only_when_it_surely_was_not_taken(
    office: Office, reply: Any, status: str, events: int
) -> None:
    made = office.connect("google_analytics")
    await office.work_off()
    new = office.contact("new@example.test", lifecycle="lead", created_at=datetime(2100, 1, 1, tzinfo=UTC))
    office.vendor.replies = [reply]
    office.sync(made["connection_id"])
    await office.work_off()
    office.forget_waits()
    await office.work_off()
    assert office.records()[new]["status"] == status
    assert len(office.vendor.events) == events


async def test_an_event_that_a_dead_worker_had_begun_is_not_repeated(office: Office) -> None:
    made = office.connect("google_analytics")
    await office.work_off()
    new = office.contact("new@example.test", lifecycle="lead", created_at=datetime(2100, 1, 1, tzinfo=UTC))
    with office.db.as_worker() as cursor:
        cursor.execute("select app.begin_push(%s, %s)", (made["connection_id"], new))
    office.sync(made["connection_id"])
    await office.work_off()
    assert (office.vendor.events, office.records()[new]["error_code"]) == ([], "crm.outcome_unknown")
    office.change(new, lifecycle="qualified")
    office.sync(made["connection_id"])
    await office.work_off()
    assert [event["events"][0]["name"] for event in office.vendor.events] == ["qualify_lead"]


async def test_what_changes_right_now_comes_with_the_next_one(office: Office) -> None:
    made = office.connect()
    await office.work_off()
    office.db.admin.execute(
        "insert into public.contacts (workspace_id, email, email_consent)"
        " values (%s, 'now@example.test', 'granted')",
        (office.cast.workspace_id,),
    )
    office.sync(made["connection_id"])
    await office.work_off()
    assert office.vendor.status_of("now@example.test") is None
    (next_one,) = office.all(
        "select * from public.jobs where kind = 'integrations.sync' and gate <> 'closed'"
    )
    assert next_one["run_at"] > datetime.now(UTC)


async def test_the_schedule_wakes_only_what_has_something_to_send(office: Office) -> None:
    idle, due, off = (office.connect() for _ in range(3))
    await office.work_off()
    office.call(office.cast.admin, "update_connection", off["connection_id"], None, None, False)
    office.contact("ada@example.test")
    office.db.admin.execute(
        "update public.connections set cursor_at = now() where id = %s", (idle["connection_id"],)
    )
    with office.db.as_worker() as cursor:
        row = cursor.execute("select app.enqueue_due_syncs()").fetchone()
    assert row == (1,)
    (job,) = office.all("select * from public.jobs where kind = 'integrations.sync' and gate <> 'closed'")
    assert str(job["subject_id"]) == due["connection_id"]
