"""How texts are cut into requests a vendor accepts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.errors import ProviderRejected


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold; tokens are estimates by `estimated_tokens`."""

    inputs: int
    tokens: int
    tokens_per_input: int


OPENAI = Limits(inputs=2048, tokens=300_000, tokens_per_input=8192)
GEMINI_001 = Limits(inputs=100, tokens=20_000, tokens_per_input=2048)
GEMINI_2 = Limits(inputs=100, tokens=20_000, tokens_per_input=8192)


def estimated_tokens(text: str) -> int:
    """A quarter token per UTF-8 byte, as OpenAI's server counts, rounded up."""
    return len(text.encode()) // 4 + 1


def batches(texts: Sequence[str], limits: Limits) -> list[range]:
    """Consecutive index ranges that cover all texts, each within the limits.

    Raises ProviderRejected for a blank text or one that no request can hold.
    """
    result: list[range] = []
    start = total = 0
    for index, text in enumerate(texts):
        size = _checked_size(text, limits)
        if index > start and (index - start >= limits.inputs or total + size > limits.tokens):
            result.append(range(start, index))
            start, total = index, 0
        total += size
    if len(texts) > start:
        result.append(range(start, len(texts)))
    return result


def _checked_size(text: str, limits: Limits) -> int:
    if not text.strip():
        raise ProviderRejected("provider.empty_text", "A text without content cannot be embedded.")
    size = estimated_tokens(text)
    if size > min(limits.tokens_per_input, limits.tokens):
        raise ProviderRejected("provider.text_too_long", "A text is too long to be embedded in one piece.")
    return size
