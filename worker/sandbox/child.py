"""The child process: does what it is told, one piece of work after another, until its input ends."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import Any, BinaryIO

from worker.errors import LaminaError
from worker.sandbox.frames import LENGTH, pack


def main(memory_bytes: int, cpu_seconds: int) -> None:
    """Reads work from standard input and writes results to what was standard output."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak into the replies
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(memory_bytes)
    while (work := _read(sys.stdin.buffer)) is not None:
        _limit_cpu(cpu_seconds)
        replies.write(pack(_done(*work)))
        replies.flush()


def _done(function: Any, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        return "result", function(*arguments)
    except LaminaError as error:
        return "error", error
    except MemoryError:
        return "killed", "it needs more memory than it may have"
    except Exception as error:
        return "crash", f"{type(error).__name__}: {error}"[:500]


def _read(stream: BinaryIO) -> Any:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return pickle.loads(stream.read(LENGTH.unpack(head)[0]))  # noqa: S301 - from our own parent


def _limit(memory_bytes: int) -> None:
    """The address space; macOS has no such limit and relies on the time."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_cpu(seconds: int) -> None:
    if sys.platform == "linux":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
