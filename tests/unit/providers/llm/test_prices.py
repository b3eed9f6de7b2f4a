from __future__ import annotations

from worker.providers.llm.prices import cost_microusd


def test_counts_prompt_and_completion() -> None:
    assert cost_microusd("openai:gpt-5.4-mini", 1_000_000, 0) == 750_000
    assert cost_microusd("openai:gpt-5.4-mini", 0, 1_000_000) == 4_500_000


def test_rounds_up_so_that_use_is_never_free() -> None:
    assert cost_microusd("openai:gpt-5.4-nano", 1, 0) == 1


def test_an_unknown_price_is_unknown_and_not_zero() -> None:
    assert cost_microusd("openai:gpt-9", 10, 10) is None
    assert cost_microusd("offline:extractive-1", 10, 10) == 0
