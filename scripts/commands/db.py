"""``lamina db``: migrations, types and the worker's role."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from scripts.commands.readable import readable_errors
from scripts.stack import migrate as migrations
from scripts.stack.scaffold import new_migration
from scripts.stack.settings import MIGRATIONS, PROJECT, StackSettings
from scripts.stack.supervisor import delete_data, reload_doors, running, start_detached, stop_running
from scripts.stack.typegen import TYPES_FILE, generate
from scripts.stack.worker_role import give_login

app = typer.Typer(no_args_is_help=True, help="Migrations, types and roles of a database.")
console = Console(soft_wrap=True, highlight=False)

DbUrl = Annotated[
    str | None,
    typer.Option(
        "--db-url", envvar="LAMINA_ADMIN_DB_URL", help="Log in as postgres here; default: the local platform."
    ),
]


@app.command()
def new(domain: str, verb: str) -> None:
    """Begin a migration file, e.g. `lamina db new knowledge add_tags`."""
    with readable_errors():
        path = new_migration(MIGRATIONS, domain, verb, datetime.now(UTC))
    console.print(str(path.relative_to(PROJECT)))


@app.command()
def up(
    db_url: DbUrl = None,
    dry_run: Annotated[bool, typer.Option(help="Name the pending files and stop.")] = False,
    include_all: Annotated[bool, typer.Option(help="Also files older than the newest applied one.")] = False,
) -> None:
    """Apply pending migrations, one transaction each."""
    with readable_errors():
        dsn = target(db_url)
        if dry_run:
            labels = [migration.label for migration in migrations.status(dsn, MIGRATIONS).pending]
        else:
            labels = migrations.migrate(dsn, MIGRATIONS, include_all=include_all)
    if labels and not dry_run and not db_url:
        reload_doors()
    for label in labels:
        console.print(f"{'would apply' if dry_run else 'applied'} {label}")
    if not labels:
        console.print("Nothing pending.")


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Empty the local platform's database and apply all migrations; files, users and rows are gone."""
    if not yes:
        typer.confirm("Delete all data of the local platform?", abort=True)
    settings = StackSettings()
    with readable_errors():
        was_running = stop_running(settings)
        delete_data(settings)
        if was_running:
            start_detached(settings)
    console.print("Emptied; it runs in the background." if was_running else "Emptied.")


@app.command()
def status(
    db_url: DbUrl = None, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Compare the files with the database; exit code 1 when something is pending or unknown."""
    with readable_errors():
        found = migrations.status(target(db_url), MIGRATIONS)
    applied, pending = [m.label for m in found.applied], [m.label for m in found.pending]
    if as_json:
        print(json.dumps({"applied": applied, "pending": pending, "unknown": found.unknown}))
    else:
        _print_status(applied, pending, found.unknown)
    raise typer.Exit(1 if pending or found.unknown else 0)


@app.command()
def types(
    db_url: DbUrl = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the file is current.")] = False,
) -> None:
    """Write the database's TypeScript types for supabase-js."""
    with readable_errors():
        source = generate(target(db_url))
    if check:
        current = TYPES_FILE.exists() and TYPES_FILE.read_text(encoding="utf-8") == source
        console.print("current" if current else "stale: run `lamina db types`")
        raise typer.Exit(0 if current else 1)
    TYPES_FILE.parent.mkdir(parents=True, exist_ok=True)
    TYPES_FILE.write_text(source, encoding="utf-8")
    console.print(str(TYPES_FILE.relative_to(PROJECT)))


@app.command("worker-role")
def worker_role(
    db_url: DbUrl = None,
    password: Annotated[
        str | None, typer.Option(envvar="LAMINA_WORKER_PASSWORD", help="Default: a random one.")
    ] = None,
) -> None:
    """Let the worker log in; prints its connection string, the only place where the password shows."""
    with readable_errors():
        print(give_login(target(db_url), password))


def target(db_url: str | None) -> str:
    """Connection string as postgres; MigrationError when no database is named and none runs locally."""
    if db_url:
        return db_url
    state = running(StackSettings())
    if state is None:
        raise migrations.MigrationError(
            "No database: start the local platform (`lamina up`) or give --db-url."
        )
    return state.db_url


def _print_status(applied: list[str], pending: list[str], unknown: list[str]) -> None:
    for word, colour, labels in (
        ("applied", "green", applied),
        ("pending", "yellow", pending),
        ("no file", "red", unknown),
    ):
        for label in labels:
            console.print(f"[{colour}]{word}[/{colour}] {label}")
