"""The database as the worker sees it: its login, its statements, its notifications."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from scripts.doctor.database import SQL, Connection, connect
from scripts.doctor.finding import Finding, fail, ok, warn
from scripts.doctor.target import Target
from worker.db.queries import parse_queries

LISTEN_SECONDS = 3.0
_PARAMETER = re.compile(r"%\((\w+)\)s")
_COPY = re.compile(r"copy ([\w.]+) \(([^)]*)\)", re.IGNORECASE)
_WRITES = re.compile(r"\b(?:insert into|update|delete from|copy)\s+(\w+\.\w+)")
_EXPLAINED = ("select", "insert", "update", "delete", "with")
_MISSING = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
)


def worker_findings(target: Target, folders: Sequence[Path]) -> Iterator[Finding]:
    """``folders`` hold the ``.sql`` files of all that logs in as the worker."""
    if target.worker_url is None:
        yield warn("Worker's login", "LAMINA_DB_URL is not set", "Make one: lamina db worker-role")
        return
    try:
        connection = connect(target.worker_url)
    except psycopg.Error as error:
        says = str(error).strip().splitlines()[0]
        yield fail("Worker's login", says, "Is LAMINA_DB_URL right? A new password: lamina db worker-role")
        return
    with connection:
        role = connection.info.user
        yield (
            ok("Worker's login", role)
            if role.split(".")[0] == "lamina_worker"
            else warn(
                "Worker's login", f"as {role}", "Log in as lamina_worker, which has only the rights it needs."
            )
        )
        yield from rights_findings(connection, folders)
        yield from listen_findings(target, connection)


def rights_findings(connection: Connection, folders: Sequence[Path]) -> Iterator[Finding]:
    """Plans every statement of the worker with its own rights, runs none; then looks for rights beyond."""
    named = {
        f"{path.parent.name}.{name}": statement.decode()
        for folder in folders
        for path in sorted(folder.rglob("*.sql"))
        for name, statement in parse_queries(path.read_text("utf-8"), path.name).items()
    }
    refused = {name: problem for name, text in named.items() if (problem := _problem(connection, text))}
    for name, problem in refused.items():
        yield fail(
            "Worker's rights", f"{name}: {problem}", "Apply all migrations (lamina db up), or grant it."
        )
    written = {table for text in named.values() for table in _WRITES.findall(text.lower())}
    writable = {row["name"] for row in connection.execute(SQL["writable"]).fetchall()}
    if surplus := sorted(writable - written):
        advice = "Revoke it: a worker that is broken into should reach no more than its work."
        yield warn("Worker's rights", f"may write {', '.join(surplus)}, which it never does", advice)
    elif not refused:
        yield ok("Worker's rights", f"for all of its {len(named)} statements, and no table more")


def _problem(connection: Connection, statement: str) -> str | None:
    if copy := _COPY.match(statement):
        columns = [name.strip() for name in copy[2].split(",")]
        row = connection.execute(SQL["may_copy"], {"table": copy[1], "columns": columns}).fetchone()
        return None if row and row["allowed"] else f"may not copy into {copy[1]}"
    if not statement.lower().startswith(_EXPLAINED):
        return None
    try:
        connection.execute(f"explain {_PARAMETER.sub('null', statement).replace('%%', '%')}".encode())
    except _MISSING as error:
        return error.diag.message_primary
    except psycopg.DatabaseError:
        return None  # null where the statement needs a value: says nothing about rights
    return None


def listen_findings(target: Target, connection: Connection) -> Iterator[Finding]:
    """Whether a notification of the worker's login arrives where it listens."""
    if target.listen_url is None:
        yield ok(
            "Wake-up", "by polling, as LAMINA_DB_POOLED says (LAMINA_DB_LISTEN_URL would make it quicker)"
        )
    elif _hears(target.listen_url, connection):
        yield ok("Wake-up", "by LISTEN")
    else:
        advice = (
            "A transaction pooler (port 6543)? Set LAMINA_DB_LISTEN_URL to a direct or session connection."
        )
        yield fail("Wake-up", "notifications do not arrive", advice)


def _hears(listen_url: str, connection: Connection) -> bool:
    word = secrets.token_hex(8)
    try:
        with connect(listen_url) as listener:
            listener.execute(SQL["listen"])
            connection.execute(SQL["notify"], {"word": word})
            heard = list(listener.notifies(timeout=LISTEN_SECONDS, stop_after=1))
            return [notification.payload for notification in heard] == [word]
    except psycopg.Error:
        return False
