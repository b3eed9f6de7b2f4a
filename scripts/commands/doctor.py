"""``lamina doctor``: looks at everything a platform needs, and says what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from scripts.doctor.configuration import configured_embedder, settings_findings
from scripts.doctor.database import database_findings
from scripts.doctor.doors import door_findings
from scripts.doctor.finding import Finding, Level, fail, warn
from scripts.doctor.machine import machine_findings
from scripts.doctor.target import PlatformSettings, Target, find_target
from scripts.doctor.worker import worker_findings
from scripts.stack.settings import MIGRATIONS, PROJECT, StackSettings
from scripts.stack.supervisor import running

MARKS: dict[Level, tuple[str, str]] = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}
NOTHING = fail(
    "Platform",
    "none to look at",
    "Start the local one (lamina up), or set SUPABASE_URL, LAMINA_DB_URL and LAMINA_ADMIN_DB_URL.",
)

console = Console(soft_wrap=True, highlight=False)


def doctor(
    db_url: Annotated[
        str | None, typer.Option("--db-url", help="Log in as postgres here; default: LAMINA_ADMIN_DB_URL.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Check programs, settings, keys, database and doors; exit code 1 when something will not work."""
    target = find_target(PlatformSettings(), running(StackSettings()))
    if target is not None and db_url is not None:
        target = replace(target, admin_url=db_url)
    found: list[Finding] = []
    for finding in findings(target):
        found.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        print(json.dumps([asdict(finding) for finding in found], indent=2, ensure_ascii=False))
    else:
        _conclude(found)
    raise typer.Exit(1 if any(finding.level == "fail" for finding in found) else 0)


def findings(target: Target | None) -> Iterator[Finding]:
    """Everything, in the order in which one thing depends on another."""
    yield from machine_findings(PROJECT)
    yield from settings_findings(target)
    if target is None:
        yield NOTHING
        return
    if target.admin_url is None:
        yield warn(
            "Database", "LAMINA_ADMIN_DB_URL is not set", "Set it, or give --db-url, to have it checked."
        )
    else:
        embedder = configured_embedder()
        model = f"{embedder.name}:{embedder.model}" if embedder else None
        yield from database_findings(target.admin_url, MIGRATIONS, model)
    yield from worker_findings(target, (PROJECT / "worker", PROJECT / "scripts" / "billing"))
    yield from door_findings(target)


def _show(finding: Finding) -> None:
    mark, colour = MARKS[finding.level]
    console.print(Text.assemble((f"  {mark} ", colour), (f"{finding.name:<22} ", "bold"), finding.says))
    if finding.advice:
        console.print(Text(f"      → {finding.advice}", "dim" if finding.level == "ok" else colour))


def _conclude(found: list[Finding]) -> None:
    failed = sum(finding.level == "fail" for finding in found)
    warned = sum(finding.level == "warn" for finding in found)
    if failed:
        print(f"\n{failed} of {len(found)} checks failed.", file=sys.stderr)
    elif warned:
        console.print(f"\nWorks, with {warned} remarks.")
    else:
        console.print("\nAll well.")
