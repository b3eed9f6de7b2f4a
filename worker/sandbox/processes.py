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
PASSED_VARIABLES = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "TZ", "TMPDIR")
"""The child's environment: no key and no password is among it."""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """For one piece of work; after ``works`` of them a child is replaced, so that no leak grows."""

    processes: int = 2
    seconds: float = 60.0
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
            raise UnpicklingError("the reply is too long")
        kind, value = unpack_untrusted(await stdout.readexactly(length))
        self.works += 1
        return kind, value

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()


class ProcessSandbox:
    """Runs importable functions of picklable arguments; results are plain values or dataclasses of ours."""

    def __init__(self, limits: SandboxLimits | None = None) -> None:
        self.limits = limits or SandboxLimits()
        self._slots = asyncio.Semaphore(self.limits.processes)
        self._idle: list[_Child] = []

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """The function's result. Cancelling kills the child.

        Raises what the function raises of LaminaError, ComputationKilled when time or memory ran out or the
        process died, and RuntimeError with the name of any other exception.
        """
        async with self._slots:
            child = self._idle.pop() if self._idle else await self._start()
            try:
                async with asyncio.timeout(self.limits.seconds):
                    kind, value = await child.ask(pack((function, arguments)))
            except TimeoutError as error:
                child.kill()
                raise _killed(f"it takes longer than {self.limits.seconds:.0f} seconds") from error
            except (asyncio.IncompleteReadError, ConnectionError, UnpicklingError) as error:
                child.kill()
                raise _killed("it made the reading process crash") from error
            except BaseException:
                child.kill()
                raise
            self._keep(child, kind)
        return cast("Result", self._value(kind, value))

    async def close(self) -> None:
        """Ends all idle children."""
        children, self._idle = self._idle, []
        for child in children:
            child.kill()
        await asyncio.gather(*(child.process.wait() for child in children))

    def _keep(self, child: _Child, kind: str) -> None:
        if kind == "killed" or child.works >= self.limits.works:
            child.kill()
        else:
            self._idle.append(child)

    @staticmethod
    def _value(kind: str, value: Any) -> Any:
        match kind:
            case "result":
                return value
            case "error":
                raise value
            case "killed":
                raise _killed(str(value))
            case _:
                raise RuntimeError(f"in the child process: {value}")

    async def _start(self) -> _Child:
        limits = self.limits
        environment = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
        return _Child(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "worker.sandbox.child"),
                *(str(limits.memory_bytes), str(int(limits.seconds) + 1)),
                stdin=PIPE,
                stdout=PIPE,
                env=environment,
                limit=LARGEST,
                start_new_session=True,  # a signal at the terminal is for the worker alone
            )
        )


def _killed(why: str) -> ComputationKilled:
    return ComputationKilled(KILLED, f"{why}.")
