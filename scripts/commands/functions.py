"""``lamina functions``: the edge functions' own checks."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.commands.readable import readable_errors
from scripts.stack.functions import deno_environment, deno_program
from scripts.stack.settings import PROJECT

FOLDER = "supabase/functions"
SERVER = "scripts/stack/functions_server.ts"
CHECKS = {
    "format": ("fmt", "--check", FOLDER, SERVER),
    "lint": ("lint", FOLDER, SERVER),
    "types": ("check", "--no-remote", FOLDER, SERVER),
    "tests": ("test", "--no-remote", "--no-check", "--permit-no-files", FOLDER),
}
"""Arguments of Deno, by the name the check is reported under."""

app = typer.Typer(no_args_is_help=True, help="Edge functions.")
console = Console(soft_wrap=True, highlight=False)


@app.callback()
def functions() -> None:
    """Edge functions."""


@app.command()
def check(
    project: Annotated[Path, typer.Option(hidden=True, help="Another project's root.")] = PROJECT,
) -> None:
    """Format, lint, types, tests and settings of supabase/functions; exit code 1 when one fails."""
    with readable_errors():
        _require_packages(project)
        failed = [name for name, said in _results(project.resolve()) if not _show(name, said)]
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
        raise typer.Exit(1)


def _results(project: Path) -> Iterator[tuple[str, str | None]]:
    """Each check's name, with what it said when it failed."""
    for name, arguments in CHECKS.items():
        yield name, _run(project, *arguments)
    yield "settings", settings_problems(project)


def _show(name: str, said: str | None) -> bool:
    console.print(f"  [green]✓[/green] {name}" if said is None else f"  [red]✗[/red] {name}")
    if said:
        console.print(said, markup=False)
    return said is None


def _run(project: Path, command: str, *arguments: str) -> str | None:
    """None when Deno is content, else its words."""
    done = subprocess.run(
        [deno_program(), command, "--quiet", *arguments],
        cwd=project,
        env=deno_environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return None if done.returncode == 0 else done.stdout.strip()


def settings_problems(project: Path) -> str | None:
    """Where functions and their blocks in supabase/config.toml do not match; None when they do."""
    folder = project / FOLDER
    there = {path.parent.name for path in folder.glob("*/index.ts")}
    configured = tomllib.loads((project / "supabase" / "config.toml").read_text("utf-8")).get("functions", {})
    lines = [
        f"supabase/config.toml: [functions.{name}] must say verify_jwt"
        for name in sorted(there)
        if "verify_jwt" not in configured.get(name, {})
    ]
    lines += [
        f"supabase/config.toml: [functions.{name}] has no supabase/functions/{name}/index.ts"
        for name in sorted(set(configured) - there)
    ]
    return "\n".join(lines) or None


def _require_packages(project: Path) -> None:
    for package in ("@supabase/server", "@supabase/supabase-js", "@types/node"):
        if not (project / "node_modules" / package / "package.json").exists():
            raise FileNotFoundError(f"The Node package {package} is not installed; run: make setup")
