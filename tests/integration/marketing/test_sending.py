"""Sending: to whom, once, as long as they agree, until somebody stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.integration.jobs.engine import until
from tests.integration.marketing.office import EVERYBODY, Office
from tests.support.actors import give_plan
from worker.domains.marketing.rules import AT_ONCE
from worker.errors import DeliveryUnknown, ProviderRejected, ProviderUnavailable
from worker.providers.email.port import Mail


async def test_everyone_who_agreed_gets_one_mail_of_their_own(office: Office) -> None:
    office.contact("ada", name="Ada <b>Byron</b>", language="fr")
    office.contact("bob", name=None, email="BOB@people.test")
    office.contact("bobby", email="bob@people.test")
    office.contact("cleo", email_consent="unknown")
    office.contact("dan", email=None)
    campaign = office.campaign(body="Dear {{first_name|friend}},\n\n[Look](https://morvan.test/?n={{name}})")
    office.send(campaign)
    await office.work_off()
    assert office.mailer.addresses() == ["ada@people.test", "bob@people.test"]
    ada, bob = sorted(office.mailer.sent, key=lambda mail: mail.to.email)
    assert (ada.subject, bob.subject) == ("Hello Ada", "Hello you")
    assert ada.sender.name == "Morvan & Co"
    assert ada.reply_to is not None
    assert ada.reply_to.email == "hello@morvan.test"
    assert ada.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = ada.headers["List-Unsubscribe"].strip("<>")
    assert link in ada.text
    assert "Se désinscrire" in ada.text
    assert "1 Quai du Port, Brest" in bob.text
    assert "https://morvan.test/?n=Ada%20%3Cb%3EByron%3C%2Fb%3E" in ada.text
    assert office.status(campaign) == "sent"
    assert office.states(campaign) == {"sent": 2}
    assert office.stats(campaign)["sent"] == 2


async def test_a_campaign_to_nobody_is_sent(office: Office) -> None:
    campaign = office.campaign()
    office.send(campaign)
    await office.work_off()
    assert (office.status(campaign), office.mailer.sent) == ("sent", [])


async def test_consent_is_asked_at_the_moment_of_sending(office: Office) -> None:
    ids = {name: office.contact(name) for name in ("ada", "bob", "cleo", "dan", "eve", "fay")}
    campaign = office.campaign()
    office.send(campaign)
    office.db.admin.execute("select app.start_campaign(%s)", (campaign,))
    office.call("set_contact_consent", [ids["ada"]], "withdrawn", "By phone")
    office.db.admin.execute("select app.suppress('bob@people.test', 'bounced')")
    office.db.admin.execute("delete from public.contacts where id = %s", (ids["cleo"],))
    changed = "update public.contacts set email = 'new@people.test', email_consent = 'granted' where id = %s"
    office.db.admin.execute(changed, (ids["dan"],))
    office.db.admin.execute(
        "update public.contacts set email_consent = 'granted' where id = %s", (ids["dan"],)
    )
    mails = {row["email"]: row["id"] for row in office.recipients(campaign)}
    office.door("unsubscribe_mail", mails["eve@people.test"])
    await office.work_off()
    assert office.mailer.addresses() == ["fay@people.test"]
    skipped = {row["email"]: row["error_code"] for row in office.recipients(campaign) if row["error_code"]}
    assert skipped == {
        "ada@people.test": "campaign.no_consent",
        "bob@people.test": "campaign.suppressed",
        "dan@people.test": "campaign.address_changed",
        "eve@people.test": "campaign.no_consent",
        None: "campaign.contact_gone",
    }
    stats = office.stats(campaign)
    assert (stats["recipients"], stats["sent"], stats["skipped"]) == (6, 1, 5)


@pytest.mark.parametrize(("act", "left"), [("pause", "queued"), ("cancel", "cancelled")])
async def test_stopping_stops_within_one_batch(office: Office, act: str, left: str) -> None:
    office.people(1000)
    campaign = office.campaign()

    def stop(mail: Mail) -> None:
        if len(office.mailer.sent) == 25:
            office.act(campaign, act)

    office.mailer.before = stop
    office.send(campaign)
    await office.work_off()
    states = office.states(campaign)
    assert 25 <= states["sent"] <= 25 + 4 * AT_ONCE
    assert states == {"sent": len(office.mailer.sent), left: 1000 - len(office.mailer.sent)}
    assert office.status(campaign) == {"pause": "paused", "cancel": "cancelled"}[act]


async def test_a_paused_campaign_goes_on_where_it_stopped(office: Office) -> None:
    office.people(300)
    campaign = office.campaign()
    office.mailer.before = lambda mail: (
        office.act(campaign, "pause") if len(office.mailer.sent) == 50 else None
    )
    office.send(campaign)
    await office.work_off()
    office.mailer.before = lambda mail: None
    office.act(campaign, "resume")
    await office.work_off()
    assert office.status(campaign) == "sent"
    assert len(office.mailer.addresses()) == len(set(office.mailer.addresses())) == 300


async def test_resumed_while_the_old_jobs_still_run(office: Office) -> None:
    office.people(300)
    campaign = office.campaign()

    def flicker(mail: Mail) -> None:
        if len(office.mailer.sent) in (20, 60, 100, 140):
            office.act(campaign, "pause")
            office.act(campaign, "resume")

    office.mailer.before = flicker
    office.send(campaign)
    await office.work_off()
    assert (office.status(campaign), office.states(campaign)) == ("sent", {"sent": 300})
    assert len(set(office.mailer.addresses())) == 300


def test_pausing_and_resuming_multiplies_no_jobs(office: Office) -> None:
    office.people(150)
    campaign = office.campaign()
    office.send(campaign)
    office.db.admin.execute("select app.start_campaign(%s)", (campaign,))
    jobs = "select id, ordering_key from public.jobs where kind = 'marketing.send_batch' order by id"
    first = office.all(jobs)
    for _ in range(5):
        office.act(campaign, "pause")
        office.act(campaign, "resume")
    assert (len(first), office.all(jobs)) == (2, first)
    running = "update public.jobs set status = 'running', attempts = 1, worker_id = 'w', started_at = now(),"
    lease = " lease_until = now() + interval '1 min' where id = %s"
    office.db.admin.execute((running + lease).encode(), (first[0]["id"],))
    for _ in range(5):
        office.act(campaign, "pause")
        office.act(campaign, "resume")
    keys = [row["ordering_key"] for row in office.all(jobs)]
    assert keys == [first[0]["ordering_key"], first[1]["ordering_key"], first[0]["ordering_key"]]


async def test_a_plan_that_ends_pauses_what_is_sent(office: Office) -> None:
    office.people(3)
    campaign = office.campaign()
    office.send(campaign)
    office.db.admin.execute("select app.start_campaign(%s)", (campaign,))
    give_plan(office.db.admin, office.cast.workspace_id, "starter")
    await office.work_off()
    (row,) = office.all("select status, error_code from public.campaigns")
    assert row == {"status": "paused", "error_code": "plan.not_entitled"}
    assert (office.mailer.sent, office.states(campaign)) == ([], {"queued": 3})
    give_plan(office.db.admin, office.cast.workspace_id, "enterprise")
    office.act(campaign, "resume")
    await office.work_off()
    (row,) = office.all("select status, error_code from public.campaigns")
    assert row == {"status": "sent", "error_code": None}
    assert len(office.mailer.sent) == 3


def refusing(address: str, error: Exception, times: int = 1) -> Callable[[Mail], None]:
    """Raises for mails to this address, so often."""
    left = [error] * times

    def check(mail: Mail) -> None:
        if mail.to.email == address and left:
            raise left.pop()

    return check


async def test_an_outage_repeats_only_what_was_not_sent(office: Office) -> None:
    office.people(30)
    fault = ProviderUnavailable("provider.unavailable", "Away.", provider="watched")
    office.mailer.before = refusing("p00007@people.test", fault, times=2)
    campaign = office.campaign()
    office.send(campaign)
    await office.work_off()
    assert office.states(campaign) == {"sent": 30}
    assert len(office.mailer.sent) == len(set(office.mailer.addresses())) == 30


async def test_an_unknown_outcome_is_shown_and_not_repeated(office: Office) -> None:
    office.people(12)
    office.mailer.before = refusing("p00003@people.test", DeliveryUnknown(provider="watched"), times=9)
    campaign = office.campaign()
    office.send(campaign)
    await office.work_off()
    assert office.states(campaign) == {"sent": 11, "unknown": 1}
    assert office.status(campaign) == "sent"
    (row,) = [row for row in office.recipients(campaign) if row["status"] == "unknown"]
    assert row["error_code"] == "provider.outcome_unknown"


async def test_a_refused_address_is_dead_a_refused_mail_is_not(office: Office) -> None:
    office.people(3)
    campaign = office.campaign()
    dead = refusing("p00000@people.test", ProviderRejected("email.recipient_refused", "No such user."))
    odd = refusing("p00001@people.test", ProviderRejected("provider.rejected", "No."))

    def refuse(mail: Mail) -> None:
        dead(mail)
        odd(mail)

    office.mailer.before = refuse
    office.send(campaign)
    await office.work_off()
    assert office.states(campaign) == {"bounced": 1, "failed": 1, "sent": 1}
    assert office.db.rows("select email, reason from app.suppressions") == [("p00000@people.test", "bounced")]


async def test_an_address_that_is_dead_and_forgotten_stays_dead(office: Office) -> None:
    office.contact("ada")
    campaign = office.campaign()

    def forget_and_refuse(mail: Mail) -> None:
        office.db.admin.execute("delete from public.contacts")
        raise ProviderRejected("email.recipient_refused", "No such user.")

    office.mailer.before = forget_and_refuse
    office.send(campaign)
    await office.work_off()
    assert office.states(campaign) == {"bounced": 1}
    again = office.contact("ada")
    assert office.preview(EVERYBODY)["mailable"] == 0
    office.call("set_contact_consent", [again], "granted", "Asked again")
    assert office.preview(EVERYBODY)["mailable"] == 0


async def test_what_a_dead_worker_left_is_unknown(office: Office) -> None:
    office.people(30)
    campaign = office.campaign()
    office.send(campaign)
    office.db.admin.execute("select app.start_campaign(%s)", (campaign,))
    with office.db.as_worker() as cursor:
        begun = cursor.execute("select * from app.begin_campaign_mails(%s, 1, 10)", (campaign,)).fetchall()
    assert len(begun) == 10
    await office.work_off()
    assert office.states(campaign) == {"sent": 20, "unknown": 10}
    assert not {row[2] for row in begun} & set(office.mailer.addresses())


async def test_a_worker_that_stops_keeps_the_answers_of_what_is_on_its_way(office: Office) -> None:
    office.people(100)
    campaign = office.campaign()
    office.send(campaign)
    async with office.working(grace=0.0) as worker:
        await until(lambda: len(office.mailer.sent) >= 20, 20)
        worker.stop()
    states = office.states(campaign)
    assert "unknown" not in states
    assert "sending" not in states
    assert states["sent"] == len(office.mailer.sent)
    await office.work_off()
    assert office.states(campaign) == {"sent": 100}


async def test_the_workspaces_own_pace_is_kept(office: Office) -> None:
    office.people(100)
    office.db.admin.execute("update public.marketing_settings set mails_per_second = 50")
    campaign = office.campaign()
    office.send(campaign)
    loop = asyncio.get_running_loop()
    times: list[float] = []
    office.mailer.before = lambda mail: times.append(loop.time())
    await office.work_off()
    assert len(times) == 100
    busiest = max(sum(start <= moment < start + 1 for moment in times) for start in times)
    assert busiest <= 50 * 1.15 + 2 * AT_ONCE
    assert max(times) - min(times) >= 1.5


async def test_two_who_start_at_once_choose_once(office: Office) -> None:
    office.people(250)
    campaign = office.campaign()
    office.send(campaign)
    async with office.working(), office.working():
        await until(office.is_idle, 40)
    assert len(office.mailer.sent) == len(set(office.mailer.addresses())) == 250
