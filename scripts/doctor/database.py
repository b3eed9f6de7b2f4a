"""The database as the operator sees it: version, migrations, rights, bucket, broadcasts, queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from scripts.doctor.finding import Finding, fail, ok, warn
from scripts.stack.migrate import status
from worker.db.queries import load_queries

SQL = load_queries(__package__, "database.sql")
CONNECT_SECONDS = 5
BUCKET_BYTES = 20 * 1024 * 1024
STALE_SECONDS = 60.0

Row = dict[str, Any]
Connection = psycopg.Connection[Row]


def connect(dsn: str) -> Connection:
    """In autocommit mode. Raises psycopg.OperationalError within seconds when nobody answers."""
    return psycopg.connect(dsn, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_SECONDS)


def database_findings(dsn: str, migrations: Path, embedding_model: str | None) -> Iterator[Finding]:
    """``dsn`` logs in as postgres; ``embedding_model`` is `provider:model`, None when not known."""
    try:
        connection = connect(dsn)
    except psycopg.Error as error:
        yield fail("Database", _first_line(error), "Is it running, and are address and password right?")
        return
    with connection:
        try:
            yield from _all_findings(connection, dsn, migrations, embedding_model)
        except psycopg.Error as error:
            yield fail("Database", _first_line(error), "Log in as postgres, who may read everything of ours.")


def _all_findings(
    connection: Connection, dsn: str, migrations: Path, embedding_model: str | None
) -> Iterator[Finding]:
    yield from server_findings(connection)
    pending = list(_migration_findings(dsn, migrations))
    yield from pending
    yield from vector_findings(connection)
    if any(finding.level == "fail" for finding in pending):
        return  # what follows looks at objects that migrations make
    for look in (role_findings, rights_findings, bucket_findings, broadcast_findings, queue_findings):
        yield from look(connection)
    yield from model_findings(connection, embedding_model)


def server_findings(connection: Connection) -> Iterator[Finding]:
    """Version, role and clock."""
    asked = datetime.now(UTC)
    row = _row(connection, "server")
    assert row is not None
    middle = asked + (datetime.now(UTC) - asked) / 2
    major = row["version"] // 10_000
    says = f"Postgres {major}.{row['version'] % 10_000}, as {row['role']}"
    if 16 <= major <= 18:
        yield ok("Database", says)
    else:
        yield warn("Database", says, "Lamina is tested on Postgres 16, 17 and 18.")
    yield skew_finding("Clock of the database", (row["clock"] - middle).total_seconds())


def skew_finding(name: str, seconds: float) -> Finding:
    """Leases and tokens compare times of different machines."""
    says = f"{seconds:+.1f} s from this machine's"
    if abs(seconds) < 3:
        return ok(name, says)
    level = warn if abs(seconds) < 30 else fail
    return level(name, says, "Synchronise this machine's clock (NTP).")


def vector_findings(connection: Connection) -> Iterator[Finding]:
    """pgvector 0.7 brought halfvec."""
    row = _row(connection, "vector")
    if row is None:
        yield fail("pgvector", "not installed", "Run: lamina db up")
    elif tuple(map(int, row["version"].split(".")[:2])) < (0, 7):
        yield fail("pgvector", row["version"], "0.7 or newer is needed: alter extension vector update.")
    elif row["schema"] != "extensions":
        yield fail(
            "pgvector",
            f"is in schema {row['schema']}",
            "Move it: alter extension vector set schema extensions.",
        )
    else:
        yield ok("pgvector", row["version"])


def role_findings(connection: Connection) -> Iterator[Finding]:
    """The worker's role has its attributes and no more."""
    row = _row(connection, "worker_role")
    if row is None:
        yield fail("Worker's role", "lamina_worker is missing", "Run: lamina db up")
        return
    wrong = [
        *(["cannot log in (run: lamina db worker-role)"] if not row["rolcanlogin"] else []),
        *(
            ["has no BYPASSRLS (as postgres: alter role lamina_worker bypassrls)"]
            if not row["rolbypassrls"]
            else []
        ),
        *(["may change roles or databases, which it never needs"] if row["too_mighty"] else []),
        *([f"is a member of {', '.join(row['member_of'])}"] if row["member_of"] else []),
        *([f"lacks usage on schema {', '.join(row['closed_schemas'])}"] if row["closed_schemas"] else []),
    ]
    if wrong:
        yield fail(
            "Worker's role", "; ".join(wrong), "Give lamina_worker exactly what the migrations give it."
        )
    else:
        yield ok("Worker's role", "logs in, BYPASSRLS, nothing more")


