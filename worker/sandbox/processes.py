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
from worker.sandbox.frames import LARGEST, LENGTH, TAKEN, pack, unpack_untrusted

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

    async def give(self, message: bytes) -> bool:
        """Whether the child takes the work: one that died since its last does not."""
        stdin, stdout = self._pipes()
        try:
            stdin.write(message)
            await stdin.drain()
            return await stdout.readexactly(len(TAKEN)) == TAKEN
        except (asyncio.IncompleteReadError, ConnectionError):
            return False

    async def reply(self) -> tuple[str, Any]:
        """Raises IncompleteReadError when the work ends the child, UnpicklingError for an unsafe reply."""
        _, stdout = self._pipes()
        (length,) = LENGTH.unpack(await stdout.readexactly(LENGTH.size))
        if length > LARGEST:
            raise _killed("it yields more than may be kept")
        kind, value = unpack_untrusted(await stdout.readexactly(length))
        self.works += 1
        return kind, value

    async def kill(self) -> None:
        """Ends the process and waits for its end, which needs its output read to the end."""
        _, stdout = self._pipes()
        self.send_kill()
        while await stdout.read(LARGEST):
            pass
        await self.process.wait()

    def send_kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    def _pipes(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None  # noqa: PT018 - both were asked for
        return stdin, stdout


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
            kind, value = await self._answer(message)
        return cast("Result", _value(kind, value))

    async def close(self) -> None:
        """Ends all children; work under way fails."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        for child in self._busy:
            child.send_kill()
        await asyncio.gather(
            *(child.kill() for child in idle), *(child.process.wait() for child in self._busy)
        )

    async def _answer(self, message: bytes) -> tuple[str, Any]:
        while self._idle:
            if (answer := await self._ask(self._idle.pop(), message)) is not None:
                return answer
        if (answer := await self._ask(await self._start(), message)) is not None:
            return answer
        raise RuntimeError("no child process can be started")

    async def _ask(self, child: _Child, message: bytes) -> tuple[str, Any] | None:
        """The child's answer; None from one that was gone before it took the work."""
        is_over = True
        self._busy.add(child)
        try:
            async with asyncio.timeout(self.limits.wall_seconds):
                answer = await child.reply() if await child.give(message) else None
            is_over = answer is None or answer[0] == "killed" or child.works >= self.limits.works
        except TimeoutError as error:
            raise _killed(f"it takes longer than {self.limits.wall_seconds:.0f} seconds") from error
        except UnpicklingError as error:
            raise RuntimeError(f"from the child process: {error}") from error
        except asyncio.IncompleteReadError as error:
            raise await self._why_it_ended(child) from error
        finally:
            self._busy.discard(child)
            if is_over or self._is_closed:
                await child.kill()
            else:
                self._idle.append(child)
        return answer

    async def _why_it_ended(self, child: _Child) -> Exception:
        status = await child.process.wait()
        if self._is_closed:
            return RuntimeError("the sandbox was closed")
        if status >= 0:  # it left by itself, which no input makes it do
            return RuntimeError(f"the child process ended with status {status}")
        return _killed("it takes too much time or memory, or makes the reading process crash")

    async def _start(self) -> _Child:
        if self._is_closed:
            raise RuntimeError("the sandbox was closed")
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
