"""The declared matrix, and trying one statement as one actor."""

from __future__ import annotations

import tomllib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from tests.support.actors import Cast
from tests.support.database import Cursor, Database

HERE = Path(__file__).parent
ACTORS = ("anon", "stranger", "viewer", "editor", "admin", "owner", "service")
VERBS = ("select", "insert", "update", "delete")
IDS = {
    name: UUID(int=number) for number, name in enumerate(("invitation", "document", "conversation"), start=1)
}


@dataclass(frozen=True)
class World:
    """A database whose cast owns the rows of ``seed.sql``; ``names`` are the parameters of the statements."""

    db: Database
    cast: Cast
    names: dict[str, UUID]

    @classmethod
    def seed(cls, db: Database, cast: Cast) -> World:
        people = ("owner", "admin", "editor", "viewer", "stranger")
        names = {
            "workspace": cast.workspace_id,
            **IDS,
            **{name: getattr(cast, name).user_id for name in people},
        }
        with psycopg.connect(db.dsn()) as connection:
            for statement in (HERE / "seed.sql").read_text().split(";\n"):
                if statement.strip():
                    connection.execute(statement.encode(), names)
        return cls(db, cast, names)

    def enter(self, actor: str) -> AbstractContextManager[Cursor]:
        if actor == "anon":
            return self.db.as_anon()
        if actor == "service":
            return self.db.as_service()
        return self.db.as_user(getattr(self.cast, actor))

    def outcome(self, actor: str, statement: str) -> str:
        """allow (a row was touched), none (no row), denied (42501) or the SQLSTATE PTnnn; always undone."""
        with self.enter(actor) as cursor:
            try:
                touched = cursor.execute(statement.encode(), self.names).rowcount
            except psycopg.errors.InsufficientPrivilege:
                return "denied"
            except psycopg.Error as error:
                if (error.sqlstate or "").startswith("PT"):
                    return str(error.sqlstate)
                raise
            finally:
                cursor.connection.rollback()
        return "allow" if touched else "none"


def declared_tables() -> dict[str, dict[str, Any]]:
    """Entries of ``tables.toml`` by qualified name."""
    schemas = tomllib.loads((HERE / "tables.toml").read_text())
    return {f"{schema}.{name}": entry for schema, tables in schemas.items() for name, entry in tables.items()}


def declared_functions() -> dict[str, list[str]]:
    """Roles that may execute each function, by signature."""
    return tomllib.loads((HERE / "functions.toml").read_text())


def statement(table: str, verb: str, entry: dict[str, Any]) -> str:
    """The statement the matrix tries; a closed table needs no particulars, since nobody gets that far."""
    row, values = entry.get("row", "true"), entry.get("values", "default values")
    return {
        "select": f"select 1 from {table} where {row}",
        "insert": f"insert into {table} {values}",
        "update": f"update {table} set {entry.get('change', '')} where {row}",
        "delete": f"delete from {table} where {row}",
    }[verb]


def expected(entry: dict[str, Any], verb: str) -> dict[str, str]:
    """Declared outcome by actor."""
    outcomes = ["denied"] * len(ACTORS) if entry.get("closed") else entry[verb]
    return dict(zip(ACTORS, outcomes, strict=True))
