"""After sending: unsubscribing, opens, clicks, and what the mail provider tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.marketing.office import EVERYBODY, Office

NOTIFICATION = """
insert into public.notifications (user_id, email, kind, locale, dedupe_key, status)
values (%s, 'x@people.test', 'mention', 'en', 'x', 'sent')
"""


async def sent(office: Office, *names: str) -> tuple[UUID, dict[str, UUID]]:
    """A campaign that was sent to these people, and their mails' ids."""
    for name in names:
        office.contact(name)
    campaign = office.campaign()
    office.send(campaign)
    await office.work_off()
    return campaign, {row["email"].partition("@")[0]: row["id"] for row in office.recipients(campaign)}


def tell(office: Office, *events: dict[str, Any]) -> None:
    """As the worker applies a batch of the provider's events."""
    batch = uuid4()
    empty = dict.fromkeys(("status", "error_code", "error_message", "provider_message_id", "suppress"))
    effects = [{**empty, "email": "", **event, "id": str(event["id"])} for event in events]
    with office.db.as_worker() as cursor:
        cursor.execute("select app.apply_mail_events(%s, %s)", (batch, Jsonb(effects)))


async def test_unsubscribing_is_for_good_and_for_this_workspace(office: Office) -> None:
    campaign, mails = await sent(office, "ada", "bob")
    assert office.door("unsubscribe_mail", mails["ada"]) is True
    assert office.door("unsubscribe_mail", mails["ada"]) is True
    assert office.door("unsubscribe_mail", uuid4()) is False
    assert office.db.rows("select email, reason from public.mail_suppressions") == [
        ("ada@people.test", "unsubscribed")
    ]
    (event,) = office.all("select consent, source from public.consent_events where consent = 'withdrawn'")
    assert event == {"consent": "withdrawn", "source": "unsubscribed"}
    assert office.preview({"all": []})["mailable"] == 1
    assert office.db.rows("select from app.suppressions") == []
    assert office.stats(campaign)["unsubscribed"] == 1


async def test_who_changed_their_address_leaves_with_both(office: Office) -> None:
    _, mails = await sent(office, "ada")
    office.db.admin.execute("update public.contacts set email = 'ada@new.test'")
    office.door("unsubscribe_mail", mails["ada"])
    rows = office.db.rows("select email from public.mail_suppressions order by 1")
    assert rows == [("ada@new.test",), ("ada@people.test",)]


async def test_opens_and_clicks_are_counted(office: Office) -> None:
    campaign, mails = await sent(office, "ada", "bob", "cleo")
    for is_click in (False, False, True):
        assert office.door("track_mail", mails["ada"], is_click) is True
    office.door("track_mail", mails["bob"], True)
    assert office.door("track_mail", uuid4(), False) is False
    stats = office.stats(campaign)
    assert {key: stats[key] for key in ("opened", "clicked", "opens", "clicks")} == {
        "opened": 2,
        "clicked": 2,
        "opens": 2,
        "clicks": 2,
    }


async def test_numbers_are_counted_by_a_job_soon(office: Office) -> None:
    campaign, mails = await sent(office, "ada")
    office.db.admin.execute("delete from public.jobs")
    for _ in range(3):
        office.door("track_mail", mails["ada"], False)
    jobs = office.all("select subject_id, run_at - now() < '5 s' as is_soon from public.jobs")
    assert 1 <= len(jobs) <= 2
    assert jobs[0] == {"subject_id": campaign, "is_soon": True}


async def test_the_provider_has_the_last_word_in_any_order(office: Office) -> None:
    campaign, mails = await sent(office, "ada", "bob", "cleo")
    tell(office, {"id": mails["ada"], "status": "delivered"}, {"id": mails["bob"], "status": "delivered"})
    bounce = {"status": "bounced", "error_code": "email.bounced", "suppress": "bounced"}
    tell(
        office,
        {"id": mails["ada"], **bounce, "email": "ada@people.test"},
        {"id": mails["ada"], "status": "delivered"},
        {"id": mails["cleo"], "status": "suppressed", "error_code": "email.dropped"},
    )
    tell(office, {"id": mails["ada"], "status": "delivered"})
    assert office.states(campaign) == {"bounced": 1, "delivered": 1, "failed": 1}
    assert office.db.rows("select email from app.suppressions") == [("ada@people.test",)]
    stats = office.stats(campaign)
    assert (stats["sent"], stats["delivered"], stats["bounced"]) == (2, 1, 1)


