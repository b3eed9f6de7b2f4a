"""Projects with edge functions of the tests' own, and the process that serves them."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from scripts.stack.functions import functions_command
from tests.support.clusters import PROJECT

COPIED = (
    "deno.json",
    "package.json",
    "supabase/functions/deno.json",
    "scripts/stack/functions_server.ts",
)


def project_with(folder: Path, functions: dict[str, str]) -> Path:
    """A project in ``folder`` with our packages and settings of Deno, and these ``index.ts`` by name."""
    for name in COPIED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, target)
    (folder / "node_modules").symlink_to(PROJECT / "node_modules")
    for name, source in functions.items():
        write_function(folder, name, source)
    return folder


def write_function(project: Path, name: str, source: str, file: str = "index.ts") -> None:
    path = project / "supabase" / "functions" / name / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, "utf-8")


@contextmanager
def serving(project: Path, port: int, environment: dict[str, str]) -> Iterator[httpx.Client]:
    """A client of the running server, whose paths begin at ``/functions/v1/``."""
    command, variables = functions_command(project, port, environment)
    url = f"http://127.0.0.1:{port}/functions/v1/"
    with (project / "functions.log").open("wb") as log:
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            _wait_for(client, process)
            yield client
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server of the functions ended"
        try:
            client.get("")
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the server of the functions does not answer")
