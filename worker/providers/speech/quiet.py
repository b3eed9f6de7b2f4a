"""Where to cut a recording. Pure."""

from __future__ import annotations

from array import array
from itertools import accumulate

BLOCK = 160
"""Samples measured together: 10 ms."""

PAUSE = 30
"""Blocks a pause should have: 300 ms."""


def quietest(samples: array[int]) -> int:
    """The middle of the quietest stretch of PAUSE blocks, as an index of a sample; the last of equals.

    For fewer samples than that, their end.
    """
    loudness = [
        sum(map(abs, samples[start : start + BLOCK])) for start in range(0, len(samples) - BLOCK + 1, BLOCK)
    ]
    if len(loudness) < PAUSE:
        return len(samples)
    sums = list(accumulate(loudness, initial=0))
    stretches = range(len(loudness) - PAUSE + 1)
    best = min(reversed(stretches), key=lambda start: sums[start + PAUSE] - sums[start])
    return best * BLOCK + PAUSE * BLOCK // 2
