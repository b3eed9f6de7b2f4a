"""The same files go through the Supabase CLI, and each side sees what the other has done."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.stack.migrate import migrate, status
from scripts.stack.supabase_cli import SupabaseCliError, run
from tests.support.clusters import MIGRATIONS
from tests.support.database import Database

HISTORY = "select version, name, statements from supabase_migrations.schema_migrations order by version"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder as the CLI wants it, with our migrations."""
    shutil.copytree(MIGRATIONS, tmp_path / "supabase" / "migrations")
    return tmp_path


def test_push_applies_the_same_files(platform_db: Database, db: Database, project: Path) -> None:
    run("db", "push", dsn=platform_db.dsn("postgres"), workdir=project)
    found = status(platform_db.dsn("postgres"), MIGRATIONS)
    assert (found.pending, found.unknown) == ([], [])
    assert migrate(platform_db.dsn("postgres"), MIGRATIONS) == []
    assert platform_db.rows(HISTORY) == db.rows(HISTORY)


def test_push_has_nothing_left_to_do_after_us(db: Database, project: Path) -> None:
    before = db.rows(HISTORY)
    said = run("db", "push", dsn=db.dsn("postgres"), workdir=project)
    assert "up to date" in said
    assert db.rows(HISTORY) == before


def test_push_adds_a_file_that_we_have_not_applied(db: Database, project: Path) -> None:
    new = project / "supabase" / "migrations" / "30000101000000_jobs_extra.sql"
    new.write_text("create table public.extra (id int primary key);\n")
    run("db", "push", dsn=db.dsn("postgres"), workdir=project)
    assert db.value("select to_regclass('public.extra')::text") == "extra"
    assert status(db.dsn("postgres"), new.parent).pending == []


def test_a_failing_push_is_an_error(platform_db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder / "20260101000000_jobs_bad.sql").write_text("select nonsense;\n")
    with pytest.raises(SupabaseCliError, match="nonsense"):
        run("db", "push", dsn=platform_db.dsn("postgres"), workdir=tmp_path)
