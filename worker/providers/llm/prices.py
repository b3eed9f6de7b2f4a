"""List prices of chat models, for the cost we record; invoices come from the vendor.

Read from the vendors' price pages in autumn 2026. A model that is not here costs "unknown" (None), never 0.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """Millionths of a US dollar per million tokens, so 1 US dollar per million is 1_000_000."""

    prompt: int
    completion: int


PRICES: dict[str, Price] = {
    "openai:gpt-5.4": Price(2_500_000, 15_000_000),
    "openai:gpt-5.4-mini": Price(750_000, 4_500_000),
    "openai:gpt-5.4-nano": Price(200_000, 1_250_000),
    "openai:gpt-5.5": Price(5_000_000, 30_000_000),
    "gemini:gemini-3.5-flash": Price(1_500_000, 9_000_000),
    "gemini:gemini-3.5-flash-lite": Price(300_000, 2_500_000),
    "offline:extractive-1": Price(0, 0),
}


def cost_microusd(model: str, prompt_tokens: int, completion_tokens: int) -> int | None:
    """Millionths of a US dollar, rounded up; None when the price of `provider:model` is unknown."""
    price = PRICES.get(model)
    if price is None:
        return None
    total = prompt_tokens * price.prompt + completion_tokens * price.completion
    return -(-total // 1_000_000)
