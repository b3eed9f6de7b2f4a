"""``lamina up``, ``down``, ``status``, ``logs`` and ``reset``: the local platform."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.billing.local import NotSold, sell_offline
from scripts.commands.readable import readable_errors
from scripts.stack.settings import StackSettings
from scripts.stack.state import PORTS, State, load
from scripts.stack.supervisor import (
    Stack,
    Tell,
    delete_everything,
    listen_to_signals,
    running,
    start_detached,
    stop_running,
)

console = Console(soft_wrap=True, highlight=False)
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]


def up(
    detach: Annotated[bool, typer.Option(help="Leave it running in the background.")] = False,
    worker: Annotated[bool, typer.Option(help="With the worker.")] = True,
    as_json: AsJson = False,
) -> None:
    """Start the local platform and the worker; Ctrl-C stops all of it."""
    settings = StackSettings()
    with readable_errors():
        if detach:
            _show(running(settings) or start_detached(settings, with_worker=worker), as_json)
            return
        _run_in_foreground(settings, worker, as_json)


def _run_in_foreground(settings: StackSettings, worker: bool, as_json: bool) -> None:
    wishes = listen_to_signals()
    stack = Stack(settings)
    tell = _tell_nothing if as_json else _tell
    try:
        state = stack.start(tell, with_worker=worker, stock=lambda state: stock(state, tell))
        _show(state, as_json)
        stack.watch(wishes)
    finally:
        stack.stop()


def stock(state: State, tell: Tell) -> None:
    """Plans that cannot be bought keep nobody from working."""
    began = time.monotonic()
    try:
        if sell_offline(state):
            tell("plans for sale, offline", time.monotonic() - began)
    except NotSold as error:
        print(error, file=sys.stderr)


def _tell(what: str, seconds: float) -> None:
    console.print(f"  [green]✓[/green] {what:<28} [dim]{seconds:.1f} s[/dim]")


def _tell_nothing(what: str, seconds: float) -> None:
    """With --json only the result is printed."""


def down() -> None:
    """Stop what runs in the background, or was left by a crash."""
    with readable_errors():
        stopped = stop_running(StackSettings())
    console.print("Stopped." if stopped else "Nothing was running.")


def status(as_json: AsJson = False) -> None:
    """Say which parts run, where, and with which keys; exit code 1 when one does not."""
    state = load(StackSettings())
    parts = {} if state is None else {part: state.is_alive(part) for part in state.pids}
    is_running = bool(parts) and all(parts.values()) and state is not None and state.ready
    if state is None or not parts:
        print(json.dumps({"running": False})) if as_json else console.print(
            "Not running. Start it: lamina up"
        )
    else:
        _show(state, as_json, parts)
    raise typer.Exit(0 if is_running else 1)


def logs(
    part: Annotated[str, typer.Argument(help="postgres, lite, functions, gateway, worker or up.")] = "worker",
    lines: Annotated[int, typer.Option("--lines", "-n")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f")] = False,
) -> None:
    """Print the end of a part's log."""
    found = _log_files(StackSettings())
    log = found.get(part)
    if log is None:
        print(f"No log of {part!r}; there are: {', '.join(sorted(found)) or 'none'}", file=sys.stderr)
        raise typer.Exit(1)
    print("\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:]))
    if follow:
        subprocess.run(["tail", "-n", "0", "-F", str(log)], check=False)


def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the platform and delete its data, files and keys."""
    settings = StackSettings()
    if not yes:
        typer.confirm(f"Delete everything in {settings.lamina_state_dir}?", abort=True)
    with readable_errors():
        stop_running(settings)
        delete_everything(settings)
    console.print("Deleted. The next `lamina up` begins anew.")


def _log_files(settings: StackSettings) -> dict[str, Path]:
    folder = settings.lamina_state_dir
    found = {log.stem: log for log in folder.glob("logs/*.log")}
    postgres = (folder / "pgdata").resolve().with_name("pgdata.log")
    return found | ({"postgres": postgres} if postgres.exists() else {})


def _show(state: State, as_json: bool, parts: dict[str, bool] | None = None) -> None:
    values = {
        "url": state.url,
        "publishable_key": state.publishable_key,
        "secret_key": state.secret_key,
        "db_url": state.db_url,
        "worker_db_url": state.worker_db_url,
    }
    if as_json:
        alive = parts or dict.fromkeys(state.pids, True)
        print(json.dumps({"running": state.ready, "parts": alive, **values}, indent=2), flush=True)
        return
    width = max(map(len, values))
    for name, value in values.items():
        print(f"  {name:<{width}}  {value}")
    for part, runs in (parts or {}).items():
        port = f" on port {state.ports[part]}" if part in PORTS else ""
        console.print(
            f"  {part:<{width}}  " + (f"[green]runs[/green]{port}" if runs else "[red]does not run[/red]")
        )
    sys.stdout.flush()
