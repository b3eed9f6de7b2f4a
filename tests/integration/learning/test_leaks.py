"""Whoever is not enrolled does not find, read, cite or get answered from a lesson, however they try."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.integration.identity.calls import refused
from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.learning.school import OPEN, QUESTION, SECRET, School
from tests.support.actors import Actor, Cast
from tests.support.pdfs import handbook

FACT = "317 degrees"
OUTSIDERS = ("sales", "support", "marketing", "viewer")
TEACHERS = ("owner", "admin", "editor")


def outsiders(cast: Cast) -> list[Actor]:
    return [getattr(cast, role) for role in OUTSIDERS]


async def taught(school: School) -> tuple[UUID, UUID, UUID]:
    """A processed lesson and an open document that answers nothing; course, lesson, document."""
    course_id, (lesson_id,) = school.published()
    document_id = school.house.write(school.cast.editor, school.cast.workspace_id, OPEN, "Hours")
    await school.house.work_off()
    assert school.house.chunks(lesson_id)
    return course_id, lesson_id, document_id


async def test_search_finds_lessons_for_learners_and_teachers_only(school: School) -> None:
    course_id, lesson_id, document_id = await taught(school)
    for actor in outsiders(school.cast):
        assert school.words(actor) == {document_id}, actor.name
        assert school.words(actor, documents=[lesson_id]) == set(), actor.name
    for role in TEACHERS:
        assert lesson_id in school.words(getattr(school.cast, role)), role
    school.enrol(course_id)
    assert lesson_id in school.words(school.cast.viewer)
    assert school.words(school.cast.viewer, documents=[lesson_id]) == {lesson_id}
    assert lesson_id not in school.words(school.cast.sales)


async def test_the_worker_searches_for_the_one_who_asked(school: School) -> None:
    course_id, lesson_id, _ = await taught(school)
    for documents in (None, [lesson_id]):
        hits = await school.search(school.cast.viewer, documents)
        assert str(lesson_id) not in {hit["document_id"] for hit in hits}
        assert FACT not in str(hits)
    school.enrol(course_id)
    assert FACT in str(await school.search(school.cast.viewer))


async def test_an_answer_rests_on_what_the_asker_may_read(school: School) -> None:
    course_id, lesson_id, _ = await taught(school)
    for documents in (None, [lesson_id]):
        answer = await school.ask(school.cast.sales, documents)
        assert FACT not in answer["sources"]
        assert str(lesson_id) not in str(answer["citations"])
    school.enrol(course_id, school.cast.sales)
    answer = await school.ask(school.cast.sales)
    assert FACT in answer["sources"]
    assert str(lesson_id) in str(answer["citations"])
    assert FACT in (await school.ask(school.cast.editor))["sources"]


async def test_rights_are_those_of_the_moment_of_the_answer(school: School) -> None:
    course_id, lesson_id, _ = await taught(school)
    school.enrol(course_id)
    school.house.model = model = ScriptedModel([["I read [1]."]])
    asked = school.call(school.cast.viewer, "ask_lesson", lesson_id, QUESTION)
    search = school.call(school.cast.viewer, "start_search", school.cast.workspace_id, SECRET)
    school.unenrol(course_id)
    await school.house.work_off()
    answer = school.answer(asked["answer_id"], model)
    assert (answer["sources"], answer["citations"]) == ("", [])
    assert FACT not in str(school.db.rows("select results from public.searches where id = %s", search["id"]))


async def test_history_and_memory_forget_a_course_one_has_left(school: School) -> None:
    course_id, _, _ = await taught(school)
    sales = school.cast.sales
    school.write(
        school.cast.owner,
        "insert into public.workspace_settings (workspace_id, history_memory) values (%s, true)",
        school.cast.workspace_id,
    )
    school.enrol(course_id, sales)
    first = await school.ask(sales)
    school.db.admin.execute(
        "update public.messages set content = %s where id = %s", (f"It is {FACT} [1].", first["id"])
    )
    again = await school.ask(sales)
    assert again["sources"].count(FACT) > 1  # the passage and the memory of the first answer
    assert FACT in (await school.ask(sales, conversation_id=first["conversation_id"]))["history"]
    school.unenrol(course_id, sales)
    assert FACT not in (await school.ask(sales))["sources"]
    left = await school.ask(sales, conversation_id=first["conversation_id"])
    assert FACT not in left["sources"] + left["history"]
    assert OPEN in left["sources"]


async def test_what_rests_on_a_memory_is_forgotten_with_it(school: School) -> None:
    """An answer that cites an earlier answer that cites a lesson."""
    course_id, _, _ = await taught(school)
    sales = school.cast.sales
    school.enrol(course_id, sales)
    first = await school.ask(sales)
    second = await school.ask(sales)
    school.db.admin.execute(
        "update public.messages set citations ="
        " jsonb_build_array(jsonb_build_object('ordinal', 1, 'message_id', %s::text)) where id = %s",
        (first["id"], second["id"]),
    )
    query = "select app.may_recall(%s, %s)"
    assert school.db.value(query, second["id"], sales.user_id) is True
    school.unenrol(course_id, sales)
    assert school.db.value(query, second["id"], sales.user_id) is False
    assert school.db.value(query, first["id"], school.cast.owner.user_id) is True


async def test_nobody_from_outside_is_answered_from_lessons(school: School) -> None:
    """A contact's question has no person behind it."""
    _, _, document_id = await taught(school)
    with school.db.as_worker() as cursor:
        cursor.execute(
            "select document_id from app.search_chunks_of(%s, %s, null, null, null, 50)",
            (school.cast.workspace_id, f"{SECRET} goldsmiths"),
        )
        assert {row[0] for row in cursor.fetchall()} == {document_id}
    asked = await school.ask(school.cast.sales)
    contact_id = school.db.value(
        "insert into public.contacts (workspace_id, name) values (%s, 'Ada') returning id",
        asked["workspace_id"],
    )
    school.db.admin.execute(
        "update public.messages set created_by = null, contact_id = %s where id = %s",
        (contact_id, asked["id"]),
    )
    school.db.admin.execute(
        "select app.enqueue('knowledge.answer_question', %s, %s)", (school.cast.workspace_id, asked["id"])
    )
    school.house.model = model = ScriptedModel([["I read [1]."]])
    await school.house.work_off()
    assert FACT not in school.answer(asked["id"], model)["sources"]


