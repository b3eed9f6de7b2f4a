"""Applying migration files: order, history, errors, and what stays after them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from scripts.stack.migrate import MigrationError, load, migrate, status
from scripts.stack.scaffold import new_migration
from scripts.stack.worker_role import give_login
from tests.support.database import Database


def write(folder: Path, version: int, sql: str, name: str = "jobs_test") -> None:
    (folder / f"{version:014d}_{name}.sql").write_text(sql)


def test_pending_files_are_applied_in_order_and_once(platform_db: Database, tmp_path: Path) -> None:
    write(tmp_path, 2, "create table public.b (id int references public.a (id));", "jobs_second")
    write(tmp_path, 1, "create table public.a (id int primary key);", "jobs_first")
    labels = ["00000000000001_jobs_first", "00000000000002_jobs_second"]
    assert migrate(platform_db.dsn("postgres"), tmp_path) == labels
    assert migrate(platform_db.dsn("postgres"), tmp_path) == []
    found = status(platform_db.dsn("postgres"), tmp_path)
    assert ([m.label for m in found.applied], found.pending, found.unknown) == (labels, [], [])
    assert platform_db.value("select tableowner from pg_tables where tablename = 'b'") == "postgres"


def test_a_failing_file_leaves_nothing_and_says_where(platform_db: Database, tmp_path: Path) -> None:
    write(tmp_path, 1, "create table public.kept (id int);", "jobs_good")
    bad = (
        "-- Purpose\ncreate table public.lost (id int);\n\ninsert into public.lost\nvalues ('no; number');\n"
    )
    write(tmp_path, 2, bad, "jobs_bad")
    write(tmp_path, 3, "create table public.never (id int);", "jobs_later")
    with pytest.raises(MigrationError) as caught:
        migrate(platform_db.dsn("postgres"), tmp_path)
    first, *excerpt = str(caught.value).splitlines()
    assert (
        first == '00000000000002_jobs_bad.sql:5: invalid input syntax for type integer: "no; number" (22P02)'
    )
    assert excerpt == ["    insert into public.lost", "    values ('no; number')"]
    tables = platform_db.rows("select tablename from pg_tables where schemaname = 'public'")
    assert tables == [("kept",)]
    assert [m.name for m in status(platform_db.dsn("postgres"), tmp_path).pending] == [
        "jobs_bad",
        "jobs_later",
    ]


def test_settings_of_one_file_do_not_reach_the_next(platform_db: Database, tmp_path: Path) -> None:
    write(tmp_path, 1, "set lock_timeout = '7s';", "jobs_leaky")
    write(tmp_path, 2, "create table public.seen as select current_setting('lock_timeout') as it;")
    migrate(platform_db.dsn("postgres"), tmp_path)
    assert platform_db.value("select it from public.seen") == "0"


def test_a_file_that_leaves_a_role_behind_fails(platform_db: Database, tmp_path: Path) -> None:
    platform_db.admin.execute("grant anon to postgres")
    write(tmp_path, 1, "set role anon;")
    with pytest.raises(psycopg.Error, match="permission denied"):
        migrate(platform_db.dsn("postgres"), tmp_path)
    assert status(platform_db.dsn("postgres"), tmp_path).applied == []


def test_late_files_need_a_word(platform_db: Database, tmp_path: Path) -> None:
    write(tmp_path, 5, "select 1;")
    migrate(platform_db.dsn("postgres"), tmp_path)
    write(tmp_path, 4, "select 1;", "jobs_late")
    with pytest.raises(MigrationError, match=r"Older than the newest .*: 00000000000004_jobs_late"):
        migrate(platform_db.dsn("postgres"), tmp_path)
    assert migrate(platform_db.dsn("postgres"), tmp_path, include_all=True) == ["00000000000004_jobs_late"]


def test_versions_without_a_file_stop_it(platform_db: Database, tmp_path: Path) -> None:
    write(tmp_path, 1, "select 1;")
    migrate(platform_db.dsn("postgres"), tmp_path)
    (tmp_path / "00000000000001_jobs_test.sql").unlink()
    assert status(platform_db.dsn("postgres"), tmp_path).unknown == ["00000000000001"]
    with pytest.raises(MigrationError, match="without a file: 00000000000001"):
        migrate(platform_db.dsn("postgres"), tmp_path)


def test_names_are_checked(tmp_path: Path) -> None:
    write(tmp_path, 1, "select 1;", "jobs_one")
    write(tmp_path, 1, "select 1;", "jobs_two")
    with pytest.raises(MigrationError, match="its version is already used"):
        load(tmp_path)
    (tmp_path / "00000000000001_jobs_two.sql").rename(tmp_path / "notes.sql")
    with pytest.raises(MigrationError, match=r"notes\.sql: the name must be"):
        load(tmp_path)


def test_a_new_file_comes_last_and_can_be_applied(platform_db: Database, tmp_path: Path) -> None:
    write(tmp_path, 30000101000000, "select 1;")
    path = new_migration(tmp_path, "jobs", "add_tags", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert path.name == "30000101000001_jobs_add_tags.sql"
    assert len(migrate(platform_db.dsn("postgres"), tmp_path)) == 2
    with pytest.raises(MigrationError, match="lower-case"):
        new_migration(tmp_path, "Jobs", "x", datetime.now(UTC))


def test_two_runs_at_once_apply_each_file_once(platform_db: Database, tmp_path: Path) -> None:
    for version in range(1, 6):
        write(tmp_path, version, f"create table public.t{version} (id int);")
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(migrate, platform_db.dsn("postgres"), tmp_path) for _ in range(2)]
    assert sorted(label for run in runs for label in run.result()) == [m.label for m in load(tmp_path)]


def test_the_worker_gets_a_login(db: Database) -> None:
    dsn = give_login(db.dsn("postgres"), "a secret")
    stored = db.value("select rolpassword from pg_authid where rolname = 'lamina_worker'")
    assert stored.startswith("SCRAM-SHA-256$")
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select current_user").fetchone() == ("lamina_worker",)
        assert connection.info.password == "a secret"
