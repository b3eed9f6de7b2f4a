"""Threads on a document: anchored, answered, settled; people named in them are told, once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.content.desk import TEXT, Desk, Row
from tests.integration.identity.calls import denied, refused
from tests.support.actors import Actor


def told(desk: Desk, actor: Actor) -> list[Row]:
    """What the feed says about mentions."""
    return desk.ask(actor, "select kind, data, workspace_id from public.notifications where kind = 'mention'")


def thread(desk: Desk, actor: Actor) -> list[Row]:
    return desk.ask(actor, "select * from public.comments order by created_at, id")


def test_a_comment_is_about_a_passage_of_a_version(desk: Desk) -> None:
    start = TEXT.index("Pilots")
    desk.save("Something else.", 1)
    said = desk.say(desk.cast.sales, version=1, range_start=start, range_end=start + 6)
    assert (said["version"], said["quote"], said["created_by"]) == (1, "Pilots", desk.cast.sales.user_id)
    whole = desk.say(desk.cast.editor)
    assert (whole["version"], whole["quote"]) == (2, None)
    assert [row["id"] for row in thread(desk, desk.cast.viewer)] == [said["id"], whole["id"]]
    assert desk.lines(desk.cast.viewer)[:2] == [("comment", "commented")] * 2


@pytest.mark.parametrize(
    "given",
    [
        {"range_start": 0},
        {"range_end": 3},
        {"range_start": 5, "range_end": 5},
        {"range_start": -1, "range_end": 3},
        {"range_start": 0, "range_end": len(TEXT) + 1},
    ],
)
def test_a_passage_must_be_there(desk: Desk, given: dict[str, int]) -> None:
    with refused(400, "comment.bad_range"):
        desk.say(desk.cast.editor, **given)


def test_a_passage_counts_code_points_and_can_be_checked(desk: Desk) -> None:
    text = "🚢🚢 enter. Pilots wait."
    desk.save(text, 1)
    start = text.index("Pilots")
    there = {"range_start": start, "range_end": start + 6}
    assert desk.say(desk.cast.sales, quote="Pilots", **there)["quote"] == "Pilots"
    in_utf_16 = {"range_start": start + 2, "range_end": start + 8}
    with refused(400, "comment.bad_range"):
        desk.say(desk.cast.sales, quote="Pilots", **in_utf_16)
    assert desk.say(desk.cast.sales, **in_utf_16)["quote"] == "lots w"
    with refused(400, "comment.bad_range"):
        desk.say(desk.cast.sales, quote="Pilots")


def test_a_pdf_is_commented_on_as_a_whole(desk: Desk) -> None:
    desk.db.admin.execute("delete from public.document_versions")
    desk.db.admin.execute("update public.documents set kind = 'pdf'")
    assert desk.say(desk.cast.editor)["quote"] is None
    with refused(400, "comment.bad_range"):
        desk.say(desk.cast.editor, range_start=0, range_end=3)


@pytest.mark.parametrize("body", ["", " \n", "x" * 10_001, None])
def test_it_says_something(desk: Desk, body: Any) -> None:
    with refused(400, "comment.bad_body"):
        desk.say(desk.cast.editor, body)


def test_versions_and_documents_that_are_not_there(desk: Desk) -> None:
    with refused(404, "document.version_not_found"):
        desk.say(desk.cast.editor, version=2)
    with refused(404, "document.not_found"):
        desk.say(desk.cast.editor, document_id=uuid4())


def test_who_reads_does_not_always_speak(desk: Desk) -> None:
    with refused(403, "workspace.forbidden"):
        desk.say(desk.cast.viewer)
    with refused(404, "document.not_found"):
        desk.say(desk.cast.stranger)
    said = desk.say(desk.cast.support)
    assert thread(desk, desk.cast.stranger) == []
    with refused(404, "comment.not_found"):
        desk.call(desk.cast.stranger, "resolve_comment", comment_id=said["id"])
    with refused(403, "workspace.forbidden"):
        desk.call(desk.cast.viewer, "resolve_comment", comment_id=said["id"])
    with denied():
        desk.ask(desk.cast.owner, "update public.comments set body = 'Mine'")


def test_answers_stand_in_their_thread(desk: Desk) -> None:
    opened = desk.say(desk.cast.editor)
    answer = desk.say(desk.cast.sales, "It is.", thread_id=opened["id"])
    assert answer["thread_id"] == opened["id"]
    with refused(404, "comment.not_found"):
        desk.say(desk.cast.editor, "To the answer.", thread_id=answer["id"])
    other = desk.write("Another")
    with refused(404, "comment.not_found"):
        desk.say(desk.cast.editor, document_id=other, thread_id=opened["id"])
    with refused(400, "comment.bad_range"):
        desk.say(desk.cast.editor, thread_id=opened["id"], range_start=0, range_end=3)


def test_a_thread_is_settled_and_opened_again(desk: Desk) -> None:
    opened = desk.say(desk.cast.editor)
    given = {"comment_id": opened["id"]}
    settled = desk.call(desk.cast.sales, "resolve_comment", **given)[0]
    assert settled["resolved_by"] == desk.cast.sales.user_id
    assert desk.call(desk.cast.admin, "resolve_comment", **given)[0]["resolved_by"] == settled["resolved_by"]
    reopened = desk.call(desk.cast.editor, "resolve_comment", is_resolved=False, **given)[0]
    assert (reopened["resolved_at"], reopened["resolved_by"]) == (None, None)
    assert desk.lines(desk.cast.viewer, subject_id=opened["id"]) == [
        ("comment", "reopened"), ("comment", "resolved"), ("comment", "commented"),
    ]  # fmt: skip
    answer = desk.say(desk.cast.sales, thread_id=opened["id"])
    with refused(409, "comment.no_thread"):
        desk.call(desk.cast.sales, "resolve_comment", comment_id=answer["id"])
    states = [(hint["operation"], hint["is_resolved"]) for hint in desk.sent("comment")]
    assert states == [("INSERT", False), ("UPDATE", True), ("UPDATE", False), ("INSERT", False)]
    assert "body" not in desk.sent("comment")[0]


def test_one_changes_ones_own(desk: Desk) -> None:
    said = desk.say(desk.cast.sales)
    given = {"comment_id": said["id"], "body": "Better said."}
    changed = desk.call(desk.cast.sales, "edit_comment", **given)[0]
    assert (changed["body"], changed["edited_at"] is not None) == ("Better said.", True)
    for actor in (desk.cast.editor, desk.cast.owner):
        with refused(403, "comment.forbidden"):
            desk.call(actor, "edit_comment", **given)


def test_a_deleted_comment_leaves_its_place(desk: Desk) -> None:
    said = desk.say(
        desk.cast.sales, "A secret.", range_start=0, range_end=3, mentions=[desk.cast.admin.user_id]
    )
    desk.say(desk.cast.editor, "Is it?", thread_id=said["id"])
    with refused(403, "comment.forbidden"):
        desk.call(desk.cast.editor, "delete_comment", comment_id=said["id"])
    desk.call(desk.cast.sales, "delete_comment", comment_id=said["id"])
    first, second = thread(desk, desk.cast.viewer)
    assert (first["body"], first["quote"], first["deleted_at"] is not None) == ("", None, True)
    assert second["body"] == "Is it?"
    assert desk.db.value("select count(*) from public.comment_mentions") == 0
    with refused(404, "comment.not_found"):
        desk.call(desk.cast.sales, "edit_comment", comment_id=said["id"], body="Back.")
    desk.call(desk.cast.admin, "delete_comment", comment_id=second["id"])
    assert thread(desk, desk.cast.viewer)[1]["body"] == ""


def test_who_is_named_is_told_once(desk: Desk) -> None:
    cast = desk.cast
    said = desk.say(
        cast.sales, "See here.", mentions=[cast.viewer.user_id, cast.viewer.user_id, cast.sales.user_id]
    )
    (feed,) = told(desk, cast.viewer)
    assert (feed["workspace_id"], feed["data"]["text"], feed["data"]["title"]) == (
        cast.workspace_id, "See here.", "Harbour",
    )  # fmt: skip
    assert told(desk, cast.sales) == []
    both = [cast.viewer.user_id, cast.support.user_id]
    for mentions in ([cast.support.user_id], both):
        desk.call(cast.sales, "edit_comment", comment_id=said["id"], body="See there.", mentions=mentions)
    assert len(told(desk, cast.viewer)) == len(told(desk, cast.support)) == 1
    named = desk.ask(cast.viewer, "select user_id from public.comment_mentions")
    assert {row["user_id"] for row in named} == set(both)


def test_a_change_leaves_who_is_named_unless_told(desk: Desk) -> None:
    cast = desk.cast
    said = desk.say(cast.sales, mentions=[cast.viewer.user_id])

    def named(**given: Any) -> list[Any]:
        desk.call(cast.sales, "edit_comment", comment_id=said["id"], body="Mended.", **given)
        return [
            row["user_id"] for row in desk.ask(cast.viewer, "select user_id from public.comment_mentions")
        ]

    assert named() == named(mentions=None) == [cast.viewer.user_id]
    assert named(mentions=[]) == []


def test_only_who_may_read_can_be_named(desk: Desk) -> None:
    for nobody in (desk.cast.stranger.user_id, uuid4(), None):
        with refused(400, "comment.mention_cannot_read"):
            desk.say(desk.cast.editor, mentions=[desk.cast.viewer.user_id, nobody])
    assert told(desk, desk.cast.viewer) == told(desk, desk.cast.stranger) == []
    with refused(400, "comment.too_many_mentions"):
        desk.say(desk.cast.editor, mentions=[desk.cast.viewer.user_id] * 51)
