"""The local platform as a whole: side by side, crashing, stopping."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import psutil
import pytest

from scripts.stack.processes import answers
from scripts.stack.state import State
from tests.support.clusters import PROJECT, state_folder

LAMINA = [sys.executable, "-m", "scripts.cli"]


@contextmanager
def another_platform() -> Iterator[tuple[subprocess.Popen[str], State, Path]]:
    """A second one, in the foreground, in a state folder of its own."""
    with state_folder() as folder:
        environment = {**os.environ, "LAMINA_STATE_DIR": str(folder)}
        process = subprocess.Popen(
            [*LAMINA, "up", "--json"], cwd=PROJECT, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            state = State(**json.loads(_ready(process, folder)))
            yield process, state, folder
        finally:
            process.terminate()
            process.wait(timeout=60)


def _ready(process: subprocess.Popen[str], folder: Path) -> str:
    stdout: IO[str] | None = process.stdout
    assert stdout is not None
    for line in stdout:
        if line.startswith("}"):
            return (folder / "state.json").read_text()
    raise AssertionError(process.stderr.read() if process.stderr else "it did not start")


def family(state: State) -> list[psutil.Process]:
    """Every process of a platform, Postgres too."""
    found = [psutil.Process(pid) for pid in state.pids.values()]
    return [*found, *(child for each in found for child in each.children(recursive=True))]


def test_two_platforms_run_side_by_side_and_stop_without_a_trace(stack: State) -> None:
    with another_platform() as (process, other, folder):
        assert not set(other.ports.values()) & set(stack.ports.values())
        assert answers(f"{other.url}/auth/v1/settings", {"apikey": other.publishable_key})
        assert answers(f"{stack.url}/auth/v1/settings", {"apikey": stack.publishable_key})
        members = family(other)
        postmaster = psutil.Process(int((folder / "pgdata" / "postmaster.pid").read_text().splitlines()[0]))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        _, alive = psutil.wait_procs([*members, postmaster], timeout=5)
        assert alive == []


@pytest.mark.parametrize("part", ["worker", "lite"])
def test_a_crashed_part_is_named_with_its_log(stack: State, part: str) -> None:
    with another_platform() as (process, other, folder):
        members = family(other)
        os.kill(other.pids[part], signal.SIGKILL)
        assert process.wait(timeout=60) == 1
        said = process.stderr.read() if process.stderr else ""
        assert f"{part} was killed by signal 9" in said
        assert str(folder / "logs" / f"{part}.log") in said
        assert "Traceback" not in said
        assert psutil.wait_procs(members, timeout=5)[1] == []


def test_children_do_not_outlive_a_killed_supervisor(stack: State) -> None:
    with another_platform() as (process, other, folder):
        parts = [psutil.Process(pid) for name, pid in other.pids.items() if name != "supervisor"]
        process.kill()
        process.wait()
        assert psutil.wait_procs(parts, timeout=10)[1] == []
        environment = {**os.environ, "LAMINA_STATE_DIR": str(folder)}
        down = subprocess.run(
            [*LAMINA, "down"], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
        )
        assert down.stdout.strip() == "Stopped."


def test_status_logs_and_a_second_start(stack: State) -> None:
    status = subprocess.run(
        [*LAMINA, "status", "--json"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    said = json.loads(status.stdout)
    assert said["url"] == stack.url
    assert all(said["parts"].values())
    logs = subprocess.run(
        [*LAMINA, "logs", "worker", "--lines", "100000"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "worker.started" in logs.stdout
    unknown = subprocess.run(
        [*LAMINA, "logs", "nothing"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert unknown.returncode == 1
    again = subprocess.run([*LAMINA, "up"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "runs already" in again.stderr


def test_the_gateway_answers_preflights_and_names_its_doors(stack: State) -> None:
    preflight = httpx.options(f"{stack.url}/rest/v1/documents", headers={"origin": "http://localhost:3000"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "/rest/v1" in httpx.get(f"{stack.url}/").json()["doors"]


def test_secrets_are_readable_by_their_owner_only(stack: State) -> None:
    folder = Path(os.environ["LAMINA_STATE_DIR"])
    for file in (folder / "state.json", folder / "lite" / "config.toml"):
        assert file.stat().st_mode & 0o077 == 0, file
