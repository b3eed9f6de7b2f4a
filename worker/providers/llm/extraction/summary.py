"""The sentences of a text that say most of it, in the order they stand. Pure."""

from __future__ import annotations

import re
from collections import Counter

from worker.providers.llm.extraction.sentences import Unit, units
from worker.providers.words import terms

_SHARE = {"short": 0.08, "medium": 0.15, "long": 0.3}
_FEWEST = {"short": 1, "medium": 3, "long": 5}
_MOST = {"short": 3, "medium": 8, "long": 20}
_OPENING, _OPENS_SECTION = 1.3, 1.15
_SHORTEST_WORDS, _LONGEST_WORDS = 5, 45
_ODD_LENGTH = 0.5
_SAME = 0.7
"""Share of words that another chosen sentence has too, from which a sentence says nothing new."""


_NO_PROSE = re.compile(r"^(?:#{1,6} |\|).*$", re.M)
"""Headings and table rows of Markdown."""

_BULLET = re.compile(r"^(?:[-–—•*]|\(?\d{1,2}[.)])\s+")


def key_sentences(text: str, length: str = "medium") -> list[str]:
    """The few sentences that carry most of the text's frequent words; `length` is short, medium or long."""
    found = [unit for unit in units(_NO_PROSE.sub("\n", text)) if not unit.is_heading]
    words = [frozenset(terms(unit.text)) for unit in found]
    scores = _scores(found, words)
    wanted = min(_MOST[length], max(_FEWEST[length], round(len(found) * _SHARE[length])))
    chosen: list[int] = []
    for index in sorted(range(len(found)), key=lambda place: (-scores[place], place)):
        if len(chosen) == wanted:
            break
        if words[index] and not any(_overlap(words[index], words[other]) >= _SAME for other in chosen):
            chosen.append(index)
    return [_BULLET.sub("", found[index].text) for index in sorted(chosen)]


def _scores(found: list[Unit], words: list[frozenset[str]]) -> list[float]:
    frequency = Counter(word for group in words for word in group)
    scores = []
    for index, (unit, group) in enumerate(zip(found, words, strict=True)):
        score = sum(frequency[word] - 1 for word in group) / (len(group) or 1) + len(group) / 50
        if index == 0:
            score *= _OPENING
        elif unit.headings != found[index - 1].headings:
            score *= _OPENS_SECTION
        if not _SHORTEST_WORDS <= len(unit.text.split()) <= _LONGEST_WORDS:
            score *= _ODD_LENGTH
        scores.append(score)
    return scores


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0
