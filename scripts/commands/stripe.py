"""``lamina stripe``: whether we know what Stripe knows, and what its events did."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.billing.target import Till, find_till
from scripts.commands import jobs
from scripts.commands.db import DbUrl
from scripts.commands.readable import CommandFailed, readable_errors
from worker.db.queries import load_queries
from worker.domains.billing.reconcile import Report
from worker.domains.billing.reconcile import reconcile as compare_and_mend

SQL = load_queries(__package__, "stripe.sql")
PIPE_COLUMNS = 200
OUTCOMES = {"applied": "green", "superseded": "dim", "ignored": "dim", "unknown": "yellow"}

AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Row = dict[str, Any]

app = typer.Typer(no_args_is_help=True, help="Stripe: compare with it, see its events.")
console = Console(soft_wrap=True, highlight=False)


@app.command()
def reconcile(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare and report, change nothing.")] = False,
    days: Annotated[int, typer.Option(min=1, help="Invoices made in so many last days.")] = 40,
    as_json: AsJson = False,
) -> None:
    """Compare subscriptions and invoices with Stripe and take over what it says.

    Exit code 1 when something still differs.
    """
    with readable_errors():
        report = asyncio.run(_reconcile(find_till(), dry_run, datetime.now(UTC) - timedelta(days=days)))
    if as_json:
        print(json.dumps(asdict(report), indent=2))
    else:
        _print_report(report)
    raise typer.Exit(0 if all(drift.mended for drift in report.drift) else 1)


@app.command()
def events(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 20,
    only_open: Annotated[bool, typer.Option("--open", help="Only those without an outcome.")] = False,
    as_json: AsJson = False,
) -> None:
    """The newest events that came in, and what became of them."""
    with readable_errors():
        found = asyncio.run(_rows(find_till(), "events", {"limit": limit, "open": only_open}))
    if as_json:
        print(json.dumps(found, indent=2, default=str))
    elif found:
        _print_events(found, datetime.now(UTC))
    else:
        console.print("No events.")


@app.command()
def retry(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Its id at Stripe, evt_….")],
    db_url: DbUrl = None,
    as_json: AsJson = False,
) -> None:
    """Queue the job of an event again that failed or was cancelled."""
    with readable_errors():
        found = asyncio.run(_rows(find_till(), "event_job", {"event_id": event}))
        if not found:
            raise CommandFailed("No such event has come in. Stripe can send it again.")
        if not found[0]["exists"]:
            raise CommandFailed(
                "This event has no job any more; `lamina stripe reconcile` finds what it told."
            )
    jobs.retry([found[0]["job_id"]], db_url, as_json)


async def _reconcile(till: Till, dry_run: bool, since: datetime) -> Report:
    from worker.providers.payments.select import payments  # Stripe's library takes its time to load

    stripe = payments(till.settings)
    try:
        async with till.database() as db:
            return await compare_and_mend(db, stripe, dry_run=dry_run, since=since)
    finally:
        await stripe.close()


async def _rows(till: Till, name: str, parameters: Row) -> list[Row]:
    async with till.database() as db:
        return await db.rows(SQL[name], parameters)


def _print_report(report: Report) -> None:
    for drift in report.drift:
        end = Text("mended", "green") if drift.mended else Text("not mended", "red")
        ours, theirs = drift.ours or "nothing", drift.theirs or "nothing"
        console.print(Text(f"{drift.object_id}  {drift.kind}: here {ours}, there {theirs}  ") + end)
    mended = sum(drift.mended for drift in report.drift)
    found = f"{len(report.drift)} differ, {mended} mended" if report.drift else "no difference"
    console.print(f"{report.checked} objects compared: {found}.")


def _print_events(found: list[Row], now: datetime) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("age", "event", "type", "about", "outcome", "job", ""):
        table.add_column(
            heading, justify="right" if heading in ("age", "job") else "left", no_wrap=heading != ""
        )
    for row in found:
        outcome = row["outcome"] or row["job_status"] or "no job any more"
        remark = f"{row['error_code']}: {row['error_message']}" if row["error_code"] else ""
        table.add_row(
            jobs.age((now - row["received_at"]).total_seconds()),
            row["event_id"],
            row["type"],
            Text(row["object_id"] or "–"),
            Text(outcome, OUTCOMES.get(outcome, "red" if outcome == "failed" else "cyan")),
            str(row["job_id"] or "–"),
            Text(remark),
        )
    if not console.is_terminal:
        console.width = PIPE_COLUMNS
    console.print(table)
