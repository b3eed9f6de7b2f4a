"""Sentiment without a model: VADER's word list and rules, which know English and nothing else.

Hutto & Gilbert 2014, the package vaderSentiment. Other languages are not guessed at: they are unknown.
"""

from __future__ import annotations

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from worker.providers.sentiment.port import Rating
from worker.providers.stopwords import BY_LANGUAGE
from worker.providers.words import tokens

LONGEST_TEXT = 4000
"""Characters that are read: a mood shows early."""

CLEAR_SHARE = 0.2
"""Share of empty words of one language among all, from which a text counts as written in it."""


class LexiconRater:
    """Rates English by a word list, on this machine."""

    name = "lexicon"
    model = "lexicon:vader-3.3"
    is_metered = False

    def __init__(self) -> None:
        self._analyzer = SentimentIntensityAnalyzer()

    async def rate(self, text: str, *, hint: str | None = None) -> Rating:
        """Unknown unless the text is clearly English, or its writer is and it has words of mood."""
        text = text[:LONGEST_TEXT]
        language = language_of(text)
        if (language or hint) != "en":
            return Rating(None, None, language or hint)
        found = self._analyzer.polarity_scores(text)
        if language is None and found["neu"] == 1.0:
            return Rating(None, None, None)
        return Rating(found["compound"], _confidence(found), "en")


def language_of(text: str) -> str | None:
    """ISO 639 code of the language whose empty words clearly prevail; None for too few words, or a tie."""
    words = tokens(text)
    counts = {language: sum(word in BY_LANGUAGE[language] for word in words) for language in BY_LANGUAGE}
    best, second = sorted(counts, key=lambda language: -counts[language])[:2]
    is_clear = counts[best] > counts[second] and counts[best] >= CLEAR_SHARE * len(words)
    return best if is_clear else None


def _confidence(found: dict[str, float]) -> float:
    """How much words of mood agree: 1 when all point the same way, 0 when there is nothing to go by."""
    mood = found["pos"] + found["neg"]
    return 0.0 if mood == 0 else abs(found["pos"] - found["neg"]) / mood