async def test_no_table_shows_a_word_of_it(school: School) -> None:
    """Every table an API role may read, row by row, as text."""
    course_id, _, _ = await taught(school)
    tables = school.db.rows(
        "select c.oid::regclass::text from pg_class as c where c.relnamespace = 'public'::regnamespace"
        " and c.relkind in ('r', 'v') and has_table_privilege('authenticated', c.oid, 'select')"
    )
    assert len(tables) > 30
    for actor in (*outsiders(school.cast), school.cast.stranger):
        for (table,) in tables:
            found = school.read(actor, f"select t::text from {table} as t where t::text like %s", f"%{FACT}%")
            assert found == [], f"{actor.name} reads it in {table}"
    school.enrol(course_id)
    assert school.read(school.cast.viewer, "select 1 from public.chunks where content like %s", f"%{FACT}%")


async def test_earlier_versions_are_for_teachers(school: School) -> None:
    """What was written before it was published, or taken out again."""
    course_id, (lesson_id,) = school.published()
    school.enrol(course_id)
    school.house.save(school.cast.editor, lesson_id, "It melts somewhere.", 1)
    versions = "select version from public.document_versions order by version"
    assert school.read(school.cast.viewer, versions) == []
    assert school.read(school.cast.editor, versions) == [(1,), (2,)]
    assert (
        school.call(school.cast.viewer, "read_lesson", lesson_id)["read_lesson"]["content"]
        == "It melts somewhere."
    )
    with refused(404, "document.version_not_found"):
        school.call(school.cast.viewer, "document_diff", lesson_id)


