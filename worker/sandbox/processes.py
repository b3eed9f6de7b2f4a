"""A small pool of child processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass
from pickle import UnpicklingError
from typing import Any, TypeVar, cast

from worker.errors import ComputationKilled
from worker.sandbox.frames import LARGEST, LENGTH, pack, unpack_untrusted

Result = TypeVar("Result")

KILLED = "sandbox.killed"
PASSED_VARIABLES = (
    *("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "TZ", "TMPDIR"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)
"""The child's environment: no key and no password is among it."""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """For one piece of work; after ``works`` of them a child is replaced, so that no leak grows.

    ``cpu_seconds`` is the fair measure; ``wall_seconds`` is longer, for a machine with much else to do, and
    catches what waits for ever. ``memory_bytes`` is address space, shared libraries included.
    """

    processes: int = 2
    cpu_seconds: int = 60
    wall_seconds: float = 180.0
    memory_bytes: int = 1024 * 1024 * 1024
    works: int = 200


class _Child:
    def __init__(self, process: Process) -> None:
        self.process = process
        self.works = 0

    async def ask(self, message: bytes) -> tuple[str, Any]:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None  # noqa: PT018 - both are pipes
        stdin.write(message)
        await stdin.drain()
        (length,) = LENGTH.unpack(await stdout.readexactly(LENGTH.size))
        if length > LARGEST:
            raise _killed("it yields more than may be kept")
        kind, value = unpack_untrusted(await stdout.readexactly(length))
        self.works += 1
        return kind, value

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await asyncio.shield(self.process.wait())


class ProcessSandbox:
    """Runs importable functions of picklable arguments; results are plain values or dataclasses of ours."""

    def __init__(self, limits: SandboxLimits | None = None) -> None:
        self.limits = limits or SandboxLimits()
        self._slots = asyncio.Semaphore(self.limits.processes)
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._is_closed = False

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """The function's result. Cancelling kills the child.

        Raises what the function raises of LaminaError, ComputationKilled when time or memory ran out or the
        process died, and RuntimeError, with the child's traceback as a note, for any other exception.
        """
        message = pack((function, arguments))
        async with self._slots:
            child = self._take_idle() or await self._start()
            self._busy.add(child)
            try:
                kind, value = await self._ask(child, message)
            except BaseException:
                await child.kill()
                raise
            finally:
                self._busy.discard(child)
            if kind == "killed" or child.works >= self.limits.works:
                await child.kill()
            else:
                self._idle.append(child)
        return cast("Result", _value(kind, value))

    async def close(self) -> None:
        """Ends all children; work under way fails."""
        self._is_closed = True
        children = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(child.kill() for child in children))

    def _take_idle(self) -> _Child | None:
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
        return None

    async def _ask(self, child: _Child, message: bytes) -> tuple[str, Any]:
        try:
            async with asyncio.timeout(self.limits.wall_seconds):
                return await child.ask(message)
        except TimeoutError as error:
            raise _killed(f"it takes longer than {self.limits.wall_seconds:.0f} seconds") from error
        except UnpicklingError as error:
            raise RuntimeError(f"from the child process: {error}") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            status = await child.process.wait()
            if self._is_closed:
                raise RuntimeError("the sandbox was closed") from error
            if status >= 0:  # it left by itself, which no input makes it do
                raise RuntimeError(f"the child process ended with status {status}") from error
            raise _killed("it takes too much time or memory, or makes the reading process crash") from error

    async def _start(self) -> _Child:
        limits = self.limits
        environment = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
        return _Child(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "worker.sandbox.child"),
                *(str(limits.memory_bytes), str(limits.cpu_seconds)),
                stdin=PIPE,
                stdout=PIPE,
                env=environment,
                start_new_session=True,  # a signal at the terminal is for the worker alone
            )
        )


def _value(kind: str, value: Any) -> Any:
    match kind:
        case "result":
            return value
        case "error":
            raise value
        case "killed":
            raise _killed(str(value))
        case _:
            failure = RuntimeError(f"in the child process: {str(value).rstrip().rpartition(chr(10))[2]}")
            failure.add_note(str(value))
            raise failure


def _killed(why: str) -> ComputationKilled:
    return ComputationKilled(KILLED, f"{why}.")
