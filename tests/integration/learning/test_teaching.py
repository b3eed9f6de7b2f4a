"""Courses and lessons as teachers make them: who may, in which order, up to which limit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.learning.school import SECRET, TEXT, School
from tests.support.actors import give_plan
from tests.support.pdfs import handbook


def order(school: School, course_id: UUID) -> list[str]:
    rows = school.db.rows(
        "select title from public.lessons where course_id = %s order by position, id", course_id
    )
    return [title for (title,) in rows]


def used(school: School, metric: str) -> int:
    found: int = school.db.value(
        "select used from app.usage_of(%s) where metric = %s", school.cast.workspace_id, metric
    )
    return found


@pytest.mark.parametrize("role", ["sales", "support", "marketing", "viewer"])
def test_others_look_and_do_not_touch(school: School, role: str) -> None:
    course_id, (lesson_id,) = school.published()
    actor = getattr(school.cast, role)
    assert school.read(actor, "select title, status from public.courses") == [("Metals", "published")]
    for function, arguments in (
        ("set_course_status", (course_id, "archived")),
        ("create_lesson", (course_id, "Mine", "Mine.")),
        ("move_lesson", (lesson_id, 1)),
        ("attach_document", (lesson_id, uuid4())),
        ("course_progress", (course_id,)),
        ("enrol", (course_id,)),
        ("enrol", (course_id, school.cast.sales.user_id)),
        ("unenrol", (course_id, school.cast.owner.user_id)),
    ):
        with refused(403, "workspace.forbidden"):
            school.call(actor, function, *arguments)
    with denied():
        school.write(
            actor,
            "insert into public.courses (workspace_id, title) values (%s, 'Mine')",
            school.cast.workspace_id,
        )
    assert school.write(actor, "delete from public.courses") == 0
    assert school.write(actor, "update public.lessons set title = 'Mine'") == 0


def test_a_draft_is_nobody_elses_business(school: School) -> None:
    course_id = school.course()
    school.lesson(course_id)
    for actor in (school.cast.viewer, school.cast.stranger):
        assert school.read(actor, "select 1 from public.courses") == []
        assert school.read(actor, "select 1 from public.lessons") == []
        with refused(404, "course.not_found"):
            school.call(actor, "enrol", course_id)


def test_a_status_moves_forward_and_back_but_not_to_draft(school: School) -> None:
    course_id = school.course()
    teacher = school.cast.editor
    with refused(409, "course.empty"):
        school.call(teacher, "set_course_status", course_id, "published")
    with refused(409, "course.bad_transition"):
        school.call(teacher, "set_course_status", course_id, "archived")
    school.lesson(course_id)
    assert school.call(teacher, "set_course_status", course_id, "published")["published_at"] is not None
    for status in ("archived", "archived", "published"):
        assert school.call(teacher, "set_course_status", course_id, status)["status"] == status
    for status in ("draft", "gone", None):
        with refused(400, "course.bad_status"):
            school.call(teacher, "set_course_status", course_id, status)
    with denied():
        school.write(teacher, "update public.courses set status = 'draft'")
    noted = school.db.rows("select verb from public.activity where subject_kind = 'course' order by id")
    assert [verb for (verb,) in noted] == ["published", "archived", "published"]


async def test_a_lessons_text_is_a_document_with_versions(school: School) -> None:
    _, (lesson_id,) = school.published()
    teacher = school.cast.editor
    await school.house.work_off()
    school.house.save(teacher, lesson_id, f"{TEXT}\n\nIt glows at 900 degrees.", 1)
    with refused(409, "document.version_conflict"):
        school.house.save(teacher, lesson_id, "Late.", 1)
    school.write(teacher, "update public.lessons set title = 'Glowing' where id = %s", lesson_id)
    await school.house.work_off()
    document = school.house.document(lesson_id)
    assert (document["title"], document["processed_version"]) == ("Glowing", 2)
    lesson = school.call(teacher, "read_lesson", lesson_id)["read_lesson"]
    assert (lesson["version"], lesson["title"]) == (2, "Glowing")
    assert "900 degrees" in lesson["content"]
    with refused(409, "lesson.owns_document"):
        school.call(teacher, "delete_document", lesson_id)
    with refused(409, "lesson.owns_document"):
        school.call(teacher, "detach_document", lesson_id)


async def test_what_goes_takes_everything_along(school: School) -> None:
    course_id, (lesson_id, _) = school.published(lessons=2)
    school.enrol(course_id)
    await school.house.work_off()
    assert school.write(school.cast.editor, "delete from public.lessons where id = %s", lesson_id) == 1
    assert school.house.chunks(lesson_id) == []
    assert (used(school, "documents"), used(school, "learners")) == (1, 1)
    assert school.write(school.cast.editor, "delete from public.courses where id = %s", course_id) == 1
    assert school.db.value("select count(*) from public.documents") == 0
    assert [used(school, metric) for metric in ("documents", "courses", "learners")] == [0, 0, 0]
    school.published()
    school.call(school.cast.owner, "delete_workspace", school.cast.workspace_id)
    assert school.db.value("select count(*) from public.lessons") == 0


def test_lessons_are_moved(school: School) -> None:
    course_id = school.course()
    ids = [school.lesson(course_id, title=title) for title in "abcd"]
    for lesson, position, expected in (
        (3, 1, "dabc"),
        (3, 4, "abcd"),
        (0, 3, "bcad"),
        (0, 99, "bcda"),
        (0, None, "bcda"),
        (2, -5, "cbda"),
    ):
        school.call(school.cast.editor, "move_lesson", ids[lesson], position)
        assert order(school, course_id) == list(expected)
    with refused(404, "lesson.not_found"):
        school.call(school.cast.editor, "move_lesson", uuid4(), 1)


def test_movers_and_writers_at_once_leave_an_order(school: School) -> None:
    course_id = school.course()
    ids = [school.lesson(course_id, title=title) for title in "abcd"]

    def work(number: int) -> None:
        if number % 3 == 0:
            school.lesson(course_id, title=f"n{number}")
        else:
            school.call(school.cast.editor, "move_lesson", ids[number % 4], 1 + number % 4)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    positions = school.db.rows("select position from public.lessons order by position")
    assert len({position for (position,) in positions}) == len(positions) == 10


def test_a_document_belongs_to_one_lesson(school: School) -> None:
    _, (first, second) = school.published(lessons=2)
    teacher = school.cast.editor
    path = f"{school.cast.workspace_id}/handbook.pdf"
    document_id = school.house.upload(teacher, path, handbook())
    for _ in range(2):
        assert school.call(teacher, "attach_document", first, document_id)["lesson_id"] == first
    for taken in (document_id, first):
        with refused(409, "lesson.document_taken"):
            school.call(teacher, "attach_document", second, taken)
    own = school.call(school.cast.stranger, "create_workspace", "Own")["id"]
    foreign = school.house.write(school.cast.stranger, own, "Theirs.")
    with refused(404, "document.not_found"):
        school.call(teacher, "attach_document", first, foreign)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        school.db.admin.execute("update public.documents set lesson_id = %s where id = %s", (first, foreign))


def test_a_recording_is_heard_in_its_lesson(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    teacher, viewer, db = school.cast.editor, school.cast.viewer, school.db
    path = f"{school.cast.workspace_id}/{teacher.user_id}/talk.ogg"
    recording_id = db.value(
        "insert into public.recordings (workspace_id, title, object_path, created_by, status)"
        " values (%s, 'Talk', %s, %s, 'processing') returning id",
        school.cast.workspace_id,
        path,
        teacher.user_id,
    )
    db.admin.execute("set session_replication_role = replica")
    db.admin.execute("insert into storage.objects (bucket_id, name) values ('voice', %s)", (path,))
    db.admin.execute("set session_replication_role = origin")
    school.enrol(course_id)
    heard = "select (select count(*) from public.recordings), (select count(*) from storage.objects)"
    assert school.read(viewer, heard) == [(0, 0)]
    with refused(403, "recording.forbidden"):
        school.call(school.cast.owner, "attach_recording", recording_id, lesson_id)
    school.call(teacher, "attach_recording", recording_id, lesson_id)
    assert school.read(viewer, heard) == [(1, 1)]
    assert school.read(school.cast.sales, heard) == [(0, 0)]
    db.admin.execute(
        "update public.recordings set transcript = %s, status = 'transcribed' where id = %s",
        (f"The {SECRET} sings.", recording_id),
    )
    assert school.house.document(recording_id)["lesson_id"] == lesson_id
    lesson = school.call(viewer, "read_lesson", lesson_id)["read_lesson"]
    (sound,), (words,) = lesson["recordings"], lesson["documents"]
    assert words["content"] == f"The {SECRET} sings."
    assert (sound["id"], sound["object_path"]) == (str(recording_id), path)
    school.call(teacher, "attach_recording", recording_id, None)
    assert school.read(viewer, heard) == [(0, 0)]
    assert db.value("select count(*) from public.documents where id = %s", recording_id) == 0


def test_any_teacher_takes_a_recording_out_again(school: School) -> None:
    _, (lesson_id,) = school.published()
    cast, db = school.cast, school.db
    recording_id = db.value(
        "insert into public.recordings (workspace_id, title, created_by, status, transcript)"
        " values (%s, 'Talk', %s, 'transcribed', 'Words.') returning id",
        cast.workspace_id,
        cast.editor.user_id,
    )
    school.call(cast.editor, "attach_recording", recording_id, lesson_id)
    school.call(cast.owner, "remove_member", cast.workspace_id, cast.editor.user_id)
    for actor, code in (
        (cast.support, (403, "recording.forbidden")),
        (cast.sales, (404, "recording.not_found")),
    ):
        with refused(*code):
            school.call(actor, "attach_recording", recording_id, None)
    assert school.call(cast.admin, "attach_recording", recording_id, None)["lesson_id"] is None
    assert db.value("select count(*) from public.documents where id = %s", recording_id) == 0
    said = "select actor_id, subject from public.audit_log where action = 'recording.detached'"
    assert db.rows(said) == [(cast.admin.user_id, str(recording_id))]
    with refused(403, "recording.forbidden"):
        school.call(cast.admin, "attach_recording", recording_id, lesson_id)


def test_a_course_is_taught_by_somebody_who_may(school: School) -> None:
    course_id, cast = school.course(), school.cast
    name = "update public.courses set teacher_id = %s where id = %s"
    for actor in (cast.viewer, cast.sales, cast.stranger):
        with refused(400, "course.bad_teacher"):
            school.write(cast.editor, name, actor.user_id, course_id)
        with refused(400, "course.bad_teacher"):
            insert = "insert into public.courses (workspace_id, title, teacher_id) values (%s, 'More', %s)"
            school.write(cast.editor, insert, cast.workspace_id, actor.user_id)
    assert school.write(cast.editor, name, cast.admin.user_id, course_id) == 1


def test_the_plan_limits_courses_and_learners(school: School) -> None:
    give_plan(school.db.admin, school.cast.workspace_id, "free")
    first, _ = school.published()
    second, _ = school.published()
    with refused(402, "quota.exceeded"):
        school.course()
    people = list(school.cast.members())
    for course_id in (first, second):
        for actor in people[:5]:
            school.enrol(course_id, actor)
    assert used(school, "learners") == 5
    with refused(402, "quota.exceeded"):
        school.enrol(first, people[5])
    school.unenrol(first, people[0])
    assert used(school, "learners") == 5
    school.unenrol(second, people[0])
    school.enrol(first, people[5])
    assert used(school, "learners") == 5


def test_learners_are_counted_once_in_parallel(school: School) -> None:
    courses = [school.published()[0] for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(school.enrol, [*courses, *courses]))
        assert used(school, "learners") == 1
        list(pool.map(school.unenrol, courses))
    assert used(school, "learners") == 0
    for course_id in courses:
        school.enrol(course_id)
    school.call(school.cast.owner, "remove_member", school.cast.workspace_id, school.cast.viewer.user_id)
    assert used(school, "learners") == 0
    assert school.db.value("select count(*) from public.enrolments") == 0
