"""When the mail provider does not send: the campaign waits, people are told, nobody gets two mails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from uuid import UUID

import psycopg
import pytest

from tests.integration.marketing.office import Office, Row
from worker.errors import (
    ConfigurationError,
    LaminaError,
    ProviderAuthError,
    ProviderRejected,
    ProviderUnavailable,
)
from worker.providers.email.port import Mail

AWAY = ProviderUnavailable("provider.unavailable", "Away.", provider="watched")
NO_KEY = ProviderAuthError("provider.unauthorised", "The key is wrong.", provider="watched")
NO_CREDIT = ProviderRejected("provider.no_credit", "There is no credit left.", provider="watched")
NO_TOOL = ConfigurationError("config.mcp_tool", "There is no such tool.")
BUSY = ProviderUnavailable("email.recipient_deferred", "Mailbox full.", provider="watched")


def raising(error: Exception, when: Callable[[Mail], bool] = lambda mail: True) -> Callable[[Mail], None]:
    """Instead of a mail that is sent."""

    def check(mail: Mail) -> None:
        if when(mail):
            raise error

    return check


def campaign_row(office: Office) -> Row:
    (row,) = office.all("select status, error_code, error_message, finished_at from public.campaigns")
    return row


def notices(office: Office) -> list[Row]:
    return office.all("select * from public.notifications where kind = 'campaign_paused' order by user_id")


@pytest.mark.parametrize("error", [AWAY, NO_KEY, NO_CREDIT, NO_TOOL], ids=lambda error: error.code)
async def test_a_provider_in_trouble_pauses_and_a_member_resumes(office: Office, error: LaminaError) -> None:
    office.people(230)
    office.db.admin.execute("update app.job_kinds set max_attempts = 2 where kind = 'marketing.send_batch'")
    office.mailer.before = raising(error, lambda mail: len(office.mailer.sent) >= 25)
    campaign = office.campaign()
    office.send(campaign)
    await office.work_off()
    sent = len(office.mailer.sent)
    found = campaign_row(office)
    assert found == {
        "status": "paused", "error_code": error.code, "error_message": error.message, "finished_at": None,
    }  # fmt: skip
    assert office.states(campaign) == {"sent": sent, "queued": 230 - sent}
    cast = office.cast
    told = notices(office)
    assert {one["user_id"] for one in told} == {
        cast.owner.user_id,
        cast.admin.user_id,
        cast.marketing.user_id,
    }
    assert len(told) == 3
    assert (told[0]["data"]["title"], told[0]["data"]["reason"]) == ("Spring", error.message)
    office.mailer.before = lambda mail: None
    office.act(campaign, "resume")
    await office.work_off()
    assert (campaign_row(office)["status"], office.states(campaign)) == ("sent", {"sent": 230})
    assert len(set(office.mailer.addresses())) == len(office.mailer.sent) == 230


async def test_each_pause_is_told(office: Office) -> None:
    office.people(3)
    office.mailer.before = raising(NO_KEY)
    campaign = office.campaign()
    office.send(campaign)
    await office.work_off()
    office.act(campaign, "resume")
    await office.work_off()
    assert (office.status(campaign), len(notices(office))) == ("paused", 6)


async def test_what_was_under_way_when_it_ended_stays_unknown(office: Office) -> None:
    office.people(30)
    campaign = office.campaign()
    job = begun(office, campaign)
    with office.db.as_worker() as cursor:
        cursor.execute("select * from app.begin_campaign_mails(%s, 1, 10)", (campaign,))
    end(office.db.admin, job, "fail")
    assert campaign_row(office)["status"] == "paused"
    assert office.states(campaign) == {"unknown": 10, "queued": 20}
    office.act(campaign, "resume")
    await office.work_off()
    assert office.states(campaign) == {"unknown": 10, "sent": 20}


def test_an_old_job_that_fails_after_somebody_resumed_pauses_nothing(office: Office) -> None:
    office.people(3)
    campaign = office.campaign()
    job = begun(office, campaign)
    office.act(campaign, "pause")
    office.act(campaign, "resume")
    end(office.db.admin, job, "fail")
    assert (office.status(campaign), notices(office)) == ("sending", [])


def test_a_job_that_is_cancelled_cancels_its_part(office: Office) -> None:
    office.people(3)
    campaign = office.campaign()
    job = begun(office, campaign)
    end(office.db.admin, job, "cancelled")
    assert (office.status(campaign), office.states(campaign)) == ("sent", {"cancelled": 3})


@pytest.mark.parametrize("outcome", ["done", "fail"])
async def test_the_end_of_a_job_and_resuming_wait_for_each_other(office: Office, outcome: str) -> None:
    office.people(3)
    campaign = office.campaign()
    job = begun(office, campaign)
    office.act(campaign, "pause")
    with psycopg.connect(office.db.dsn("supabase_admin")) as ending:
        end(ending, job, outcome)
        resuming = asyncio.create_task(asyncio.to_thread(partial(office.act, campaign, "resume")))
        waits = (
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
        )
        async with asyncio.timeout(20):
            while not office.db.value(waits):
                await asyncio.sleep(0.01)
        ending.execute("select app.end_campaign_batch(%s)", (campaign,))
        ending.commit()
    await resuming
    await office.work_off()
    assert (office.status(campaign), office.states(campaign)) == ("sent", {"sent": 3})


def begun(office: Office, campaign: UUID) -> int:
    """A campaign that is being sent, and its first batch's job in the hands of worker w."""
    office.send(campaign)
    office.db.admin.execute("select app.start_campaign(%s)", (campaign,))
    job = office.db.value("select min(id) from public.jobs where kind = 'marketing.send_batch'")
    office.db.admin.execute(
        "update public.jobs set status = 'running', attempts = 1, worker_id = 'w', started_at = now(),"
        " lease_until = now() + interval '1 min' where id = %s",
        (job,),
    )
    return int(str(job))


