"""``lamina plans``: what the database sells, kept in step with Stripe's products and prices."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.billing.difference import Difference
from scripts.billing.push import push as mend
from scripts.billing.sight import look
from scripts.billing.sight import pull as write_down
from scripts.billing.target import find_till
from scripts.commands.readable import readable_errors
from worker.db.pool import Database
from worker.providers.payments.port import Catalog

PIPE_COLUMNS = 200
DIFFERS = {
    "missing": ("missing at Stripe", "yellow"),
    "differs": ("differs", "yellow"),
    "archived": ("archived at Stripe", "yellow"),
    "not_sold": ("still sold at Stripe", "yellow"),
    "unknown": ("unknown here", "red"),
    "unrecorded": ("not written down", "yellow"),
    "gone": ("gone from Stripe", "yellow"),
}
DONE = {
    "missing": "made",
    "differs": "changed",
    "archived": "sold again",
    "not_sold": "archived",
    "unrecorded": "written down",
    "gone": "marked as gone",
}

AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Action = Callable[[Database, Catalog], Awaitable[list[Difference]]]

app = typer.Typer(no_args_is_help=True, help="Plans and credit packs, at Stripe too.")
console = Console(soft_wrap=True, highlight=False)


@app.command()
def push(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make Stripe sell what the database sells; run again, it does nothing.

    Prices never change at Stripe: another amount is another price, the old one is archived. What is not sold
    any more is archived too; running subscriptions keep it. What is not known here is left alone.
    """
    done = [d for d in _run(_look if dry_run else mend) if d.mendable]
    if as_json:
        _print_json(done, dry_run=dry_run)
    else:
        _print_done(done, dry_run)


@app.command()
def pull(as_json: AsJson = False) -> None:
    """Write down which price of Stripe's is which of ours, whoever made it; changes nothing at Stripe."""
    done = _run(write_down)
    if as_json:
        _print_json(done)
    else:
        _print_done(done, dry_run=False)


@app.command()
def diff(
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 when something differs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show where Stripe and the database differ about what is sold."""
    found = _run(_look)
    if as_json:
        _print_json(found)
    elif found:
        _print_table(found)
    else:
        console.print("Stripe sells what the database sells.")
    raise typer.Exit(1 if check and found else 0)


async def _look(db: Database, catalog: Catalog) -> list[Difference]:
    return (await look(db, catalog)).differences


def _run(action: Action) -> list[Difference]:
    with readable_errors():
        return asyncio.run(find_till().do(action))


def _print_json(differences: list[Difference], **more: Any) -> None:
    rows = [
        {"thing": d.thing, "name": d.name, "kind": d.kind, "ours": d.ours, "theirs": d.theirs}
        for d in differences
    ]
    print(json.dumps({**more, "differences": rows}, indent=2, ensure_ascii=False))


def _print_table(differences: list[Difference]) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("", "name", "", "here", "at Stripe"):
        table.add_column(heading, no_wrap=True)
    for d in differences:
        mark, colour = DIFFERS[d.kind]
        table.add_row(d.thing, d.name, Text(mark, colour), Text(d.ours or "–"), Text(d.theirs or "–"))
    if not console.is_terminal:
        console.width = PIPE_COLUMNS
    console.print(table)


def _print_done(done: list[Difference], dry_run: bool) -> None:
    for d in done:
        word = f"{'would be ' if dry_run else ''}{DONE[d.kind]}"
        console.print(f"{d.thing:<8} {d.name:<44} {word}", markup=False)
    if not done:
        console.print("Nothing to do.")
