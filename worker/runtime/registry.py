"""Which handler does which kind of job, and what runs by the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from worker.errors import ConfigurationError
from worker.runtime.cron import parse
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import Outcome

Handler = Callable[[Job, JobContext], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Enqueues ``kind`` once per tick of ``cron`` (five fields, UTC), however many workers run."""

    name: str
    cron: str
    kind: str


class Registry:
    """Filled at start, read while running."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._schedules: dict[str, Schedule] = {}

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Kind → handler."""
        return MappingProxyType(self._handlers)

    @property
    def kinds(self) -> list[str]:
        """The kinds this worker can do, sorted."""
        return sorted(self._handlers)

    @property
    def schedules(self) -> list[Schedule]:
        """Everything that runs by the clock."""
        return list(self._schedules.values())

    def add(self, kind: str, handler: Handler) -> None:
        """Raises ConfigurationError when the kind has a handler already."""
        if kind in self._handlers:
            raise ConfigurationError("registry.duplicate", f"Two handlers are registered for {kind}.")
        self._handlers[kind] = handler

    def handles(self, kind: str) -> Callable[[Handler], Handler]:
        """The same as a decorator."""

        def register(handler: Handler) -> Handler:
            self.add(kind, handler)
            return handler

        return register

    def every(self, name: str, cron: str, kind: str) -> None:
        """Adds a schedule. Raises ConfigurationError when the name is taken or the expression is none."""
        parse(cron)
        if name in self._schedules:
            raise ConfigurationError("registry.duplicate", f"Two schedules are named {name}.")
        self._schedules[name] = Schedule(name, cron, kind)
