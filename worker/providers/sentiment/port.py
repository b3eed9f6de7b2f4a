"""The port of sentiment: how somebody who writes to us feels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Label = Literal["positive", "neutral", "negative", "unknown"]

NEUTRAL_BELOW = 0.05
"""Scores nearer to zero are neutral; VADER's authors advise it: https://github.com/cjhutto/vaderSentiment"""


@dataclass(frozen=True, slots=True)
class Rating:
    """`score` is -1 (upset) to 1 (pleased), `confidence` 0 to 1; both None when it cannot be told.

    `language` is the ISO 639 code it was read in, None when unknown.
    """

    score: float | None
    confidence: float | None
    language: str | None

    @property
    def label(self) -> Label:
        return "unknown" if self.score is None else label_of(self.score)


class SentimentRater(Protocol):
    """Rates one message."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str:
        """As ``provider:model``."""
        ...

    @property
    def is_metered(self) -> bool:
        """A rating costs money, so it counts as one of the workspace's requests."""
        ...

    async def rate(self, text: str, *, hint: str | None = None) -> Rating:
        """``hint`` is the language the writer is known to use. Raises a ProviderError."""
        ...


def label_of(score: float) -> Label:
    """A score in a word."""
    if abs(score) < NEUTRAL_BELOW:
        return "neutral"
    return "positive" if score > 0 else "negative"
