"""Every migration keeps the rules of ``migration_rules``; every rule catches its breach."""

from __future__ import annotations

import pytest

from scripts.stack.sqlsplit import Statement
from tests.architecture.migration_rules import name_problems, statement_problems, text_problems
from tests.support.clusters import MIGRATIONS

HEAD = "-- Purpose:  test.\n-- Risk:     none.\n-- Way back: none.\n"
GOOD = HEAD + "set local lock_timeout = '5s';\nselect 1;\n"


@pytest.mark.parametrize("path", sorted(MIGRATIONS.glob("*")), ids=lambda path: path.name)
def test_migration_keeps_the_rules(path) -> None:
    assert [*name_problems(path.name), *text_problems(path.read_text())] == []


def test_versions_are_unique() -> None:
    versions = [path.name[:14] for path in MIGRATIONS.glob("*.sql")]
    assert len(versions) == len(set(versions))


def test_a_good_file_has_no_problem() -> None:
    assert [*name_problems("20260101000000_jobs_create.sql"), *text_problems(GOOD)] == []


@pytest.mark.parametrize(
    "name", ["2026_jobs_create.sql", "20260101000000_fruit_create.sql", "20260101000000_jobs.sql"]
)
def test_bad_names(name: str) -> None:
    assert list(name_problems(name))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD.replace("-- Risk:     none.\n", ""), "does not begin with"),
        (HEAD + "select 1;\n", "lock_timeout"),
        (GOOD + "select 1;\n" * 300, "305 lines"),
        (GOOD.rstrip(), "newline"),
        (GOOD + "\tselect 1;\n", "line 6: tab"),
        (GOOD + "select 1; \n", "line 6: space at the end"),
        (GOOD + f"select {'1 + ' * 40} 1;\n", "characters"),
        (GOOD + "SELECT 1;\n", "upper case outside quotes: SELECT"),
        (GOOD + "do $$ begin PERFORM 1; end $$;\n", "upper case outside quotes: PERFORM"),
    ],
)
def test_bad_texts(text: str, problem: str) -> None:
    assert any(problem in found for found in text_problems(text))


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("alter table storage.objects enable row level security", "alters a table of the platform"),
        ("create table auth.extra (id int)", "creates an object in a schema"),
        ("create or replace function auth.uid() returns uuid language sql", "creates an object in a schema"),
        ("create index on storage.objects (name)", "creates an index on a platform table"),
        ("comment on policy p on storage.objects is 'x'", "comments on a platform table's part"),
        ("comment on trigger t on auth.users is 'x'", "comments on a platform table's part"),
        ("delete from storage.objects where true", "deletes from storage"),
        ("revoke all on storage.objects from anon", "silently ignored"),
        ("create extension if not exists vector", "without schema"),
        ("create extension vector with schema extensions version '0.8'", "names the version"),
        ("alter default privileges in schema public grant select on tables to anon", "default privileges"),
        ("alter database postgres set app.x = '1'", "settings of the server"),
        ("set role authenticated", "beyond its transaction"),
        ("commit", "controls the transaction"),
        ("create index concurrently i on public.t (a)", "concurrently"),
        ("create policy p on public.t to anon using (true)", "without for"),
        ("create policy p on public.t for all to anon using (true)", "without for"),
        ("create policy p on public.t for select using (true)", "without to"),
        ("grant select on public.t to public", "grants to public"),
        (
            "create trigger t after insert on realtime.messages execute function app.f()",
            "trigger on a platform",
        ),
        ("create function app.f() returns int language sql leakproof as 'x'", "leakproof"),
        (
            "create function app.f() returns int language sql set search_path = '' as 'stable'",
            "without volatile",
        ),
        (
            "create function app.f() returns int language sql stable as $$ set search_path = '' $$",
            "search_path",
        ),
        ("create function app.f() returns int language sql as $$" + "\n" * 60 + "$$", "function of 61 lines"),
    ],
)
def test_bad_statements(sql: str, problem: str) -> None:
    assert any(problem in found for found in statement_problems(Statement(sql, 1)))


@pytest.mark.parametrize(
    "sql",
    [
        "insert into storage.buckets (id) values ('documents') on conflict (id) do update set public = false",
        "create policy lamina_read on storage.objects for select to authenticated using (true)",
        "create trigger t after insert on auth.users for each row execute function app.f()",
        "create function f(p text default 'A') returns int language sql stable set search_path = '' as ''",
        "-- A comment in ordinary case\nselect 'Text', \"Name\"",
    ],
)
def test_good_statements(sql: str) -> None:
    assert list(statement_problems(Statement(sql, 1))) == []