async def test_drafts_are_for_teachers(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    draft_id = school.lesson(course_id, f"# The {SECRET}\n\nThe secret of the {SECRET}.", SECRET, False)
    school.enrol(course_id)
    await school.house.work_off()
    viewer = school.cast.viewer
    assert school.words(viewer) == {lesson_id}
    assert school.read(viewer, "select 1 from public.lessons where id = %s", draft_id) == []
    with refused(404, "lesson.not_found"):
        school.call(viewer, "read_lesson", draft_id)
    told = school.db.rows(
        "select payload::text from realtime.messages where payload::text like %s", f"%{SECRET}%"
    )
    assert told == []
    titles = school.read(viewer, "select 1 from public.activity where detail::text like %s", f"%{SECRET}%")
    assert titles == []
    school.write(school.cast.editor, "update public.lessons set is_published = true where id = %s", draft_id)
    assert school.words(viewer) == {lesson_id, draft_id}


async def test_files_of_a_lesson_are_hidden_with_it(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    path = f"{school.cast.workspace_id}/handbook.pdf"
    document_id = school.house.upload(school.cast.editor, path, handbook())
    objects = "select name from storage.objects where bucket_id = 'documents'"
    for actor in outsiders(school.cast):
        assert school.read(actor, objects) == [(path,)]
    school.call(school.cast.editor, "attach_document", lesson_id, document_id)
    for actor in outsiders(school.cast):
        assert school.read(actor, objects) == [], actor.name
        assert school.write(actor, "delete from storage.objects where name = %s", path) == 0
    school.enrol(course_id)
    assert school.read(school.cast.viewer, objects) == [(path,)]
    (attached,) = school.call(school.cast.viewer, "read_lesson", lesson_id)["read_lesson"]["documents"]
    assert (attached["id"], attached["object_path"]) == (str(document_id), path)
    school.call(school.cast.editor, "detach_document", document_id)
    assert school.read(school.cast.sales, objects) == [(path,)]
    assert school.db.value("select count(*) from public.audit_log where action = 'document.opened'") == 1


async def test_who_does_not_read_it_does_not_write_it(school: School) -> None:
    """Marketing writes documents, but not those of lessons; so does nobody by comment or difference."""
    _, lesson_id, _ = await taught(school)
    marketing = school.cast.marketing
    for function, arguments in (
        ("save_document_version", (lesson_id, "Mine.", 1)),
        ("restore_document_version", (lesson_id, 1, 1)),
        ("reprocess_document", (lesson_id,)),
        ("delete_document", (lesson_id,)),
        ("document_diff", (lesson_id, 1, 1)),
        ("create_comment", (lesson_id, "What is it?")),
    ):
        with refused(404, "document.not_found"):
            school.call(marketing, function, *arguments)
    assert school.write(marketing, "update public.documents set title = 'Mine' where id = %s", lesson_id) == 0
    with refused(400, "comment.mention_cannot_read"):
        school.call_rows(
            school.cast.editor,
            "create_comment",
            lesson_id,
            "Look.",
            None,
            None,
            None,
            None,
            [marketing.user_id],
        )


async def test_who_learns_it_does_not_write_it_either(school: School) -> None:
    """Marketing writes documents and may learn: it hears and reads, and changes nothing of a lesson."""
    course_id, (lesson_id,) = school.published(is_open=True)
    marketing, editor = school.cast.marketing, school.cast.editor
    paths = [f"{school.cast.workspace_id}/{name}.pdf" for name in ("handout", "flyer")]
    handout_id, flyer_id = (school.house.upload(editor, path, handbook()) for path in paths)
    school.call(editor, "attach_document", lesson_id, handout_id)
    school.call(marketing, "enrol", course_id)
    rename = "update public.documents set title = 'Mine' where id = %s"
    overwrite = (
        "update storage.objects set version = 'mine', metadata = '{\"eTag\": \"mine\"}' where name = %s"
    )
    move = "update storage.objects set name = name || '.old' where name = %s"
    remove = "delete from storage.objects where name = %s"
    for document_id in (lesson_id, handout_id):
        assert school.read(marketing, "select 1 from public.documents where id = %s", document_id) == [(1,)]
        assert school.write(marketing, rename, document_id) == 0
    for statement in (overwrite, move, remove):
        assert school.write(marketing, statement, paths[0]) == 0, statement
    with refused(403, "workspace.forbidden"):
        school.call(marketing, "delete_document", handout_id)
    same = "select version, object_path from public.documents where id = %s"
    assert school.db.rows(same, handout_id) == [(1, paths[0])]
    assert school.write(marketing, rename, flyer_id) == 1
    assert [school.write(marketing, one, paths[1]) for one in (overwrite, remove)] == [1, 1]
    assert school.write(editor, rename, handout_id) == 1
    assert [school.write(editor, one, paths[0]) for one in (overwrite, remove)] == [1, 1]
    assert school.db.rows(same, handout_id) == []


def test_no_comment_quotes_an_earlier_version_for_a_learner(school: School) -> None:
    course_id, (lesson_id,) = school.published()
    marketing, editor = school.cast.marketing, school.cast.editor
    school.enrol(course_id, marketing)
    school.house.save(editor, lesson_id, "It melts somewhere.", 1)
    for passage in ((0, 40), (None, None)):
        with refused(404, "document.version_not_found"):
            school.call(marketing, "create_comment", lesson_id, "What was it?", None, 1, *passage)
    assert school.call(marketing, "create_comment", lesson_id, "Where?", None, 2, 0, 8)["quote"] == "It melts"
    taught = school.call(editor, "create_comment", lesson_id, "It said.", None, 1, 2, 17)
    assert taught["quote"] == f"The {SECRET}"
    assert school.read(marketing, "select quote from public.comments where version = 1") == [
        (f"The {SECRET}",)
    ]


@pytest.mark.parametrize("role", OUTSIDERS)
async def test_a_lesson_is_refused_to_whoever_is_not_enrolled(school: School, role: str) -> None:
    course_id, (lesson_id,) = school.published()
    actor = getattr(school.cast, role)
    for function, arguments in (
        ("read_lesson", (lesson_id,)),
        ("mark_lesson", (lesson_id, True)),
        ("ask_lesson", (lesson_id, QUESTION)),
        ("ask_lesson", (lesson_id, QUESTION, "teacher")),
    ):
        with refused(403, "course.not_enrolled"):
            school.call(actor, function, *arguments)
    with refused(404, "lesson.not_found"):
        school.call(school.cast.stranger, "read_lesson", lesson_id)
    school.enrol(course_id, actor)
    assert FACT in school.call(actor, "read_lesson", lesson_id)["read_lesson"]["content"]


async def test_a_teacher_elsewhere_is_nobody_here(school: School) -> None:
    _, lesson_id, _ = await taught(school)
    own = school.call(school.cast.viewer, "create_workspace", "Own")["id"]
    school.write(
        school.cast.viewer, "insert into public.courses (workspace_id, title) values (%s, 'Mine')", own
    )
    assert lesson_id not in school.words(school.cast.viewer)
    assert school.read(school.cast.viewer, "select 1 from public.documents where id = %s", lesson_id) == []
    school.call(school.cast.owner, "remove_member", school.cast.workspace_id, school.cast.viewer.user_id)
    assert school.read(school.cast.viewer, "select 1 from public.lessons") == []
