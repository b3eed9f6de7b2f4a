"""Segments: what a filter may say, who may ask, what the preview tells."""

from __future__ import annotations

from typing import Any

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
