"""Every function, every role: who may execute it is declared, and the others are refused."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from tests.matrix.world import declared_functions
from tests.support.database import Database

ROLES = ("anon", "authenticated", "service_role", "lamina_worker")
FUNCTIONS = declared_functions()


def executors(connection: psycopg.Connection) -> dict[str, list[str]]:
    """Roles that may execute each function of public and app, schema usage included."""
    with connection.transaction():
        connection.execute("set local search_path = pg_catalog")
        rows = connection.execute(
            "select f.oid::regprocedure::text, array(select r from unnest(%s::text[]) as r"
            " where has_function_privilege(r, f.oid, 'EXECUTE')"
            " and has_schema_privilege(r, f.pronamespace, 'USAGE'))"
            " from pg_proc as f where f.pronamespace in ('public'::regnamespace, 'app'::regnamespace)",
            (list(ROLES),),
        )
        return dict(rows.fetchall())


def test_rights_are_the_declared_ones(shared_db: Database) -> None:
    assert executors(shared_db.admin) == FUNCTIONS


def test_a_new_function_is_noticed(shared_db: Database) -> None:
    with psycopg.connect(shared_db.dsn("postgres")) as connection:
        connection.execute(
            "create function public.planted() returns int language sql immutable as 'select 1'"
        )
        assert executors(connection)["public.planted()"] == list(ROLES)
        connection.rollback()


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_calls_without_the_right_are_refused(role: str, shared_db: Database) -> None:
    answers = {name: _call(shared_db, role, name) for name, roles in FUNCTIONS.items() if role not in roles}
    assert {name: answer for name, answer in answers.items() if answer != "42501"} == {}


def _call(db: Database, role: str, name: str) -> str | None:
    """SQLSTATE of a call with nulls for arguments; None when it ran. Undone."""
    types = db.rows(
        "select format('%%I.%%I', n.nspname, t.typname)"
        " from pg_proc as f, unnest(f.proargtypes) with ordinality as a (type, place)"
        " join pg_type as t on t.oid = a.type join pg_namespace as n on n.oid = t.typnamespace"
        " where f.oid = %s::regprocedure order by a.place",
        name,
    )
    schema, function = name.partition("(")[0].split(".")
    nulls = sql.SQL(", ").join(sql.SQL(f"null::{kind}") for (kind,) in types)  # type: ignore[arg-type]
    with db.as_claims({"role": role}) as cursor:
        try:
            cursor.execute(sql.SQL("select {}({})").format(sql.Identifier(schema, function), nulls))
        except psycopg.Error as error:
            return error.sqlstate
        finally:
            cursor.connection.rollback()
    return None
