"""How often something may happen. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable


class Bucket:
    """Holds one second's worth of permissions and is filled steadily."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = float(per_second), clock
        self._left, self._at = float(per_second), clock()

    def take(self, count: int = 1) -> bool:
        """False when it holds fewer than ``count``; then none is taken."""
        now = self._clock()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < count:
            return False
        self._left -= count
        return True
