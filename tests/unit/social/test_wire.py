"""Whatever headers and bodies say: a wait is sane, a count fits its column, and nothing breaks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ProviderError
from worker.providers.social.wire import LARGEST_COUNT, LONGEST_WAIT, counts, fault, wait_seconds

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
NAMES = ("retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "x-rate-limit-reset")
values = st.one_of(st.text(max_size=20), st.integers(-(10**6), 10**400).map(str), st.just("0"))


@given(st.dictionaries(st.sampled_from(NAMES), values), st.integers(300, 599))
def test_any_headers_give_a_sane_wait_and_an_error(headers: dict[str, str], status: int) -> None:
    wait = wait_seconds(headers, NOW)
    assert wait is None or 0 <= wait <= LONGEST_WAIT
    assert isinstance(fault("github", status, headers, NOW), ProviderError)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "60"}, 60),
        ({"retry-after": "9" * 400}, LONGEST_WAIT),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 90)}, 90),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 12}, LONGEST_WAIT),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 13}, None),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(EPOCH + 90)}, None),
    ],
)
def test_what_a_platform_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_seconds(headers, NOW) == seconds


@pytest.mark.parametrize("value", [None, True, "3", 3.5, -1, LARGEST_COUNT + 1, [3], {}])
def test_what_is_no_count_is_unknown(value: object) -> None:
    assert counts({"theirs": value, "other": 0}, {"theirs": "ours", "other": "zero"}) == {"zero": 0}
