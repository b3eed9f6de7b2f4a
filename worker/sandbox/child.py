"""The child process: does what it is told, one piece of work after another, until its input ends."""

from __future__ import annotations

import os
import pickle
import queue
import resource
import signal
import sys
import threading
import traceback
from typing import BinaryIO

from worker.errors import LaminaError
from worker.sandbox.frames import LENGTH, TAKEN, pack


def main(memory_bytes: int, cpu_seconds: int) -> None:
    """Takes work from standard input and writes results to what was standard output."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak into the replies
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # meant for the worker, which decides when a child ends
    _limit(memory_bytes)
    works: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, works), daemon=True).start()
    while True:
        work = works.get()
        replies.write(TAKEN)
        replies.flush()
        _limit_cpu(cpu_seconds)
        replies.write(_done(work))
        replies.flush()


def _listen(stream: BinaryIO, works: queue.SimpleQueue[bytes]) -> None:
    """Beside the work, so that a busy child too ends at once when its parent is gone."""
    while len(head := stream.read(LENGTH.size)) == LENGTH.size:
        works.put(stream.read(LENGTH.unpack(head)[0]))
    os._exit(0)


def _done(work: bytes) -> bytes:
    try:
        function, arguments = pickle.loads(work)  # noqa: S301 - from our own parent
        return pack(("result", function(*arguments)))
    except LaminaError as error:
        return pack(("error", error))
    except MemoryError:
        return pack(("killed", "it needs more memory than it may have"))
    except Exception:
        return pack(("crash", traceback.format_exc(limit=-10)))


def _limit(memory_bytes: int) -> None:
    """The address space; macOS has no such limit and relies on the time."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _limit_cpu(seconds: int) -> None:
    """For the next piece of work; the system kills the process after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
