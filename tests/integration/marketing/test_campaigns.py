"""Campaigns as people handle them: drafts, states, rights, plans."""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
import pytest

from tests.integration.marketing.office import EVERYBODY, Office
from tests.support.actors import give_plan


def code_of(error: pytest.ExceptionInfo[psycopg.Error]) -> str | None:
    return error.value.diag.message_detail


def test_a_draft_is_edited_until_it_is_scheduled(office: Office) -> None:
    campaign = office.campaign()
    assert office.update("campaigns", campaign, subject="Hi {{name}}") == 1
    office.call("schedule_campaign", campaign, "2027-01-01T09:00Z")
    for change in ({"subject": "No"}, {"segment_id": office.segment()}):
        with pytest.raises(psycopg.Error) as error:
            office.update("campaigns", campaign, **change)
        assert (error.value.sqlstate, code_of(error)) == ("PT409", "campaign.not_draft")
    office.act(campaign, "unschedule")
    assert office.update("campaigns", campaign, subject="Yes") == 1
    assert office.status(campaign) == "draft"


@pytest.mark.parametrize("text", ["{{password}}", "{{ name }}", "{{name|a|b}}", "Hi {{}}", "{{Name}}"])
@pytest.mark.parametrize("column", ["subject", "body"])
def test_placeholders_are_a_closed_list(office: Office, column: str, text: str) -> None:
    with pytest.raises(psycopg.Error) as error:
        office.campaign(**{column: text})
    assert (error.value.sqlstate, code_of(error)) == ("PT400", "campaign.bad_placeholder")


def test_what_is_missing_is_said(office: Office) -> None:
    for columns, code in (({"subject": " "}, "campaign.incomplete"), ({"body": ""}, "campaign.incomplete")):
        with pytest.raises(psycopg.Error) as error:
            office.send(office.campaign(**columns))
        assert code_of(error) == code
    lonely = office.insert("campaigns", name="Lonely", subject="Hi", body="You.")
    with pytest.raises(psycopg.Error) as error:
        office.send(lonely)
    assert code_of(error) == "campaign.no_segment"
    with pytest.raises(psycopg.Error) as error:
        office.call("schedule_campaign", office.campaign(), "2036-01-01")
    assert code_of(error) == "campaign.bad_time"
    office.db.admin.execute("delete from public.marketing_settings")
    with pytest.raises(psycopg.Error) as error:
        office.send(office.campaign())
    assert (error.value.sqlstate, code_of(error)) == ("PT409", "campaign.no_sender")


def test_a_plan_without_campaigns_drafts_them_only(office: Office) -> None:
    campaign = office.campaign()
    give_plan(office.db.admin, office.cast.workspace_id, "starter")
    with pytest.raises(psycopg.Error) as error:
        office.send(campaign)
    assert (error.value.sqlstate, code_of(error)) == ("PT402", "plan.not_entitled")


def test_a_plan_that_ended_resumes_nothing(office: Office) -> None:
    campaign = office.campaign()
    _put(office, campaign, "paused")
    give_plan(office.db.admin, office.cast.workspace_id, "starter")
    with pytest.raises(psycopg.Error) as error:
        office.act(campaign, "resume")
    assert (error.value.sqlstate, code_of(error)) == ("PT402", "plan.not_entitled")
    assert office.status(campaign) == "paused"


@pytest.mark.parametrize(
    ("state", "act"),
    [
        ("draft", "pause"), ("draft", "cancel"), ("scheduled", "resume"), ("scheduled", "pause"),
        ("sending", "resume"), ("sending", "unschedule"), ("paused", "pause"), ("sent", "cancel"),
        ("sent", "resume"), ("cancelled", "resume"), ("cancelled", "cancel"),
    ],
)  # fmt: skip
def test_states_follow_each_other_as_they_may(office: Office, state: str, act: str) -> None:
    campaign = office.campaign()
    _put(office, campaign, state)
    with pytest.raises(psycopg.Error) as error:
        office.act(campaign, act)
    assert (error.value.sqlstate, code_of(error)) == ("PT409", "campaign.wrong_state")
    assert office.status(campaign) == state


def _put(office: Office, campaign: Any, state: str) -> None:
    """By the ways there are."""
    ways = {"sent": ["scheduled", "sending", "sent"], "paused": ["scheduled", "sending", "paused"]}
    for step in ways.get(state, ["scheduled", state] if state in ("sending", "cancelled") else [state]):
        office.db.admin.execute("update public.campaigns set status = %s where id = %s", (step, campaign))


def test_no_writer_skips_a_state(office: Office) -> None:
    campaign = office.campaign()
    with pytest.raises(psycopg.Error) as error:
        office.db.admin.execute("update public.campaigns set status = 'sent' where id = %s", (campaign,))
    assert code_of(error) == "campaign.wrong_state"
    with pytest.raises(psycopg.Error) as error:
        office.act(campaign, "explode")
    assert code_of(error) == "campaign.unknown_act"


