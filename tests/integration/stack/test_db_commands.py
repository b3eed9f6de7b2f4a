"""``lamina db`` as a person and as a program use it."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from scripts.commands import db as command
from tests.support.clusters import MIGRATIONS
from tests.support.database import Database


def lamina_db(*arguments: str) -> Result:
    return CliRunner().invoke(command.app, list(arguments))


def test_up_and_status(platform_db: Database) -> None:
    where = ("--db-url", platform_db.dsn("postgres"))
    files = [path.stem for path in sorted(MIGRATIONS.glob("*.sql"))]

    planned = lamina_db("up", "--dry-run", *where)
    assert planned.output.split() == [word for label in files for word in ("would", "apply", label)]
    before = lamina_db("status", "--json", *where)
    assert (before.exit_code, json.loads(before.output)["pending"]) == (1, files)

    assert lamina_db("up", *where).output.splitlines() == [f"applied {label}" for label in files]
    assert lamina_db("up", *where).output == "Nothing pending.\n"
    after = lamina_db("status", "--json", *where)
    assert (after.exit_code, json.loads(after.output)) == (
        0,
        {"applied": files, "pending": [], "unknown": []},
    )
    assert lamina_db("status", *where).output.splitlines() == [f"applied {label}" for label in files]


def test_types_check_tells_stale_from_current(db: Database) -> None:
    where = ("--db-url", db.dsn("postgres"))
    assert lamina_db("types", "--check", *where).exit_code == 0
    db.admin.execute("alter table public.workspaces add column planted int")
    stale = lamina_db("types", "--check", *where)
    assert (stale.exit_code, stale.output) == (1, "stale: run `lamina db types`\n")


def test_types_writes_the_file(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    monkeypatch.setattr(command, "TYPES_FILE", tmp_path / "deep" / "types.ts")
    assert lamina_db("types", "--db-url", db.dsn("postgres")).output == "deep/types.ts\n"
    assert "export type Database" in (tmp_path / "deep" / "types.ts").read_text()


def test_worker_role_prints_a_working_connection(db: Database) -> None:
    dsn = lamina_db("worker-role", "--db-url", db.dsn("postgres")).output.strip()
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select current_user").fetchone() == ("lamina_worker",)


def test_new_makes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    monkeypatch.setattr(command, "MIGRATIONS", tmp_path)
    made = lamina_db("new", "knowledge", "add_tags")
    assert made.output.strip().endswith("_knowledge_add_tags.sql")
    assert (tmp_path / made.output.strip()).read_text().startswith("-- Purpose:")


def test_errors_are_one_readable_line(free_port: int) -> None:
    failed = lamina_db("status", "--db-url", f"postgresql://postgres@127.0.0.1:{free_port}/x")
    assert failed.exit_code == 1
    assert "refused" in failed.output
    assert "Traceback" not in failed.output
