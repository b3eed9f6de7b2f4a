"""``lamina mail``: the local mailbox, where e-mails go while nobody delivers them; addresses without mail."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg.rows import DictRow, dict_row
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.commands.db import DbUrl, target
from scripts.commands.jobs import PIPE_COLUMNS, age
from scripts.commands.readable import CommandFailed, readable_errors
from scripts.stack.parts import mailbox
from scripts.stack.settings import StackSettings
from worker.db.queries import load_queries
from worker.providers.email.mailbox import Letter, Mailbox

SQL = load_queries(__package__, "mail.sql")
OFFLINE = "Offline mailbox: none of this was delivered to anyone."
ID_LENGTH = 10

AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Another mailbox than the local platform's.", file_okay=False)
]

app = typer.Typer(
    no_args_is_help=True,
    help="The local mailbox: e-mails that were written and not delivered. And addresses that get none.",
)
console = Console(soft_wrap=True, highlight=False)


@app.command("list")
def list_mail(
    to: Annotated[str | None, typer.Option(help="Only to this recipient, or a part of it.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 20,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """The newest e-mails."""
    letters = _mailbox(folder).newest(to=to, limit=limit)
    if as_json:
        _print_json({"offline": True, "mails": [_whole(letter) for letter in letters]})
        return
    console.print(OFFLINE, style="yellow")
    if letters:
        _print_table(letters, datetime.now(UTC))
    else:
        console.print("No mail.")


@app.command()
def show(
    mail: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how it begins.")],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """One e-mail as its recipient would read it; exit code 1 when there is none, or more than one."""
    with readable_errors():
        letter = _mailbox(folder).show(mail)
        if letter is None:
            raise CommandFailed("No e-mail's id begins so, or more than one's. See: lamina mail list")
    if as_json:
        _print_json({"offline": True, **_whole(letter)})
        return
    console.print(OFFLINE, style="yellow")
    for name, value in (("from", letter.sender), ("to", letter.to), ("subject", letter.subject)):
        console.print(f"  [dim]{name:<8}[/dim]", end="")
        console.print(value, markup=False)
    console.print()
    console.print(letter.text.rstrip(), markup=False)


@app.command()
def suppressions(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 100,
    db_url: DbUrl = None,
    as_json: AsJson = False,
) -> None:
    """Addresses that get no e-mail any more, newest first: bounced, complained or unsubscribed."""
    with readable_errors(), _connect(db_url) as connection:
        found = connection.execute(SQL["suppressions"], {"limit": limit}).fetchall()
    if as_json:
        _print_json(found)
    elif not found:
        console.print("No address is suppressed.")
    for row in () if as_json else found:
        console.print(f"{row['since']:%Y-%m-%d}  {row['reason']:<12}  {row['email']}", markup=False)


@app.command()
def unsuppress(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")], db_url: DbUrl = None, as_json: AsJson = False
) -> None:
    """E-mail to this address again, noted in the audit log; exit code 1 when it was not suppressed."""
    with readable_errors(), _connect(db_url) as connection:
        row = connection.execute(SQL["unsuppress"], {"email": address}).fetchone()
        if row is None or row["email"] is None:
            raise CommandFailed("This address is not suppressed. See: lamina mail suppressions")
    if as_json:
        _print_json(row)
    else:
        console.print(f"{row['email']} gets e-mail again; it was {row['reason']}.", markup=False)


def _connect(db_url: str | None) -> psycopg.Connection[DictRow]:
    return psycopg.connect(target(db_url), autocommit=True, row_factory=dict_row)


def _mailbox(folder: Path | None) -> Mailbox:
    return Mailbox(folder or mailbox(StackSettings()))


def _whole(letter: Letter) -> dict[str, Any]:
    """With the moment as ISO 8601 and the headers as pairs."""
    return {**asdict(letter), "at": letter.at.isoformat()}


def _print_table(letters: list[Letter], now: datetime) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("id", "age", "to", "subject"):
        table.add_column(
            heading, no_wrap=heading != "subject", justify="right" if heading == "age" else "left"
        )
    for letter in letters:
        passed = age((now - letter.at).total_seconds())
        table.add_row(letter.id[:ID_LENGTH], passed, Text(letter.to), Text(letter.subject))
    if not console.is_terminal:
        console.width = PIPE_COLUMNS
    console.print(table)


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, default=lambda moment: moment.isoformat()))
