"""When to try again: pure arithmetic in seconds."""

from __future__ import annotations

import math
from collections.abc import Callable

BASE_SECONDS = 2.0
CAP_SECONDS = 300.0
LONGEST_WAIT_SECONDS = 3600.0

Uniform = Callable[[float, float], float]


def backoff(attempt: int, uniform: Uniform, *, base: float = BASE_SECONDS, cap: float = CAP_SECONDS) -> float:
    """Full jitter: between 0 and ``base · 2^(attempt-1)``, at most ``cap``; ``attempt`` counts from 1."""
    doublings = min(max(attempt - 1, 0), 64)
    return uniform(0.0, min(cap, base * 2.0**doublings))


def wait_seconds(asked: float | None, attempt: int, uniform: Uniform) -> float:
    """What a Retry-After asks for, up to an hour; without one, the backoff."""
    if asked is None or not math.isfinite(asked):
        return backoff(attempt, uniform)
    return min(max(asked, 0.0), LONGEST_WAIT_SECONDS)
