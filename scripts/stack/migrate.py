"""Applies ``supabase/migrations`` and keeps the history exactly as the Supabase CLI keeps it.

A database migrated here has nothing pending for ``supabase db push``, and the other way round: both read and
write ``supabase_migrations.schema_migrations(version, statements, name)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import psycopg

from scripts.stack.sqlsplit import Statement, split

_NAME = re.compile(r"(?P<version>\d{14})_(?P<name>[a-z0-9_]+)\.sql")
_LOCK = 5_402_718_361_990_442  # any constant: two runs on one database wait for each other
_HISTORY = (
    b"create schema if not exists supabase_migrations",
    b"create table if not exists supabase_migrations.schema_migrations (version text not null primary key)",
    b"alter table supabase_migrations.schema_migrations add column if not exists statements text[]",
    b"alter table supabase_migrations.schema_migrations add column if not exists name text",
)


class MigrationError(Exception):
    """A migration cannot be applied; the text names file, line and statement."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file; ``version`` is its 14-digit UTC time, ``name`` the rest without ``.sql``."""

    version: str
    name: str
    path: Path

    @property
    def label(self) -> str:
        return f"{self.version}_{self.name}"


@dataclass(frozen=True, slots=True)
class Status:
    """``unknown`` are versions of the database that have no file."""

    applied: list[Migration]
    pending: list[Migration]
    unknown: list[str]


def load(migrations: Path) -> list[Migration]:
    """The files of a folder in order of version; MigrationError on a wrong name or a version used twice."""
    found: dict[str, Migration] = {}
    for path in sorted(migrations.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: the name must be <14 digits>_<domain>_<verb>.sql")
        migration = Migration(match["version"], match["name"], path)
        if twin := found.get(migration.version):
            raise MigrationError(f"{path.name}: its version is already used by {twin.path.name}")
        found[migration.version] = migration
    return list(found.values())


def status(dsn: str, migrations: Path) -> Status:
    """Compares the files with the history; writes nothing."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return _compare(load(migrations), _versions(connection))


def migrate(dsn: str, migrations: Path, *, include_all: bool = False) -> list[str]:
    """Applies pending files, one transaction each, and returns their labels.

    ``dsn`` must log in as ``postgres``. Like the Supabase CLI it refuses a file older than the newest applied
    one, unless ``include_all``, and a history with versions that have no file. MigrationError names what
    stopped it; files before the failing one stay applied.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
        current = _compare(load(migrations), _versions(connection))
        _refuse_conflicts(current, include_all=include_all)
        if current.pending:
            _provide_history(connection)
        for migration in current.pending:
            _apply(connection, migration)
    return [migration.label for migration in current.pending]


def _compare(files: list[Migration], versions: list[str]) -> Status:
    known = {migration.version for migration in files}
    return Status(
        applied=[migration for migration in files if migration.version in versions],
        pending=[migration for migration in files if migration.version not in versions],
        unknown=[version for version in versions if version not in known],
    )


def _refuse_conflicts(current: Status, *, include_all: bool) -> None:
    if current.unknown:
        raise MigrationError(f"The database has migrations without a file: {', '.join(current.unknown)}")
    newest = max((migration.version for migration in current.applied), default="")
    late = [migration.label for migration in current.pending if migration.version < newest]
    if late and not include_all:
        raise MigrationError(f"Older than the newest applied migration ({newest}): {', '.join(late)}")


def _versions(connection: psycopg.Connection) -> list[str]:
    table = connection.execute("select to_regclass('supabase_migrations.schema_migrations')").fetchone()
    if table is None or table[0] is None:
        return []
    rows = connection.execute("select version from supabase_migrations.schema_migrations order by version")
    return [row[0] for row in rows]


def _provide_history(connection: psycopg.Connection) -> None:
    """Creates what is missing only, so a history owned by another role is left alone."""
    columns = connection.execute(
        "select count(*) from information_schema.columns where table_schema = 'supabase_migrations'"
        " and table_name = 'schema_migrations' and column_name in ('version', 'statements', 'name')"
    ).fetchone()
    if columns == (3,):
        return
    with connection.transaction():
        for statement in _HISTORY:
            connection.execute(statement)


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    statements = split(migration.path.read_text(encoding="utf-8"))
    connection.execute("reset all")
    with connection.transaction():
        for statement in statements:
            _execute(connection, migration, statement)
        connection.execute(
            "insert into supabase_migrations.schema_migrations (version, name, statements)"
            " values (%s, %s, %s)",
            (migration.version, migration.name, [statement.text for statement in statements]),
        )


def _execute(connection: psycopg.Connection, migration: Migration, statement: Statement) -> None:
    try:
        connection.execute(statement.text.encode())
    except psycopg.Error as error:
        offset = int(error.diag.statement_position or 1) - 1
        line = statement.line + statement.text.count("\n", 0, offset)
        reason = error.diag.message_primary or str(error)
        raise MigrationError(
            f"{migration.path.name}:{line}: {reason} ({error.sqlstate})\n{_excerpt(statement.text)}"
        ) from error


def _excerpt(text: str, lines: int = 12) -> str:
    """The first lines of a statement, indented."""
    kept = text.splitlines()
    more = [f"… {len(kept) - lines} more lines"] if len(kept) > lines else []
    return "\n".join(f"    {line}" for line in (*kept[:lines], *more))
