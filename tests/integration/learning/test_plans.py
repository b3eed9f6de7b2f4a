"""Search is not slower for those who have no courses, nor for those who have many."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from tests.integration.learning.school import School
from tests.support.database import Cursor

TENANTS, DOCUMENTS = 50, 40
CROWD = f"""
set local session_replication_role = replica;
insert into public.workspaces (name, kind)
select 'Tenant ' || n, 'team' from generate_series(1, {TENANTS}) as n;
insert into public.documents (workspace_id, kind, title)
select w.id, 'text', 'Text' from public.workspaces as w, generate_series(1, {DOCUMENTS});
insert into public.courses (workspace_id, title, status, teacher_id, created_by)
select w.id, 'Course', 'published', w.id, w.id from public.workspaces as w where w.name like 'Tenant %';
insert into public.lessons (id, course_id, workspace_id, title, position, is_published, created_by)
select d.id, c.id, c.workspace_id, 'Lesson', 1, true, c.created_by
from public.documents as d join public.courses as c on c.workspace_id = d.workspace_id;
update public.documents as d set lesson_id = l.id from public.lessons as l where l.id = d.id;
insert into public.chunks (workspace_id, document_id, ordinal, content, page_from, page_to,
  char_from, char_to, content_hash, embedding_model, embedding)
select d.workspace_id, d.id, 0, 'Words', 1, 1, 0, 1, '', 'm',
  ('[' || repeat('0.5,', 1535) || '0.5]')::extensions.halfvec
from public.documents as d;
"""
NEAREST = (
    "select c.id from public.chunks as c where c.workspace_id = %(workspace)s and c.embedding_model = 'm'"
    " and c.document_id not in (select h from app.hidden_documents(%(workspace)s, %(person)s) as h)"
    " order by c.embedding operator(extensions.<=>) c.embedding limit 50"
)


@pytest.fixture
def cursor(school: School) -> Cursor:
    """A superuser's, in a crowd of other workspaces full of lessons; parallel plans cost nothing."""
    with school.db.admin.transaction():
        school.db.admin.execute(CROWD)
    for table in ("documents", "lessons", "courses", "enrolments", "chunks"):
        school.db.admin.execute(f"vacuum analyze public.{table}".encode())
    found = school.db.admin.cursor()
    for setting in ("parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0"):
        found.execute(f"set {setting}".encode())
    found.execute("set enable_indexscan = off")
    found.execute("set enable_bitmapscan = off")
    return found


def explained(cursor: Cursor, query: str, options: str, **named: UUID) -> str:
    rows = cursor.execute(f"explain ({options}) {query}".encode(), named).fetchall()
    return "\n".join(line for (line,) in rows)


def buffers(plan: str) -> int:
    """Pages that the whole statement looked at."""
    found = re.search(r"Buffers: shared hit=(\d+)", plan)
    assert found, plan
    return int(found.group(1))


def test_what_is_hidden_is_looked_up_once_and_hashed(school: School, cursor: Cursor) -> None:
    plan = explained(
        cursor, NEAREST, "costs off", workspace=school.cast.workspace_id, person=school.cast.viewer.user_id
    )
    assert "hashed SubPlan" in plan
    assert "Parallel Seq Scan on chunks" in plan


def test_a_workspace_without_courses_pays_for_an_index_probe(school: School, cursor: Cursor) -> None:
    cursor.execute("reset enable_indexscan")
    cursor.execute("reset enable_bitmapscan")
    query = "select count(*) from app.hidden_documents(%(workspace)s, %(person)s)"
    named = {"workspace": school.cast.workspace_id, "person": school.cast.viewer.user_id}
    explained(cursor, query, "analyze", **named)  # the first look reads the catalogue, too
    assert buffers(explained(cursor, query, "analyze, buffers", **named)) <= 8
