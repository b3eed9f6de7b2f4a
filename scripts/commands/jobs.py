"""``lamina jobs``: what the queue holds, seen and changed by an operator."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import psycopg
import typer
from psycopg.rows import DictRow, dict_row
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.commands.db import DbUrl, target
from scripts.commands.readable import CommandFailed, in_words, readable_errors
from worker.db.queries import load_queries

SQL = load_queries(__package__, "jobs.sql")
COLOURS = {"queued": "cyan", "running": "yellow", "succeeded": "green", "failed": "red", "cancelled": "dim"}
PIPE_COLUMNS = 200

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Ids = Annotated[list[int], typer.Argument(metavar="ID…", help="One or more jobs.", min=1)]
Connection = psycopg.Connection[DictRow]

app = typer.Typer(no_args_is_help=True, help="The queue: see, cancel and retry jobs of all workspaces.")
console = Console(soft_wrap=True, highlight=False)


@app.command("list")
def list_jobs(
    status: Annotated[Status | None, typer.Option(help="Only jobs in this state.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind, e.g. knowledge.ingest_document.")] = None,
    workspace: Annotated[UUID | None, typer.Option(help="Only this workspace's, by its id.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 20,
    db_url: DbUrl = None,
    as_json: AsJson = False,
) -> None:
    """The newest jobs."""
    filters = {"status": status, "kind": kind, "workspace_id": workspace, "limit": limit}
    with readable_errors(), _connect(db_url) as connection:
        found = connection.execute(SQL["list"], filters).fetchall()
    if as_json:
        _print_json(found)
    elif found:
        _print_table(found, datetime.now(UTC))
    else:
        console.print("No jobs.")


@app.command()
def show(
    job: Annotated[int, typer.Argument(metavar="ID", min=1)], db_url: DbUrl = None, as_json: AsJson = False
) -> None:
    """All about one job."""
    with readable_errors(), _connect(db_url) as connection:
        row = _one(connection, job)
    if as_json:
        _print_json(row)
        return
    width = max(map(len, row))
    for name, value in row.items():
        if value is not None:
            console.print(f"  [dim]{name:<{width}}[/dim]  ", end="")
            console.print(_words(value), markup=False)


@app.command()
def cancel(jobs: Ids, db_url: DbUrl = None, as_json: AsJson = False) -> None:
    """Stop queued jobs at once and ask running ones to stop; exit code 1 when one had ended already."""
    _change(jobs, _cancel, db_url, as_json)


@app.command()
def retry(jobs: Ids, db_url: DbUrl = None, as_json: AsJson = False) -> None:
    """Queue failed or cancelled jobs again, with all their attempts; exit code 1 when one cannot be."""
    _change(jobs, _retry, db_url, as_json)


def _cancel(connection: Connection, job: int) -> DictRow:
    row = connection.execute(SQL["cancel"], {"id": job}).fetchone()
    if row is None or row["id"] is None:
        ended = _one(connection, job)
        raise CommandFailed(f"The job has already ended: it is {ended['status']}. (job.finished)")
    return row


def _retry(connection: Connection, job: int) -> DictRow:
    connection.execute(SQL["retry"], {"id": job})
    return _one(connection, job)


def _one(connection: Connection, job: int) -> DictRow:
    row = connection.execute(SQL["show"], {"id": job}).fetchone()
    if row is None:
        raise CommandFailed("There is no such job. (job.not_found)")
    return row


def _change(
    jobs: list[int], change: Callable[[Connection, int], DictRow], db_url: str | None, as_json: bool
) -> None:
    """Each job in a transaction of its own: one that cannot be changed does not hold back the others."""
    results: list[dict[str, Any]] = []
    with readable_errors(), _connect(db_url) as connection:
        for job in jobs:
            try:
                results.append({"id": job, "now": _state(change(connection, job)), "error": None})
            except (CommandFailed, psycopg.DatabaseError) as error:
                results.append({"id": job, "now": None, "error": in_words(error)})
    if as_json:
        _print_json(results)
    else:
        _print_results(results)
    raise typer.Exit(1 if any(result["error"] for result in results) else 0)


def _print_results(results: list[dict[str, Any]]) -> None:
    for result in results:
        if result["error"]:
            print(f"{result['id']}: {result['error']}", file=sys.stderr)
        else:
            console.print(f"{result['id']}: {result['now']}")


def _state(row: DictRow) -> str:
    """The status, and what holds a job in it."""
    if row["status"] == "running" and row["cancel_requested_at"]:
        return "running, asked to stop"
    if row["status"] != "queued":
        return str(row["status"])
    if row.get("paused_until"):
        return f"queued, provider paused until {row['paused_until']:%H:%M}"
    waits = {"timed": f"queued until {row['run_at']:%H:%M}", "ordered": "queued behind its predecessor"}
    return waits.get(row["gate"], "queued")


def _print_table(rows: list[DictRow], now: datetime) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("id", "status", "kind", "workspace", "tries", "age", ""):
        right = heading in ("id", "tries", "age")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "")
    for row in rows:
        table.add_row(
            str(row["id"]),
            Text(_state(row), COLOURS[row["status"]]),
            row["kind"],
            Text(row["workspace"] or "–"),
            f"{row['attempts']}/{row['max_attempts']}",
            age((now - row["created_at"]).total_seconds()),
            Text(_remark(row)),
        )
    if not console.is_terminal:
        console.width = PIPE_COLUMNS
    console.print(table)


def _remark(row: DictRow) -> str:
    if row["error_code"]:
        return f"{row['error_code']}: {row['error_message']}"
    return f"{row['stage']} {row['progress']:.0%}" if row["stage"] and row["status"] == "running" else ""


def age(seconds: float) -> str:
    """The largest unit that fits: 4 s, 3 min, 2 h, 9 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _words(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone().isoformat(" ", "seconds")
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, default=_json_value))


def _json_value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _connect(db_url: str | None) -> Connection:
    return psycopg.connect(target(db_url), autocommit=True, row_factory=dict_row)
