"""What the tests let a sandboxed child do."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from worker.domains.knowledge.chunking import Chunk
from worker.errors import DocumentRejected, ProviderUnavailable


class Exploit:
    """Its pickle asks the reader to run a shell command."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.path}",)


def chunk(text: str) -> Chunk:
    return Chunk(0, None, text, 1, 2, 0, len(text), b"\x00\xff")


def pid(*_: object) -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)


def sleep(seconds: float, mark: str | None = None) -> None:
    if mark:
        Path(mark).write_text(str(os.getpid()))
    time.sleep(seconds)


def burn() -> None:
    while True:
        pass


def burn_for(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def allocate(mebibytes: int) -> int:
    return len(bytearray(mebibytes * 1024 * 1024))


def segfault() -> None:
    ctypes.string_at(0)


def leave(status: int) -> None:
    os._exit(status)


def reject() -> None:
    raise DocumentRejected("document.damaged", "The file is damaged.")


def unavailable() -> None:
    raise ProviderUnavailable("provider.unavailable", "Away.", provider="x", retry_after=2.5)


def divide(by: int) -> float:
    return 1 / by


def print_noise() -> int:
    print("noise on standard output")
    os.write(1, b"more noise\n")
    sys.stdout.flush()
    return 7


def path() -> Path:
    return Path("/")


def repeat(text: str, times: int) -> str:
    return text * times


def exploit(path: str) -> Exploit:
    return Exploit(path)


def signal_itself() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), number)
    return os.getpid()
