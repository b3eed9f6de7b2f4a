"""Whether a text speaks of what a term of the question means. Pure."""

from __future__ import annotations

import re

from worker.providers.llm.extraction.thesaurus import RELATED
from worker.providers.words import terms

_RELATED, _DERIVED, _INSIDE = 0.85, 0.7, 0.6
_LIFE_DATES = re.compile(r"\([^()]*\b\d{4}\s*[–—-]\s*[^()]*\b\d{4}\b[^()]*\)")
_LIFE_STEMS = frozenset({"born", "birth", "die", "died", "death"})


def stems_of(text: str) -> frozenset[str]:
    """The stems of a text, and those a reader understands: `(1868 – 1941)` after a name is a life."""
    found = frozenset(terms(text))
    return found | _LIFE_STEMS if _LIFE_DATES.search(text) else found


def strength(term: str, stems: frozenset[str]) -> float:
    """How surely a word is among the stems: 1 itself, less for a related or a derived one, 0 when not."""
    if term in stems:
        return 1.0
    if not stems.isdisjoint(RELATED.get(term, frozenset())):
        return _RELATED
    if len(term) < 5 or not term.isalpha():
        return 0.0
    return max((_derivation(term, stem) for stem in stems), default=0.0)


def _derivation(term: str, stem: str) -> float:
    """`renov` and `renovation` share a beginning; a long word may stand inside a compound."""
    if len(stem) < 5 or term[:3] != stem[:3]:
        return _INSIDE if len(term) >= 6 and term in stem else 0.0
    shared = next(
        (index for index, (a, b) in enumerate(zip(term, stem, strict=False)) if a != b),
        min(len(term), len(stem)),
    )
    return _DERIVED if shared >= 5 and shared >= 0.7 * max(len(term), len(stem)) - 1 else 0.0