async def test_a_complaint_concerns_the_workspace_that_wrote(office: Office) -> None:
    campaign, mails = await sent(office, "ada", "bob")
    complaint = {"status": "complained", "suppress": "complained", "email": "ada@people.test"}
    tell(office, {"id": mails["ada"], **complaint})
    tell(office, {"id": mails["bob"], "suppress": "unsubscribed", "email": "bob@people.test"})
    assert office.db.rows("select email, reason from public.mail_suppressions order by 1") == [
        ("ada@people.test", "complained"),
        ("bob@people.test", "unsubscribed"),
    ]
    assert office.db.rows("select from app.suppressions") == []
    assert office.states(campaign) == {"complained": 1, "sent": 1}
    office.door("unsubscribe_mail", mails["ada"])
    kept = office.db.value("select reason from public.mail_suppressions where email = 'ada@people.test'")
    assert kept == "complained"


def test_a_complaint_about_a_notification_is_for_the_installation(office: Office) -> None:
    complaint = {"status": "complained", "suppress": "complained"}
    office.db.admin.execute(NOTIFICATION.encode(), (office.cast.owner.user_id,))
    known = office.db.value("select id from public.notifications limit 1")
    tell(office, {"id": known, **complaint, "email": "x@people.test"})
    tell(office, {"id": uuid4(), **complaint, "email": "y@people.test"})
    tell(office, {"id": uuid4(), "status": "bounced", "suppress": "bounced", "email": "z@people.test"})
    rows = office.db.rows("select email, reason from app.suppressions order by 1")
    assert rows == [("x@people.test", "complained"), ("z@people.test", "bounced")]


async def test_a_deleted_contact_leaves_numbers_and_no_address(office: Office) -> None:
    campaign, mails = await sent(office, "ada")
    with office.db.as_user(office.cast.sales) as cursor:
        cursor.execute("delete from public.contacts")
    (row,) = office.recipients(campaign)
    assert (row["id"], row["email"], row["contact_id"], row["status"]) == (mails["ada"], None, None, "sent")
    assert office.stats(campaign)["sent"] == 1


def forget_contact(office: Office, campaign: UUID) -> None:
    office.db.admin.execute("delete from public.contacts where email = 'ada@people.test'")


def forget_campaign(office: Office, campaign: UUID) -> None:
    with office.db.as_user(office.cast.marketing) as cursor:
        cursor.execute("delete from public.campaigns where id = %s", (campaign,))


def forget_both(office: Office, campaign: UUID) -> None:
    forget_contact(office, campaign)
    forget_campaign(office, campaign)


FORGETTING = pytest.mark.parametrize("forget", [forget_contact, forget_campaign, forget_both])
Forget = Callable[[Office, UUID], None]


async def mailed_again(office: Office) -> list[str]:
    """To whom a new campaign to everybody goes."""
    office.mailer.sent.clear()
    second = office.campaign()
    office.send(second)
    await office.work_off()
    return office.mailer.addresses()


@FORGETTING
async def test_who_leaves_after_being_forgotten_has_left(office: Office, forget: Forget) -> None:
    campaign, mails = await sent(office, "ada", "bob")
    forget(office, campaign)
    assert office.door("unsubscribe_mail", mails["ada"]) is True
    again = office.contact("ada")
    assert office.preview(EVERYBODY)["mailable"] == 1
    assert await mailed_again(office) == ["bob@people.test"]
    assert office.call("set_contact_consent", [again], "granted", "Asked again in the shop") == 1
    assert await mailed_again(office) == ["ada@people.test", "bob@people.test"]


