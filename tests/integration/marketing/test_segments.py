"""Segments: what a filter may say, who may ask, what the preview tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.marketing.office import EVERYBODY, Office
from tests.support.actors import Actor

LEAD = {"field": "lifecycle", "op": "eq", "value": "lead"}


def refused(error: pytest.ExceptionInfo[psycopg.Error]) -> tuple[str | None, str | None]:
    return error.value.sqlstate, error.value.diag.message_detail


def test_preview_counts_and_shows(office: Office) -> None:
    office.contact("ada", lifecycle="lead", tags=["VIP"], company="O'Hara")
    office.contact("bob", lifecycle="lead", email_consent="unknown")
    office.contact("cleo", lifecycle="lead", email=None)
    office.contact("dan")
    found = office.preview({"all": [LEAD, {"not": {"field": "name", "op": "eq", "value": "BOB"}}]})
    assert (found["count"], found["mailable"]) == (2, 1)
    assert [one["name"] for one in found["examples"]] == ["Cleo", "Ada"]
    assert office.preview({"field": "tags", "op": "has_any", "value": ["vip"]})["count"] == 1
    assert office.preview({"field": "company", "op": "contains", "value": "o'h"})["count"] == 1
    assert office.preview(EVERYBODY)["count"] == 4
    assert office.preview({"any": []})["count"] == 0


def test_mailable_knows_dead_addresses(office: Office) -> None:
    for name in ("ada", "bob", "cleo"):
        office.contact(name)
    office.db.admin.execute("select app.suppress('ADA@people.test', 'bounced')")
    office.db.admin.execute(
        "select app.suppress_in(%s, 'bob@people.test', 'complained')", (office.cast.workspace_id,)
    )
    assert office.preview(EVERYBODY) | {"examples": None} == {"count": 3, "mailable": 1, "examples": None}


def test_another_workspaces_contacts_are_not_there(office: Office) -> None:
    other = office.db.value(
        "select w.id from public.workspaces as w where w.created_by = %s and w.kind = 'personal'",
        office.cast.stranger.user_id,
    )
    office.contact("ada", workspace_id=other)
    office.contact("bob")
    assert [one["name"] for one in office.preview(EVERYBODY)["examples"]] == ["Bob"]


@pytest.mark.parametrize(
    ("filter_", "words"),
    [
        ([], "an object"),
        ({"field": "password", "op": "eq", "value": "x"}, "no such field"),
        ({"field": "name; drop table x", "op": "eq", "value": "x"}, "no such field"),
        ({"field": "name", "op": "~", "value": "x"}, "the operators of name are eq, in"),
        ({"field": "name", "op": "eq", "value": 7}, "a text of 1 to 200"),
        ({"field": "name", "op": "eq"}, "a text of 1 to 200"),
        ({"field": "name", "op": "is_set", "value": True}, "is_set has no value"),
        ({"field": "name", "op": "in", "value": []}, "a list of 1 to 100"),
        ({"field": "name", "op": "in", "value": [1]}, "a list of 1 to 100"),
        ({"field": "lead_score", "op": "gt", "value": "7"}, "a number"),
        ({"field": "campaign", "op": "received", "value": "spring"}, "the id of a campaign"),
        ({"field": "campaign", "op": "not_received"}, "the id of a campaign"),
        ({"field": "campaign", "op": "eq", "value": str(UUID(int=1))}, "received, not_received"),
        ({"field": "created_at", "op": "before", "value": "yesterday"}, "a date"),
        ({"field": "created_at", "op": "before", "value": "2026-13-01"}, "no such date"),
        ({"field": "created_at", "op": "before", "value": "2026-01-01T10:00"}, "with its zone"),
        ({"field": "created_at", "op": "within_days", "value": 1.5}, "whole number of days"),
        ({"field": "name", "op": "eq", "value": "x", "or": 1}, "it is {"),
        ({"all": [LEAD, {"any": [{"not": {}}]}]}, "filter.all[1].any[0].not"),
        ({"all": LEAD}, "a list of at most 50"),
        ({"all": [{"all": [LEAD] * 26}] * 2}, "more than 50 comparisons"),
        ({"field": "name", "op": "eq", "value": "x" * 201}, "1 to 200 characters"),
        ({"all": [{"field": "name", "op": "in", "value": ["x" * 200] * 100}] * 2}, "20,000 characters"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused_with_its_place(
    office: Office, filter_: Any, words: str
) -> None:
    with pytest.raises(psycopg.Error) as error:
        office.preview(filter_)
    assert refused(error) == ("PT400", "segment.filter_invalid")
    assert words in str(error.value.diag.message_primary)
    with pytest.raises(psycopg.Error) as error:
        office.segment(filter_)
    assert refused(error) == ("PT400", "segment.filter_invalid")


def test_nesting_has_a_bottom(office: Office) -> None:
    filter_: dict[str, Any] = LEAD
    for _ in range(5):
        filter_ = {"not": filter_}
    assert office.preview(filter_)["count"] == 0
    with pytest.raises(psycopg.Error) as error:
        office.preview({"not": filter_})
    assert "more than 6 deep" in str(error.value)


def test_who_may_ask(office: Office) -> None:
    office.contact("ada")
    cast = office.cast
    for actor in (cast.owner, cast.admin, cast.marketing, cast.sales):
        assert len(office.preview(EVERYBODY, actor)["examples"]) == 1
    for actor, code in (
        (cast.editor, "workspace.forbidden"),
        (cast.viewer, "workspace.forbidden"),
        (cast.stranger, "workspace.not_found"),
    ):
        with pytest.raises(psycopg.Error) as error:
            office.preview(EVERYBODY, actor)
        assert error.value.diag.message_detail == code


def page(
    office: Office, segment: UUID, *more: Any, actor: Actor | None = None
) -> list[tuple[str, datetime, UUID]]:
    """Names with what the next page begins after."""
    marks = ", ".join(["%s"] * (1 + len(more)))
    query = f"select name, created_at, id from public.list_segment_contacts({marks})"
    with office.db.as_user(actor or office.cast.marketing) as cursor:
        return cursor.execute(query.encode(), (segment, *more)).fetchall()


def test_people_of_a_segment_are_listed_page_by_page(office: Office) -> None:
    office.people(25)  # of one moment: their ids decide
    office.contact("ada", created_at="2030-01-01")
    office.contact("bob", created_at="2020-01-01", lifecycle="lead")
    office.contact("cleo", lifecycle="lost")
    segment = office.segment({"not": {"field": "lifecycle", "op": "eq", "value": "lost"}})
    found = page(office, segment, 10)
    while rows := page(office, segment, 10, *found[-1][1:]):
        found += rows
    names = [name for name, *_ in found]
    assert (names[0], names[-1], len(names), len(set(names))) == ("Ada", "Bob", 27, 27)
    assert found == page(office, segment)
    assert len(page(office, segment, 0)) == 1
    office.update("segments", segment, filter=Jsonb(LEAD))
    assert [name for name, *_ in page(office, segment)] == ["Bob"]


def test_who_may_list_people(office: Office) -> None:
    office.contact("ada")
    segment, cast = office.segment(), office.cast
    for actor in (cast.owner, cast.admin, cast.marketing, cast.sales):
        assert len(page(office, segment, actor=actor)) == 1
    for actor, which, code in (
        (cast.editor, segment, "workspace.forbidden"),
        (cast.support, segment, "segment.not_found"),
        (cast.viewer, segment, "segment.not_found"),
        (cast.stranger, segment, "segment.not_found"),
        (cast.marketing, uuid4(), "segment.not_found"),
    ):
        with pytest.raises(psycopg.Error) as error:
            page(office, which, actor=actor)
        assert error.value.diag.message_detail == code


async def test_who_got_a_campaign_is_left_out_of_the_next(office: Office) -> None:
    office.contact("ada")
    first = office.campaign()
    office.send(first)
    await office.work_off()
    office.contact("bob")
    office.contact("ada again", email="ADA@people.test")
    got = {"field": "campaign", "op": "received", "value": str(first)}
    rest = {"field": "campaign", "op": "not_received", "value": str(first).upper()}
    assert office.preview(got)["count"] == 2
    assert [one["name"] for one in office.preview(rest)["examples"]] == ["Bob"]
    office.send(office.campaign(office.segment(rest)))
    await office.work_off()
    assert office.mailer.addresses() == ["ada@people.test", "bob@people.test"]


def test_marketing_brings_people_and_tags_them(office: Office) -> None:
    row = {"name": "Ada", "email": "ada@people.test"}
    office.call("import_contacts", office.cast.workspace_id, Jsonb([row]))
    mine = office.insert("contacts", name="Bob", tags=["fair"])
    assert office.update("contacts", mine, tags=["fair", "vip"]) == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.insert("contacts", office.cast.editor, name="Cleo")


def test_who_may_keep_segments(office: Office) -> None:
    segment = office.segment(LEAD)
    assert office.update("segments", segment, filter=Jsonb(EVERYBODY)) == 1
    assert office.update("segments", segment, office.cast.sales, name="Other") == 0
    kept = {"name": "Mine", "filter": Jsonb(EVERYBODY)}

    def seen(actor: Actor) -> int:
        with office.db.as_user(actor) as cursor:
            return len(cursor.execute("select from public.segments").fetchall())

    assert [seen(actor) for actor in (office.cast.editor, office.cast.viewer)] == [1, 0]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.insert("segments", office.cast.sales, **kept)
    with pytest.raises(psycopg.Error) as error:
        office.insert("segments", **{**kept, "name": " "})
    assert refused(error) == ("PT400", "segment.name_invalid")