def rights_findings(connection: Connection) -> Iterator[Finding]:
    """Nothing is open to visitors, whatever the project's default privileges are."""
    opened = [row["name"] for row in connection.execute(SQL["open_to_anyone"]).fetchall()]
    unguarded = [row["name"] for row in connection.execute(SQL["without_rls"]).fetchall()]
    if opened:
        advice = "Revoke from public and anon, and grant by name; if it is meant, ignore this."
        yield warn("Open to visitors", _some(opened), advice)
    if unguarded:
        yield fail("Without RLS", _some(unguarded), "alter table … enable row level security")
    default = _row(connection, "open_by_default")
    if not opened and not unguarded:
        state = "open" if default and default["open"] else "closed"
        yield ok("Rights", f"every right granted by name (default privileges here: {state})")


def bucket_findings(connection: Connection) -> Iterator[Finding]:
    """The bucket is private, and as strict as the worker."""
    row = _row(connection, "bucket")
    if row is None:
        yield fail(
            "Bucket documents", "missing", "Run: lamina db reset (local), or apply the migrations anew."
        )
    elif row["public"]:
        yield fail("Bucket documents", "is public: anyone reads every file", "Make it private in Storage.")
    elif not row["file_size_limit"] or row["file_size_limit"] > BUCKET_BYTES:
        yield warn("Bucket documents", "takes files over 20 MB", "Limit it; the worker refuses them anyway.")
    elif row["allowed_mime_types"] != ["application/pdf"]:
        yield warn("Bucket documents", f"takes {row['allowed_mime_types']}", "Allow application/pdf only.")
    else:
        yield ok("Bucket documents", "private, PDF up to 20 MB")


def broadcast_findings(connection: Connection) -> Iterator[Finding]:
    """Broadcasts from the database are lost while today's partition is missing."""
    row = _row(connection, "realtime")
    if row is None:
        yield fail("Broadcasts", "there is no realtime.messages", "Switch Realtime on for this project.")
    elif row["kind"] == "p" and not row["partition_of_today"]:
        advice = "Connect a Realtime client once: the platform then makes the partitions."
        yield warn("Broadcasts", "no partition for today: they are lost; rows stay right", advice)
    else:
        yield ok("Broadcasts", "have a place today")


def queue_findings(connection: Connection) -> Iterator[Finding]:
    """Work that nobody takes."""
    row = _row(connection, "queue")
    assert row is not None
    says = f"{row['jobs']} jobs ready, the oldest for {row['oldest_seconds']:.0f} s"
    if row["oldest_seconds"] > STALE_SECONDS:
        yield warn("Queue", says, "Is a worker running, with all lanes? (lamina jobs list --status queued)")
    else:
        yield ok("Queue", says if row["jobs"] else "nothing waits")


def model_findings(connection: Connection, model: str | None) -> Iterator[Finding]:
    """Documents embedded by another model than the configured one are not found any more."""
    rows = connection.execute(SQL["embedding_models"]).fetchall()
    others = [row for row in rows if row["model"] != model]
    if model and others:
        says = ", ".join(f"{row['documents']} documents by {row['model']}" for row in others)
        advice = f"Searches embed by {model} and miss them: reprocess_document each, or set the old model."
        yield warn("Vectors", says, advice)
    elif rows:
        yield ok("Vectors", f"{sum(row['documents'] for row in rows)} documents, all by the configured model")


def _migration_findings(dsn: str, migrations: Path) -> Iterator[Finding]:
    found = status(dsn, migrations)
    if found.pending:
        labels = [migration.label for migration in found.pending]
        yield fail("Migrations", f"pending: {_some(labels)}", "Run: lamina db up")
    if found.unknown:
        yield warn(
            "Migrations", f"applied without a file here: {_some(found.unknown)}", "Is this checkout old?"
        )
    if not found.pending and not found.unknown:
        yield ok("Migrations", f"{len(found.applied)} applied, none pending")


def _row(connection: Connection, name: str) -> Row | None:
    return connection.execute(SQL[name]).fetchone()


def _some(names: list[str], limit: int = 5) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
