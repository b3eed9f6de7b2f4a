"""How many more jobs of each lane this worker may start, and which lanes may have work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping


class Slots:
    """``changed`` is set when it is worth asking the database for work again."""

    def __init__(self, lanes: Mapping[str, int]) -> None:
        self.free = dict(lanes)
        self.limits = dict(lanes)
        self.changed = asyncio.Event()
        self._promising = set(lanes)

    def take(self, lane: str) -> None:
        """A job started."""
        self.free[lane] -= 1

    def give_back(self, lane: str) -> None:
        """A job needs its slot no longer."""
        self.free[lane] += 1
        if lane in self._promising:
            self.changed.set()

    def hint(self, lanes: Iterable[str] | None = None) -> None:
        """There may be work in these lanes; None means any."""
        named = self.limits if lanes is None else lanes
        self._promising.update(lane for lane in named if lane in self.limits)
        self.changed.set()

    def ask(self) -> dict[str, int]:
        """Lane → how many to claim now. A lane is asked once per hint, so a hint meanwhile is not lost."""
        quotas = {lane: self.free[lane] for lane in sorted(self._promising) if self.free[lane] > 0}
        self._promising.difference_update(quotas)
        return quotas

    def learn(self, quotas: Mapping[str, int], claimed: Iterable[str]) -> None:
        """A lane that gave all it was asked for may have more; the others are empty until the next hint."""
        got = dict.fromkeys(quotas, 0)
        for lane in claimed:
            got[lane] += 1
        self._promising.update(lane for lane, quota in quotas.items() if got[lane] >= quota)