@FORGETTING
async def test_a_complaint_after_being_forgotten_stays(office: Office, forget: Forget) -> None:
    campaign, mails = await sent(office, "ada", "bob")
    forget(office, campaign)
    assert office.door("unsubscribe_mail", mails["ada"]) is True
    complaint = {"status": "complained", "suppress": "complained", "email": "ada@people.test"}
    tell(office, {"id": mails["ada"], **complaint})
    assert office.db.rows("select from app.suppressions") == []
    assert office.door("unsubscribe_mail", mails["ada"]) is True
    again = office.contact("ada")
    office.call("set_contact_consent", [again], "granted", "Asked again in the shop")
    assert office.preview(EVERYBODY)["mailable"] == 1
    assert await mailed_again(office) == ["bob@people.test"]


async def test_a_forgotten_one_is_asked_for_at_the_moment_of_sending(office: Office) -> None:
    campaign, mails = await sent(office, "ada")
    forget_contact(office, campaign)
    office.contact("ada")
    second = office.campaign()
    office.send(second)
    office.db.admin.execute("select app.start_campaign(%s)", (second,))
    office.db.admin.execute(
        "insert into app.suppressed_hashes (workspace_id, email_hash, reason)"
        " select workspace_id, email_hash, 'unsubscribed' from app.forgotten_recipients"
    )
    await office.work_off()
    (row,) = office.recipients(second)
    assert (row["status"], row["error_code"]) == ("skipped", "campaign.suppressed")
    assert office.door("unsubscribe_mail", mails["ada"]) is True


async def test_who_has_the_address_of_a_forgotten_one_leaves_too(office: Office) -> None:
    campaign, mails = await sent(office, "ada")
    kept = office.contact("adele", email="ADA@people.test ")
    forget_contact(office, campaign)
    office.door("unsubscribe_mail", mails["ada"])
    assert office.db.value("select email_consent from public.contacts where id = %s", kept) == "withdrawn"


async def test_a_workspace_takes_everything_with_it(office: Office) -> None:
    campaign, mails = await sent(office, "ada", "bob")
    forget_contact(office, campaign)
    office.door("unsubscribe_mail", mails["ada"])
    office.db.admin.execute("delete from public.workspaces where id = %s", (office.cast.workspace_id,))
    assert office.door("unsubscribe_mail", mails["ada"]) is False
    assert office.door("track_mail", mails["bob"], True) is False
    for table in ("forgotten_recipients", "suppressed_hashes"):
        assert office.db.value(f"select count(*) from app.{table}") == 0


async def test_numbers_are_told_to_who_listens_and_only_when_they_change(office: Office) -> None:
    campaign, mails = await sent(office, "ada")
    topic = f"workspace:{office.cast.workspace_id}"
    told = "select payload from realtime.messages where topic = %s and event = 'campaign.stats'"
    office.stats(campaign)
    before = len(office.all(told, topic))
    office.stats(campaign)
    assert len(office.all(told, topic)) == before
    office.door("track_mail", mails["ada"], False)
    office.stats(campaign)
    after = [row["payload"] for row in office.all(told, topic)]
    assert len(after) == before + 1
    assert [{key: one[key] for key in one if key != "id"} for one in after] == [
        {"campaign_id": str(campaign)}
    ] * len(after)
    states = "select payload ->> 'status' as s from realtime.messages where event = 'campaign.status'"
    assert {row["s"] for row in office.all(states)} == {"scheduled", "sending", "sent"}


@pytest.mark.parametrize("function", ["link_keys", "unsubscribe_mail", "track_mail"])
def test_the_doors_are_for_the_secret_key_only(office: Office, function: str) -> None:
    arguments = {"link_keys": (), "unsubscribe_mail": (uuid4(),), "track_mail": (uuid4(), True)}[function]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.call(function, *arguments, actor=office.cast.owner)
    (key,) = office.door("link_keys").values()
    assert len(key) >= 64
