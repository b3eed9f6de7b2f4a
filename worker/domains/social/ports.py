"""What the social domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random

from worker.db.pool import Database
from worker.providers.social.port import SocialReader


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SocialPorts:
    """Everything the handlers use. `jitter` gives 0 to 1."""

    db: Database
    reader: SocialReader
    now: Callable[[], datetime] = _now
    jitter: Callable[[], float] = random
