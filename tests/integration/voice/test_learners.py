"""Learners ask by voice at their lessons, by their enrolment alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.voice.ear import Ear, says
from tests.integration.voice.studio import INSERT, Studio, object_row
from tests.integration.voice.test_answers import HANDBOOK, QUESTION, refused
from tests.support.actors import Cast

Lesson = tuple[UUID, UUID]
"""Ids of the course and of its one lesson."""


async def taught(studio: Studio, cast: Cast) -> Lesson:
    """A published course about a lighthouse, in which the viewer is enrolled."""
    course_id = uuid4()
    with studio.db.as_user(cast.editor) as cursor:
        cursor.execute(
            "insert into public.courses (id, workspace_id, title) values (%s, %s, 'Keepers')",
            (course_id, cast.workspace_id),
        )
    lesson = studio.call(cast.editor, "create_lesson", course_id, "Lighthouse", HANDBOOK, True)
    studio.call(cast.editor, "set_course_status", course_id, "published")
    studio.call(cast.editor, "enrol", course_id, cast.viewer.user_id)
    await studio.work_off()
    return course_id, lesson["id"]


def answer_of(studio: Studio, recording: dict[str, Any]) -> dict[str, Any]:
    return studio.row("select * from public.messages where id = %s", recording["answer_id"])


async def test_a_learner_asks_at_a_lesson_and_hears_the_answer(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    course_id, lesson_id = await taught(studio, cast)
    ear.script = [says(QUESTION)]
    recording_id = studio.upload(cast.viewer, cast.workspace_id, memo)
    wanted = studio.call(cast.viewer, "answer_recording", recording_id, None, True, lesson_id)
    assert (wanted["asked_lesson_id"], wanted["answer_id"], wanted["lesson_id"]) == (lesson_id, None, None)
    await studio.work_off()
    made = studio.recording(recording_id)
    answer = answer_of(studio, made)
    assert "Ada Brennan" in answer["content"]
    assert {each["document_id"] for each in answer["citations"]} == {str(lesson_id)}
    asked = studio.row("select lesson_id, body, audience, asked_by, answer_id from public.lesson_questions")
    assert asked == {
        "lesson_id": lesson_id, "body": QUESTION, "audience": "ai", "asked_by": cast.viewer.user_id,
        "answer_id": made["answer_id"],
    }  # fmt: skip
    mine = "select conversation_id from public.enrolments where course_id = %s"
    assert studio.value(mine, course_id) == made["conversation_id"] == answer["conversation_id"]
    assert made["speech_status"] == "ready"
    assert studio.ledger("requests") == [(1, "committed")]
    assert studio.ledger() == [(3, "committed"), (-(-len(answer["content"]) // 15), "committed")]


async def test_asked_after_the_transcript_and_only_once(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    _, lesson_id = await taught(studio, cast)
    ear.script = [says(QUESTION)]
    recording_id = studio.upload(cast.viewer, cast.workspace_id, memo)
    await studio.work_off()
    first = studio.call(cast.viewer, "answer_recording", recording_id, None, False, lesson_id)
    again = studio.call(cast.viewer, "answer_recording", recording_id, None, False, lesson_id)
    assert first["answer_id"] == again["answer_id"] is not None
    await studio.work_off()
    assert (
        studio.call(cast.viewer, "answer_recording", recording_id, None, True)["speech_status"] == "pending"
    )
    assert studio.value("select count(*) from public.lesson_questions") == 1


async def test_a_learner_asks_nowhere_else(studio: Studio, cast: Cast, memo: bytes) -> None:
    _, lesson_id = await taught(studio, cast)
    mine = studio.upload(cast.viewer, cast.workspace_id, memo)
    theirs = studio.upload(cast.sales, cast.workspace_id, memo)
    conversation_id = uuid4()
    assert refused(studio, cast.viewer, mine) == ("PT403", "workspace.forbidden")
    assert refused(studio, cast.viewer, mine, conversation_id, False, lesson_id) == (
        "PT400",
        "recording.two_places",
    )
    assert refused(studio, cast.viewer, mine, None, False, uuid4()) == ("PT404", "lesson.not_found")
    assert refused(studio, cast.sales, theirs, None, False, lesson_id) == ("PT403", "course.not_enrolled")
    assert refused(studio, cast.viewer, theirs, None, False, lesson_id) == ("PT404", "recording.not_found")


async def test_an_enrolment_that_ends_meanwhile_counts(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    course_id, lesson_id = await taught(studio, cast)
    ear.script = [says(QUESTION)]
    recording_id = studio.upload(cast.viewer, cast.workspace_id, memo)
    studio.call(cast.viewer, "answer_recording", recording_id, None, False, lesson_id)
    studio.call(cast.editor, "unenrol", course_id, cast.viewer.user_id)
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["transcript"], made["answer_error_code"]) == (QUESTION, "course.not_enrolled")
    assert studio.value("select count(*) from public.messages") == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        studio.upload(cast.viewer, cast.workspace_id, memo)
    studio.call(cast.viewer, "delete_recording", recording_id)


async def test_only_into_ones_own_folder_and_with_a_plan_that_has_voice(studio: Studio, cast: Cast) -> None:
    await taught(studio, cast)
    ws, viewer = cast.workspace_id, cast.viewer
    with studio.db.admin.transaction():  # the terms of a plan never change, so the guard is put aside
        studio.db.admin.execute("set local session_replication_role = replica")
        studio.db.admin.execute("delete from public.plan_entitlements where entitlement = 'voice'")
    paths = (
        f"{ws}/{viewer.user_id}/a.ogg",
        f"{ws}/{viewer.user_id}/answers/a.mp3",
        f"{ws}/{cast.editor.user_id}/a.ogg",
    )
    for path in paths:
        with studio.db.as_user(viewer) as cursor, pytest.raises(psycopg.errors.InsufficientPrivilege):
            cursor.execute(INSERT, object_row(viewer, path, 1))
