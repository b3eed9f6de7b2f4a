"""How one worker works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """``lanes`` is how many jobs of each lane run at once; times in seconds.

    With ``listen_dsn`` None the worker only polls. It polls beside LISTEN too: that is how it takes over jobs
    of workers that died.
    """

    worker_id: str
    lanes: Mapping[str, int]
    lease: float = 30.0
    grace: float = 15.0
    poll: float = 5.0
    listen_dsn: str | None = None
    report_every: float = 0.25
    catch_up: float = 600.0
    """Schedules that came due while no worker ran are made up for, this far back."""

    finish_at_once: int = 500
    heartbeat_every: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "heartbeat_every", min(self.lease / 3, 4.0))
