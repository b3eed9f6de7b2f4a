"""Children of the supervisor that cannot outlive it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

START_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Part:
    """One process; it is ready when ``ready_url`` answers with less than 500."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    ready_url: str
    ready_headers: dict[str, str] = field(default_factory=dict)
    grace_seconds: float = 5.0


class PartFailed(Exception):
    """A part ended or did not become ready; the text names it and quotes its log."""

    def __init__(self, part: str, what: str, log: Path) -> None:
        super().__init__(f"{part} {what}. Its log, {log}, ends with:\n{tail(log)}")
        self.part = part


class Child:
    """A running part."""

    def __init__(self, part: Part, logs: Path) -> None:
        self.part = part
        self.log = fresh_log(logs, part.name)
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                part.command,
                cwd=part.folder,
                env=part.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which ends them in order
                preexec_fn=_end_with_parent,
            )

    def wait_until_ready(self) -> None:
        """Raises PartFailed when it ends first or time is up."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            if answers(self.part.ready_url, self.part.ready_headers):
                return
            time.sleep(0.05)
        raise PartFailed(self.part.name, f"was not ready after {START_SECONDS:.0f} seconds", self.log)

    def check(self) -> None:
        """Raises PartFailed when it has ended."""
        code = self.process.poll()
        if code is not None:
            how = f"was killed by signal {-code}" if code < 0 else f"stopped with exit code {code}"
            raise PartFailed(self.part.name, how, self.log)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to what is left of its process group after the grace period."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=self.part.grace_seconds)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def fresh_log(folder: Path, name: str) -> Path:
    """The log file of a part; that of the last run is kept as ``.log.1``."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    if log.exists():
        log.replace(folder / f"{name}.log.1")
    return log


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, indented."""
    if not log.exists():
        return "  (no log)"
    text = log.read_text("utf-8", "replace").strip() or "(empty)"
    return "\n".join("  " + line for line in text.splitlines()[-lines:])


def answers(url: str, headers: dict[str, str]) -> bool:
    """Something serves this address; what it says does not matter, unless it is a fault of its own."""
    try:
        return httpx.get(url, headers=headers, timeout=2, trust_env=False).status_code < 500
    except httpx.HTTPError:
        return False


def _end_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
