"""Every table, every actor, every verb: a real statement against the declared outcome."""

from __future__ import annotations

import psycopg
import pytest

from tests.matrix.world import ACTORS, VERBS, World, declared_tables, expected, statement
from tests.support.actors import Cast
from tests.support.database import Database

TABLES = declared_tables()


@pytest.fixture(scope="module")
def world(shared_db: Database, shared_cast: Cast) -> World:
    return World.seed(shared_db, shared_cast)


def tables_of(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute(
        "select format('%s.%s', n.nspname, c.relname)"
        " from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname in ('public', 'app') and c.relkind in ('r', 'p', 'v', 'm')"
    )
    return {name for (name,) in rows}


def first_column(world: World, table: str) -> str:
    name = world.db.value(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
        " and attidentity = '' order by attnum limit 1",
        table,
    )
    return f"{name} = {name}"


def test_every_table_is_declared(shared_db: Database) -> None:
    assert sorted(tables_of(shared_db.admin) ^ TABLES.keys()) == []


def test_a_new_table_is_noticed(shared_db: Database) -> None:
    with psycopg.connect(shared_db.dsn()) as connection:
        connection.execute("create table public.planted (id int primary key)")
        assert tables_of(connection) - TABLES.keys() == {"public.planted"}
        connection.rollback()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("table", TABLES)
def test_outcome_is_the_declared_one(table: str, verb: str, world: World) -> None:
    entry = TABLES[table]
    if entry.get("closed"):
        entry = {**entry, "change": first_column(world, table)}
    query = statement(table, verb, entry)
    assert {actor: world.outcome(actor, query) for actor in ACTORS} == expected(entry, verb)


@pytest.mark.parametrize("table", [table for table, entry in TABLES.items() if not entry.get("closed")])
def test_the_tried_row_is_there(table: str, world: World) -> None:
    """Otherwise "none" would prove nothing."""
    query = statement(table, "select", TABLES[table])
    assert world.db.admin.execute(query.encode(), world.names).rowcount > 0


@pytest.mark.parametrize("table", TABLES)
def test_rights_of_the_worker(table: str, shared_db: Database) -> None:
    rights = shared_db.rows(
        "select p from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) as p"
        " where has_table_privilege('lamina_worker', %s::regclass, p)",
        table,
    )
    assert {right for (right,) in rights} == set(TABLES[table].get("worker", []))


@pytest.mark.parametrize("table", TABLES)
def test_rights_on_single_columns(table: str, shared_db: Database) -> None:
    rights = shared_db.rows(
        "select p, array_agg(a.attname::text order by a.attname) from pg_attribute as a,"
        " unnest(array['SELECT', 'INSERT', 'UPDATE']) as p"
        " where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped"
        " and has_column_privilege('authenticated', a.attrelid, a.attnum, p)"
        " and not has_table_privilege('authenticated', a.attrelid, p) group by p",
        table,
    )
    assert dict(rights) == TABLES[table].get("columns", {})


def test_an_undeclared_right_is_noticed(world: World) -> None:
    """The tried statements see a grant and a policy that nobody declared."""
    db, query = world.db, statement("public.workspaces", "update", TABLES["public.workspaces"])
    db.admin.execute("grant update on public.workspaces to authenticated")
    db.admin.execute(
        "create policy update_planted on public.workspaces for update to authenticated using (true)"
    )
    try:
        assert world.outcome("viewer", query) == "allow"
        assert world.outcome("stranger", query) == "none"
    finally:
        db.admin.execute("drop policy update_planted on public.workspaces")
        db.admin.execute("revoke update on public.workspaces from authenticated")
