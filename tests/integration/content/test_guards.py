"""What a client writes straight into a table is refused in words, with a code."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.content.desk import Desk
from tests.integration.identity.calls import refused


@pytest.mark.parametrize("title", ["", " \n", "x" * 301, None])
def test_a_document_is_renamed_by_the_rule_it_was_created_by(desk: Desk, title: str | None) -> None:
    rename = "update public.documents set title = %s where id = %s returning title"
    with refused(400, "document.bad_title"):
        desk.ask(desk.cast.editor, rename, (title, desk.document))
    assert desk.ask(desk.cast.viewer, rename, (title, desk.document)) == []
    assert desk.ask(desk.cast.editor, rename, ("x" * 300, desk.document)) == [{"title": "x" * 300}]


@pytest.mark.parametrize(
    ("table", "row", "code"),
    [
        ("notes", {"title": "x" * 201, "content": "y"}, "note.bad_title"),
        ("notes", {"title": None, "content": "y"}, "note.bad_title"),
        ("notes", {"content": ""}, "note.bad_content"),
        ("notes", {"content": None}, "note.bad_content"),
        ("notes", {"content": "y" * 20_001}, "note.bad_content"),
        ("conversations", {"title": "x" * 201}, "conversation.bad_title"),
        ("conversations", {"title": None}, "conversation.bad_title"),
    ],
)
def test_a_row_that_cannot_be_stored(desk: Desk, table: str, row: dict[str, Any], code: str) -> None:
    good = {"notes": {"content": "Good."}, "conversations": {"title": "Good."}}[table]
    added = uuid4()
    write(desk, table, {"id": added} | good)
    with refused(400, code):
        write(desk, table, row)
    with refused(400, code):
        change = ", ".join(f"{column} = %({column})s" for column in row)
        desk.ask(
            desk.cast.editor, f"update public.{table} set {change} where id = %(id)s", {"id": added} | row
        )


def write(desk: Desk, table: str, row: dict[str, Any]) -> None:
    whole = {"workspace_id": desk.cast.workspace_id} | row
    names, marks = ", ".join(whole), ", ".join(f"%({column})s" for column in whole)
    desk.ask(desk.cast.editor, f"insert into public.{table} ({names}) values ({marks})", whole)