def end(connection: psycopg.Connection, job: int, outcome: str) -> None:
    """As the worker ends it."""
    connection.execute(
        "select app.finish_jobs('w', array[%s::bigint], '{1}', array[%s], array['provider.unavailable'],"
        " array['Away.'], '{null}')",
        (job, outcome),
    )


def be_due(office: Office) -> None:
    """As if the time of all who wait had come."""
    office.db.admin.execute("update public.campaign_recipients set not_before = now()")
    office.db.admin.execute("update public.jobs set run_at = now() where gate = 'timed'")


async def test_a_mailbox_refused_for_the_moment_stops_nobody_else(office: Office) -> None:
    office.people(30)
    office.mailer.before = raising(BUSY, lambda mail: mail.to.email == "p00000@people.test")
    campaign = office.campaign()
    office.send(campaign)
    await office.work_off()
    assert (office.status(campaign), office.states(campaign)) == ("sending", {"sent": 29, "queued": 1})
    (job,) = office.all(
        "select status, attempts, error_code, run_at - now() as wait from public.jobs"
        " where kind = 'marketing.send_batch'"
    )
    assert (job["status"], job["attempts"], job["error_code"]) == ("queued", 0, "email.recipient_deferred")
    assert 200 < job["wait"].total_seconds() <= 300
    (row,) = [row for row in office.recipients(campaign) if row["status"] == "queued"]
    assert (row["tries"], row["error_code"]) == (1, "email.recipient_deferred")
    office.mailer.before = lambda mail: None
    be_due(office)
    await office.work_off()
    assert (office.status(campaign), office.states(campaign)) == ("sent", {"sent": 30})
    assert {row["error_code"] for row in office.recipients(campaign)} == {None}


async def test_a_mailbox_that_stays_refused_fails_with_its_code(office: Office) -> None:
    office.people(3)
    office.mailer.before = raising(BUSY, lambda mail: mail.to.email == "p00001@people.test")
    campaign = office.campaign()
    office.send(campaign)
    for _ in range(5):
        await office.work_off()
        be_due(office)
    assert (office.status(campaign), office.states(campaign)) == ("sent", {"sent": 2, "failed": 1})
    (row,) = [row for row in office.recipients(campaign) if row["status"] == "failed"]
    assert (row["tries"], row["error_code"]) == (4, "email.recipient_deferred")
    assert notices(office) == []


async def test_who_waits_for_a_mailbox_is_paused_and_cancelled_with_the_rest(office: Office) -> None:
    office.people(3)
    office.mailer.before = raising(BUSY)
    campaign = office.campaign()
    office.send(campaign)
    await office.work_off()
    office.act(campaign, "pause")
    be_due(office)
    await office.work_off()
    assert (office.status(campaign), office.states(campaign)) == ("paused", {"queued": 3})
    office.act(campaign, "cancel")
    assert office.states(campaign) == {"cancelled": 3}
