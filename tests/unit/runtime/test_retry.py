"""How long to wait before the next attempt."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from worker.runtime.retry import (
    BASE_SECONDS,
    CAP_SECONDS,
    LONGEST_WAIT_SECONDS,
    backoff,
    wait_seconds,
)

ATTEMPTS = st.integers(min_value=-5, max_value=10_000)


def longest(low: float, high: float) -> float:
    return high


@given(ATTEMPTS, st.randoms(use_true_random=False))
def test_backoff_stays_within_its_bounds(attempt: int, source: random.Random) -> None:
    assert 0 <= backoff(attempt, source.uniform) <= backoff(attempt, longest) <= CAP_SECONDS


@given(ATTEMPTS)
def test_backoff_never_shrinks(attempt: int) -> None:
    assert backoff(attempt, longest) <= backoff(attempt + 1, longest)


def test_backoff_doubles_up_to_its_cap() -> None:
    assert [backoff(n, longest) for n in (1, 2, 3)] == [BASE_SECONDS, 2 * BASE_SECONDS, 4 * BASE_SECONDS]
    assert backoff(50, longest) == CAP_SECONDS


def test_jitter_spreads_over_the_whole_range() -> None:
    waits = [backoff(6, random.Random(seed).uniform) for seed in range(200)]
    assert min(waits) < 10
    assert max(waits) > 50


@given(st.floats(allow_nan=True, allow_infinity=True), ATTEMPTS)
def test_what_is_asked_for_is_bounded_and_finite(asked: float, attempt: int) -> None:
    wait = wait_seconds(asked, attempt, longest)
    assert math.isfinite(wait)
    assert 0 <= wait <= LONGEST_WAIT_SECONDS


def test_a_reasonable_wish_is_granted_exactly() -> None:
    assert wait_seconds(12.5, 7, longest) == 12.5
    assert wait_seconds(None, 2, longest) == backoff(2, longest)
