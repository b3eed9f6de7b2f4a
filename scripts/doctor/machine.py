"""The programs of this machine."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.doctor.finding import Finding, fail, ok
from scripts.stack.functions import deno_environment, deno_program

OLDEST = {"Python": (3, 11), "Node": (20, 0), "Deno": (2, 0)}
PACKAGES = ("@supabase/lite", "@supabase/server", "@supabase/supabase-js")


def machine_findings(project: Path) -> Iterator[Finding]:
    """Python, Node, Deno and the Node packages."""
    yield judged("Python", ".".join(map(str, sys.version_info[:3])))
    yield judged("Node", _said("node", "--version"))
    yield judged("Deno", _deno(project))
    missing = [name for name in PACKAGES if not (project / "node_modules" / name / "package.json").exists()]
    if missing:
        yield fail("Node packages", f"missing: {', '.join(missing)}", "Run: make setup")
    else:
        yield ok("Node packages", "installed")


def judged(program: str, version: str | None) -> Finding:
    """``version`` is what the program says of itself, None when it cannot be run."""
    oldest = ".".join(map(str, OLDEST[program]))
    found = re.search(r"(\d+)\.(\d+)[\d.]*", version or "")
    if found is None:
        return fail(program, "not found", f"Install {program} {oldest} or newer.")
    if (int(found[1]), int(found[2])) < OLDEST[program]:
        return fail(program, found[0], f"{program} {oldest} or newer is needed.")
    return ok(program, found[0])


def _deno(project: Path) -> str | None:
    try:
        return _said(deno_program(), "--version", environment=deno_environment(project))
    except FileNotFoundError:
        return None


def _said(*command: str, environment: dict[str, str] | None = None) -> str | None:
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
