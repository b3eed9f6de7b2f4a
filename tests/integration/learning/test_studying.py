"""What learners do: come, read, get on, ask, find their own again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.learning.school import QUESTION, School
from tests.support.actors import Actor


def kinds(school: School, actor: Actor, query: str) -> list[str]:
    found = school.call_rows(actor, "search_history", school.cast.workspace_id, query)
    return sorted(row["kind"] for row in found)


def told(school: School, kind: str) -> list[Any]:
    rows = school.db.rows("select user_id from public.notifications where kind = %s", kind)
    return [user_id for (user_id,) in rows]


def test_an_open_course_is_entered_and_left_by_oneself(school: School) -> None:
    course_id, _ = school.published(is_open=True)
    viewer = school.cast.viewer
    for _ in range(2):
        assert school.call(viewer, "enrol", course_id)["enrolled_by"] == viewer.user_id
    assert [row["title"] for row in school.call_rows(viewer, "my_courses", school.cast.workspace_id)] == [
        "Metals"
    ]
    with refused(403, "workspace.forbidden"):
        school.call(viewer, "enrol", course_id, school.cast.sales.user_id)
    school.call(viewer, "unenrol", course_id)
    assert school.call_rows(viewer, "my_courses", school.cast.workspace_id) == []
    with refused(404, "course.not_found"):
        school.call(school.cast.stranger, "enrol", course_id)


def test_who_can_be_enrolled(school: School) -> None:
    course_id, _ = school.published()
    with refused(404, "member.not_found"):
        school.enrol(course_id, school.cast.stranger)
    school.enrol(course_id)
    school.call(school.cast.editor, "set_course_status", course_id, "archived")
    with refused(409, "course.not_published"):
        school.enrol(course_id, school.cast.sales)
    lesson_id = school.db.value("select id from public.lessons")
    assert school.call(school.cast.viewer, "read_lesson", lesson_id)["read_lesson"]["title"] == "Lesson 1"
    with denied():
        school.write(
            school.cast.viewer,
            "insert into public.enrolments (course_id, user_id, workspace_id, enrolled_by)"
            " select id, app.user_id(), workspace_id, app.user_id() from public.courses",
        )


def test_progress_leads_to_the_end(school: School) -> None:
    course_id, lessons = school.published(lessons=3)
    school.lesson(course_id, title="Draft", published=False)
    viewer = school.cast.viewer
    school.enrol(course_id)
    seen = [school.call(viewer, "mark_lesson", lesson_id, True)["mark_lesson"] for lesson_id in lessons]
    assert [(one["done"], one["total"], one["completed_at"] is not None) for one in seen] == [
        (1, 3, False),
        (2, 3, False),
        (3, 3, True),
    ]
    (row,) = school.call_rows(school.cast.editor, "course_progress", course_id)
    assert (row["user_id"], row["done"], row["total"]) == (viewer.user_id, 3, 3)
    assert row["completed_at"] is not None
    fourth = school.lesson(course_id, title="Fourth")
    assert school.call(viewer, "mark_lesson", fourth, False)["mark_lesson"]["done"] == 3
    assert school.db.value("select completed_at is null from public.enrolments") is True
    assert school.call(viewer, "mark_lesson", fourth, True)["mark_lesson"]["completed_at"] is not None
    assert school.read(viewer, "select count(*) from public.lesson_progress") == [(4,)]
    assert school.read(school.cast.sales, "select count(*) from public.lesson_progress") == [(0,)]
    with refused(403, "workspace.forbidden"):
        school.call_rows(viewer, "course_progress", course_id)


def test_the_last_lessons_done_at_once_end_the_course(school: School) -> None:
    course_id, lessons = school.published(lessons=8)
    school.enrol(course_id)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: school.call(school.cast.viewer, "mark_lesson", one, True), lessons))
    assert school.db.value("select completed_at is not null from public.enrolments") is True


async def test_the_ai_answers_a_viewer_from_the_course_alone(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    viewer = school.cast.viewer
    school.house.write(school.cast.editor, school.cast.workspace_id, "The zanzibarium melts at 5 degrees.")
    school.enrol(course_id)
    await school.house.work_off()
    with refused(403, "workspace.forbidden"):
        school.call(viewer, "ask", school.cast.workspace_id, QUESTION)
    asked = school.call(viewer, "ask_lesson", lesson_id, QUESTION, "ai", "key-1")
    assert school.call(viewer, "ask_lesson", lesson_id, QUESTION, "ai", "key-1") == asked
    with refused(409, "ask.idempotency_conflict"):
        school.call(viewer, "ask_lesson", lesson_id, "Another?", "ai", "key-1")
    await school.house.work_off()
    ((content, citations, answered),) = school.read(
        viewer, "select content, citations, answered from public.messages where id = %s", asked["answer_id"]
    )
    assert answered is True
    assert "317" in content
    assert {citation["document_id"] for citation in citations} == {str(lesson_id)}
    (course,) = school.call_rows(viewer, "my_courses", school.cast.workspace_id)
    again = school.call(viewer, "ask_lesson", lesson_id, "And then?")
    ids = school.db.rows(
        "select distinct conversation_id from public.messages where id = any (%s)",
        [asked["answer_id"], again["answer_id"]],
    )
    assert ids == [(course["conversation_id"],)]
    for other in (school.cast.editor, school.cast.sales):
        assert school.read(other, "select 1 from public.lesson_questions") == []


def test_one_key_asks_once_in_parallel(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    school.enrol(course_id)
    with ThreadPoolExecutor(6) as pool:
        asked = list(
            pool.map(
                lambda _: school.call(school.cast.viewer, "ask_lesson", lesson_id, QUESTION, "ai", "key"),
                range(6),
            )
        )
    assert len({row["id"] for row in asked}) == 1
    assert school.db.value("select count(*) from public.messages") == 2


def test_a_teacher_answers(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    viewer, teacher = school.cast.viewer, school.cast.editor
    school.enrol(course_id)
    school.enrol(course_id, school.cast.sales)
    asked = school.call(viewer, "ask_lesson", lesson_id, "Is galena needed?", "teacher")
    assert (asked["status"], told(school, "lesson_question")) == ("open", [teacher.user_id])
    with refused(403, "workspace.forbidden"):
        school.call(viewer, "answer_lesson_question", asked["id"], "Mine.")
    for actor in (school.cast.sales, school.cast.stranger):
        assert school.read(actor, "select 1 from public.lesson_questions") == []
        with refused(404, "lesson.question_not_found"):
            school.call(actor, "answer_lesson_question", asked["id"], "Mine.")
    with refused(400, "lesson.bad_answer"):
        school.call(teacher, "answer_lesson_question", asked["id"], " ")
    school.call(teacher, "answer_lesson_question", asked["id"], "Yes, much galena.")
    assert told(school, "lesson_answered") == [viewer.user_id]
    rows = (
        "select q.status, a.body from public.lesson_questions as q"
        " join public.lesson_answers as a on a.question_id = q.id"
    )
    assert school.read(viewer, rows) == [("answered", "Yes, much galena.")]
    assert school.read(school.cast.sales, "select 1 from public.lesson_answers") == []
    sent = "select count(*) from realtime.messages where event = 'lesson_question' and topic = %s"
    assert school.db.value(sent, f"user:{viewer.user_id}") == 1


def test_a_question_reaches_who_teaches_when_the_teacher_has_left(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    school.enrol(course_id)
    cast = school.cast
    school.call(cast.owner, "change_member_role", cast.workspace_id, cast.editor.user_id, "support")
    school.call(cast.viewer, "ask_lesson", lesson_id, "Is galena needed?", "teacher")
    assert sorted(told(school, "lesson_question")) == sorted([cast.owner.user_id, cast.admin.user_id])
    school.call(cast.owner, "remove_member", cast.workspace_id, cast.editor.user_id)
    school.call(cast.viewer, "ask_lesson", lesson_id, "And cobalt?", "teacher")
    assert len(told(school, "lesson_question")) == 4


def test_a_new_question_is_heard_without_its_words(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    school.enrol(course_id)
    school.call(school.cast.viewer, "ask_lesson", lesson_id, QUESTION)
    asked = school.call(school.cast.viewer, "ask_lesson", lesson_id, "Is galena needed?", "teacher")
    sent = school.db.rows("select topic, payload from realtime.messages where event = 'lesson_question.new'")
    ((topic, payload),) = sent
    assert topic == f"workspace:{school.cast.workspace_id}"
    assert {key: value for key, value in payload.items() if key in ("id", "lesson_id")} == {
        "id": str(asked["id"]),
        "lesson_id": str(lesson_id),
    }
    assert "galena" not in str(payload)


def test_there_is_a_conversation_to_listen_to_before_the_first_question(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    viewer = school.cast.viewer
    conversation_id = school.enrol(course_id)["conversation_id"]
    assert school.enrol(course_id)["conversation_id"] == conversation_id is not None
    (course,) = school.call_rows(viewer, "my_courses", school.cast.workspace_id)
    assert course["conversation_id"] == conversation_id
    assert school.read(viewer, "select id from public.conversations") == [(conversation_id,)]
    school.unenrol(course_id)
    assert school.db.value("select count(*) from public.conversations") == 0, "nothing was asked there"
    conversation_id = school.enrol(course_id)["conversation_id"]
    asked = school.call(viewer, "ask_lesson", lesson_id, QUESTION)
    answer = "select conversation_id from public.messages where id = %s"
    assert school.db.value(answer, asked["answer_id"]) == conversation_id
    school.unenrol(course_id)
    assert school.db.value("select count(*) from public.conversations") == 1


def ask_until_refused(school: School, lessons: list[UUID], audience: str, keys: range) -> list[bool]:
    """Eight at once, in turns at these lessons: which of them were asked."""

    def ask(number: int) -> bool:
        lesson_id = lessons[number % len(lessons)]
        try:
            school.call(
                school.cast.viewer, "ask_lesson", lesson_id, QUESTION, audience, f"{audience}-{number}"
            )
        except psycopg.Error as error:
            if (error.sqlstate, error.diag.message_detail) != ("PT429", "lesson.too_many"):
                raise
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, keys))


@pytest.mark.parametrize(("audience", "limit"), [("ai", 100), ("teacher", 20)])
def test_questions_of_a_day_are_counted_over_all_courses_in_parallel(
    school: School, audience: str, limit: int
) -> None:
    lessons = []
    for _ in range(4):
        course_id, (lesson_id,) = school.published()
        school.enrol(course_id)
        lessons.append(lesson_id)
    assert all(ask_until_refused(school, lessons, audience, range(limit - 8)))
    assert sum(ask_until_refused(school, lessons, audience, range(limit - 8, limit + 16))) == 8
    mine = "select count(*) from public.lesson_questions where audience = %s"
    assert school.read(school.cast.viewer, mine, audience) == [(limit,)]
    again = school.call(school.cast.viewer, "ask_lesson", lessons[0], QUESTION, audience, f"{audience}-0")
    assert again["audience"] == audience
    other = {"ai": "teacher", "teacher": "ai"}[audience]
    assert school.call(school.cast.viewer, "ask_lesson", lessons[0], QUESTION, other)["audience"] == other
    school.db.admin.execute("update public.lesson_questions set created_at = now() - interval '1 day'")
    assert (
        school.call(school.cast.viewer, "ask_lesson", lessons[0], QUESTION, audience)["audience"] == audience
    )


def test_whoever_asked_too_much_hears_when_to_come_back(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    school.enrol(course_id)
    school.db.admin.execute(
        "insert into public.lesson_questions (workspace_id, lesson_id, audience, body, asked_by)"
        " select %s, %s, 'teacher', 'Why?', %s from generate_series(1, 20)",
        (school.cast.workspace_id, lesson_id, school.cast.viewer.user_id),
    )
    with pytest.raises(psycopg.Error) as caught:
        school.call(school.cast.viewer, "ask_lesson", lesson_id, QUESTION, "teacher")
    tomorrow = school.db.value("select to_char((now() at time zone 'UTC')::date + 1, 'YYYY-MM-DD')")
    assert f"Ask again from {tomorrow}T00:00Z on." in str(caught.value.diag.message_hint)
    assert told(school, "lesson_question") == []


def test_what_is_no_question_is_refused(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    school.enrol(course_id)
    viewer = school.cast.viewer
    for question in ("", "  ", None, "x" * 4001):
        with refused(400, "ask.bad_question"):
            school.call(viewer, "ask_lesson", lesson_id, question)
    with refused(400, "lesson.bad_audience"):
        school.call(viewer, "ask_lesson", lesson_id, QUESTION, "everyone")
    with refused(400, "ask.bad_idempotency_key"):
        school.call(viewer, "ask_lesson", lesson_id, QUESTION, "ai", "")


async def test_own_notes_and_questions_are_found_by_oneself_only(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    viewer = school.cast.viewer
    school.enrol(course_id)
    note = "insert into public.notes (workspace_id, lesson_id, content) values (%s, %s, 'Galena shines.')"
    assert school.write(viewer, note, school.cast.workspace_id, lesson_id) == 1
    asked = school.call(viewer, "ask_lesson", lesson_id, "Is galena needed?", "teacher")
    school.call(school.cast.editor, "answer_lesson_question", asked["id"], "Much galena.")
    school.call(viewer, "ask_lesson", lesson_id, "What is galena?")
    assert kinds(school, viewer, "galena") == ["lesson_answer", "lesson_question", "note", "user"]
    for other in (school.cast.owner, school.cast.editor, school.cast.sales):
        assert kinds(school, other, "galena") == []
    school.unenrol(course_id)
    assert "note" in kinds(school, viewer, "galena")
    draft = school.lesson(course_id, title="Draft", published=False)
    with denied():
        school.write(viewer, note, school.cast.workspace_id, draft)
