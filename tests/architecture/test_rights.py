"""Rights are the same wherever the migrations ran, and SECURITY DEFINER functions are the ones we know."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.support.clusters import Mode, Version, migrated_template, shared_cluster
from tests.support.database import Database, fresh_database

HERE = Path(__file__).parent
OTHERS: list[tuple[Version, Mode]] = [(18, "closed"), (16, "open"), (16, "closed")]


def effective_rights(connection: psycopg.Connection) -> set[tuple[str, ...]]:
    """(object, role, privilege) of everything in public and app."""
    with connection.transaction():
        connection.execute("set local search_path = pg_catalog")
        return set(connection.execute((HERE / "rights.sql").read_bytes()))


@pytest.mark.parametrize(("version", "mode"), OTHERS)
def test_rights_do_not_depend_on_the_platform(version: Version, mode: Mode, shared_db: Database) -> None:
    expected = effective_rights(shared_db.admin)
    with fresh_database(shared_cluster(version), template=migrated_template(version, mode)) as other:
        found = effective_rights(other.admin)
    assert sorted(found ^ expected) == []


def test_a_forgotten_revoke_shows(shared_db: Database) -> None:
    """The comparison sees what an open platform grants by itself."""
    with psycopg.connect(shared_db.dsn("postgres")) as connection:
        before = effective_rights(connection)
        connection.execute("create table public.planted (id int primary key)")
        connection.execute("create function app.planted() returns int language sql immutable as 'select 1'")
        found = effective_rights(connection) - before
        connection.rollback()
    assert ("table public.planted", "anon", "SELECT") in found
    assert ("function app.planted()", "anon", "EXECUTE") in found


def test_anonymous_visitors_reach_what_is_declared(shared_db: Database) -> None:
    reached = {right for right in effective_rights(shared_db.admin) if right[1] == "anon"}
    declared = _lines("anon_rights.txt")
    assert {" ".join((name, privilege)) for name, _, privilege in reached} == declared


def test_security_definer_functions_are_known(shared_db: Database) -> None:
    with shared_db.admin.transaction():
        shared_db.admin.execute("set local search_path = pg_catalog")
        rows = shared_db.rows(
            "select oid::regprocedure::text from pg_proc where prosecdef"
            " and pronamespace in ('public'::regnamespace, 'app'::regnamespace)"
        )
    reasons = dict(line.split(" | ", 1) for line in _lines("definer_allowlist.txt"))
    assert sorted({name for (name,) in rows} ^ reasons.keys()) == []
    assert [name for name, reason in reasons.items() if len(reason) < 10] == []


def _lines(name: str) -> set[str]:
    """Lines of a list beside this file; # begins a comment."""
    lines = (line.strip() for line in (HERE / name).read_text().splitlines())
    return {line for line in lines if line and not line.startswith("#")}
