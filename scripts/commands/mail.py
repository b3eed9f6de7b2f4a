"""``lamina mail``: the local mailbox, where e-mails go while nobody delivers them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.commands.jobs import PIPE_COLUMNS, age
from scripts.commands.readable import CommandFailed, readable_errors
from scripts.stack.parts import mailbox
from scripts.stack.settings import StackSettings
from worker.providers.email.mailbox import Letter, Mailbox

OFFLINE = "Offline mailbox: none of this was delivered to anyone."
ID_LENGTH = 10

AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Another mailbox than the local platform's.", file_okay=False)
]

app = typer.Typer(
    no_args_is_help=True, help="The local mailbox: e-mails that were written and not delivered."
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
    print(json.dumps(value, indent=2))