def test_what_is_running_is_not_deleted_but_with_its_workspace(office: Office) -> None:
    campaign = office.campaign()
    _put(office, campaign, "sending")
    with pytest.raises(psycopg.Error) as error, office.db.as_user(office.cast.marketing) as cursor:
        cursor.execute("delete from public.campaigns where id = %s", (campaign,))
    assert code_of(error) == "campaign.running"
    office.db.admin.execute("delete from public.workspaces where id = %s", (office.cast.workspace_id,))
    assert office.all("select from public.campaigns") == []


def test_who_may_send(office: Office) -> None:
    campaign = office.campaign()
    cast = office.cast
    for actor, code in (
        (cast.sales, "workspace.forbidden"),
        (cast.editor, "workspace.forbidden"),
        (cast.viewer, "campaign.not_found"),
        (cast.support, "campaign.not_found"),
        (cast.stranger, "campaign.not_found"),
    ):
        for function, more in (("schedule_campaign", []), ("act_on_campaign", ["cancel"])):
            with pytest.raises(psycopg.Error) as error:
                office.call(function, campaign, *more, actor=actor)
            assert code_of(error) == code
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.insert("campaigns", cast.editor, name="Mine")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.update("campaigns", campaign, status="sent")


def test_a_segment_of_another_workspace_is_none(office: Office) -> None:
    other = office.db.value(
        "select id from public.workspaces where created_by = %s and kind = 'personal'",
        office.cast.marketing.user_id,
    )
    theirs = office.insert("segments", workspace_id=other, name="Theirs", filter='{"all": []}')
    with pytest.raises(psycopg.Error) as error:
        office.campaign(theirs)
    assert (error.value.sqlstate, code_of(error)) == ("PT404", "segment.not_found")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " "}, "campaign.name_invalid"),
        ({"name": None}, "campaign.name_invalid"),
        ({"name": "n" * 101}, "campaign.name_invalid"),
        ({"subject": "s" * 201}, "campaign.too_long"),
        ({"body": "b" * 50001}, "campaign.too_long"),
    ],
)
def test_a_draft_that_does_not_fit_is_refused_in_words(
    office: Office, change: dict[str, Any], code: str
) -> None:
    draft = office.campaign()
    for write in (office.campaign, partial(office.update, "campaigns", draft)):
        with pytest.raises(psycopg.Error) as error:
            write(**change)
        assert (error.value.sqlstate, code_of(error)) == ("PT400", code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sender_name": " "}, "marketing.sender_invalid"),
        ({"sender_name": None}, "marketing.sender_invalid"),
        ({"postal_address": "Rue"}, "marketing.postal_invalid"),
        ({"postal_address": "x" * 301}, "marketing.postal_invalid"),
        ({"reply_to": "nobody"}, "marketing.reply_invalid"),
        ({"mails_per_second": 0}, "marketing.rate_invalid"),
        ({"mails_per_second": "NaN"}, "marketing.rate_invalid"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_words(
    office: Office, change: dict[str, Any], code: str
) -> None:
    (column,) = change
    with pytest.raises(psycopg.Error) as error, office.db.as_user(office.cast.marketing) as cursor:
        cursor.execute(f"update public.marketing_settings set {column} = %s".encode(), (change[column],))
    assert (error.value.sqlstate, code_of(error)) == ("PT400", code)
    office.db.admin.execute("delete from public.marketing_settings")
    whole = {"sender_name": "Morvan", "postal_address": "1 Quai du Port, Brest", **change}
    columns, marks = ", ".join(whole), ", ".join(["%s"] * len(whole))
    query = f"insert into public.marketing_settings (workspace_id, {columns}) values (%s, {marks})"
    with pytest.raises(psycopg.Error) as error, office.db.as_user(office.cast.marketing) as cursor:
        cursor.execute(query.encode(), (office.cast.workspace_id, *whole.values()))
    assert code_of(error) == code


async def test_a_segment_deleted_meanwhile_gives_the_draft_back(office: Office) -> None:
    office.contact("ada")
    segment = office.segment(EVERYBODY)
    campaign = office.campaign(segment)
    office.send(campaign)
    with office.db.as_user(office.cast.marketing) as cursor:
        cursor.execute("delete from public.segments where id = %s", (segment,))
    await office.work_off()
    (row,) = office.all("select status, error_code, scheduled_at from public.campaigns")
    assert row == {"status": "draft", "error_code": "campaign.no_segment", "scheduled_at": None}
    assert office.mailer.sent == []


async def test_a_campaign_waits_for_its_time(office: Office) -> None:
    office.contact("ada")
    campaign = office.campaign()
    office.call("schedule_campaign", campaign, "2027-01-01T09:00Z")
    office.db.admin.execute("select app.start_campaign(%s)", (campaign,))
    assert (office.status(campaign), office.recipients(campaign)) == ("scheduled", [])
    office.act(campaign, "unschedule")
    office.send(campaign)
    await office.work_off()
    assert (office.status(campaign), office.mailer.addresses()) == ("sent", ["ada@people.test"])
