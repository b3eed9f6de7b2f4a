from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ProviderRejected
from worker.providers.embeddings.batching import GEMINI_001, OPENAI, Limits, batches, estimated_tokens

TEXTS = st.lists(st.text(min_size=1, max_size=60).filter(str.strip), max_size=80)
LIMITS = st.builds(
    Limits,
    inputs=st.integers(1, 10),
    tokens=st.integers(70, 300),
    tokens_per_input=st.integers(61, 70),
)


@given(TEXTS, LIMITS)
def test_batches_cover_all_texts_once_and_in_order(texts: list[str], limits: Limits) -> None:
    covered = [index for batch in batches(texts, limits) for index in batch]
    assert covered == list(range(len(texts)))


@given(TEXTS, LIMITS)
def test_no_batch_passes_a_limit(texts: list[str], limits: Limits) -> None:
    for batch in batches(texts, limits):
        assert 1 <= len(batch) <= limits.inputs
        assert sum(estimated_tokens(texts[index]) for index in batch) <= limits.tokens


@given(TEXTS, LIMITS)
def test_a_batch_ends_only_where_the_next_text_does_not_fit(texts: list[str], limits: Limits) -> None:
    found = batches(texts, limits)
    for batch, following in pairwise(found):
        size = sum(estimated_tokens(texts[index]) for index in [*batch, following[0]])
        assert len(batch) == limits.inputs or size > limits.tokens


@given(st.text())
def test_the_estimate_is_never_below_a_quarter_token_per_byte(text: str) -> None:
    assert estimated_tokens(text) >= len(text.encode()) / 4


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_a_blank_text_is_refused(text: str) -> None:
    with pytest.raises(ProviderRejected, match=r"provider\.empty_text"):
        batches(["fine", text], OPENAI)


def test_a_text_that_no_request_can_hold_is_refused() -> None:
    with pytest.raises(ProviderRejected, match=r"provider\.text_too_long"):
        batches(["x" * 8192], GEMINI_001)
    assert batches(["x" * 8192], OPENAI) == [range(1)]


def test_two_thousand_and_forty_eight_inputs_at_most() -> None:
    assert [len(batch) for batch in batches(["word"] * 5000, OPENAI)] == [2048, 2048, 904]
