"""How well each quotable unit of the sources answers a question. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from worker.providers.llm.extraction.kinds import STRICT, Kind, expressions, has_form
from worker.providers.llm.extraction.question import Question
from worker.providers.llm.extraction.sentences import Unit, units
from worker.providers.llm.extraction.thesaurus import RELATED
from worker.providers.llm.port import Source
from worker.providers.words import plain, terms, tokens

_RELATED, _DERIVED, _INSIDE = 0.85, 0.7, 0.6
_HEADING, _ASKED_BEFORE, _PREVIOUS, _PASSAGE, _TITLE = 0.75, 0.95, 0.5, 0.42, 0.45
_OWN, _CONTEXT = 0.4, 0.6
_STRICT_ABSENT, _SOFT_ABSENT = 0.3, 0.7
_NEAR = 0.15
_OWN_HEADING = 0.6
_FOCUS_AWAY, _COUNTED_AWAY, _FOCUS_COUNTED = 0.85, 0.65, 1.3
_DEFINES = 1.25
_ASKS = 0.3
_HEADING_ONLY = 0.6
_RANK = 0.04
_FIGURE_MISSING, _MISSING = 0.3, 0.35
_PRONOUN = re.compile(
    r"^(?:it|they|he|she|this|these|its|their|il|elle|ils|elles|ce|cette|celui|es|sie|er)\b", re.I
)
_COPULA = re.compile(
    r":|\b(?:is|are|means|refers to|denotes|est|sont|désigne|signifie|ist|sind|bedeutet|es|son)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One unit and its worth: `score` ranks, `coverage` (0 to 1) is how much of the question it covers."""

    source: Source
    unit: Unit
    position: int
    score: float
    coverage: float
    matched: frozenset[str]
    """Terms of the question that stand in the unit itself."""


@dataclass(frozen=True, slots=True)
class _Passage:
    source: Source
    units: Sequence[Unit]
    stems: frozenset[str]
    title: frozenset[str]


def weigh(question: Question, sources: Iterable[Source]) -> list[Evidence]:
    """All units of the sources with a score above 0, best first; ties keep the order of the sources."""
    passages = [_passage(source) for source in sources]
    weights = _weights(question, passages)
    found = [
        evidence
        for rank, passage in enumerate(passages)
        for position in range(len(passage.units))
        if (evidence := _evidence(question, weights, passage, position, rank)).score > 0
    ]
    return sorted(found, key=lambda evidence: -evidence.score)


def names_are_known(question: Question, sources: Iterable[Source]) -> bool:
    """Whether each name and figure of the question occurs somewhere; if not, the sources are about others."""
    known = frozenset().union(*(_stems(f"{source.title} {source.text}") for source in sources))
    return all(strength(name, known) > 0 for name in question.names | question.figures)


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


def _passage(source: Source) -> _Passage:
    return _Passage(source, units(source.text), _stems(source.text), _stems(source.title))


def _stems(text: str) -> frozenset[str]:
    return frozenset(terms(text))


def _weights(question: Question, passages: Sequence[_Passage]) -> dict[str, float]:
    """Importance of each term: rare in the sources weighs more, and most what no unit has."""
    everything = [_stems(unit.text) for passage in passages for unit in passage.units]
    frequency = Counter(stem for stems in everything for stem in stems)
    total = len(everything)
    return {
        term: weight * (0.5 + math.log((total + 2) / (frequency[term] + 1)) / math.log(total + 2))
        for term, weight in question.terms.items()
    }


def _evidence(
    question: Question, weights: dict[str, float], passage: _Passage, position: int, rank: int
) -> Evidence:
    unit = passage.units[position]
    own_stems = _stems(unit.text)
    own = {term: strength(term, own_stems) for term in weights}
    context = _in_context(question, own, unit, passage)
    total = sum(weights.values()) or 1.0
    headings = _stems(" ".join(unit.headings))
    about = {
        term: context[term] if term in question.names else max(value, _OWN_HEADING * strength(term, headings))
        for term, value in own.items()
    }
    own_share = sum(weights[term] * value for term, value in about.items()) / total
    coverage = sum(weights[term] * value for term, value in context.items()) / total
    base = _OWN * own_share + _CONTEXT * coverage
    matched = frozenset(term for term, value in own.items() if value > 0)
    score = base * _form_factor(question, unit, matched) * _quality(unit) * (1 - _RANK * min(rank, 5))
    if question.focus:
        score *= _focus_factor(question, unit, about)
    for term, value in context.items():
        if value == 0.0:
            score *= (
                _FIGURE_MISSING if term in question.figures else 1 - _MISSING * (question.terms[term] == 1.0)
            )
    return Evidence(passage.source, unit, position, score, coverage, matched)


def _in_context(question: Question, own: dict[str, float], unit: Unit, passage: _Passage) -> dict[str, float]:
    """The strength of each term where the unit stands: itself, headings, the sentence before, the passage."""
    before = _stems(unit.previous)
    asked = unit.previous.rstrip().endswith("?")
    places = [
        (_stems(" ".join(unit.headings)), _HEADING),
        (before, _ASKED_BEFORE if asked else _PREVIOUS + (0.3 if _PRONOUN.match(unit.text) else 0.0)),
        (passage.stems, _PASSAGE),
        (passage.title, _TITLE),
    ]
    context = {}
    for term, value in own.items():
        if term in question.names:
            places_of_name = passage.stems | passage.title
            context[term] = max(value, 0.8 * strength(term, places_of_name))
        else:
            context[term] = max(value, *(strength(term, stems) * share for stems, share in places))
    return context


def _form_factor(question: Question, unit: Unit, matched: frozenset[str]) -> float:
    """More when the unit holds something of the kind asked for, near the words asked about."""
    if question.kind is Kind.DEFINITION:
        return _DEFINES if _defines(unit.text, matched) else 1.0
    if not has_form(question.kind):
        return 1.0
    asked = plain(question.text)
    fresh = [found for found in expressions(question.kind, unit.text) if plain(found.group()) not in asked]
    if not fresh:
        return _STRICT_ABSENT if question.kind in STRICT else _SOFT_ABSENT
    return 1.0 + _NEAR * max(_nearness(unit.text, found, matched) for found in fresh)


def _focus_factor(question: Question, unit: Unit, about: dict[str, float]) -> float:
    """More when the unit counts the very thing asked for, less when it does not name it."""
    if about[question.focus] == 0.0:
        return _COUNTED_AWAY if question.kind is Kind.NUMBER else _FOCUS_AWAY
    counted = question.kind is Kind.NUMBER and any(
        question.focus in terms(unit.text[found.end() :])[:2] for found in expressions(Kind.NUMBER, unit.text)
    )
    return _FOCUS_COUNTED if counted else 1.0


def _nearness(text: str, found: re.Match[str], matched: frozenset[str]) -> float:
    """1 when a word asked about stands beside the expression, 0 from fifteen words on."""
    before, after = terms(text[: found.start()]), terms(text[found.end() :])
    distances = [len(before) - index for index, word in enumerate(before) if word in matched]
    distances += [index + 1 for index, word in enumerate(after) if word in matched]
    return max(0.0, 1.0 - (min(distances, default=15) - 1) / 14)


def _defines(text: str, matched: frozenset[str]) -> bool:
    head = _COPULA.split(text, maxsplit=1)
    return len(head) > 1 and bool(matched & frozenset(terms(head[0])))


def _quality(unit: Unit) -> float:
    """Questions do not answer, headings rarely do, fragments and endless rows seldom."""
    if unit.text.endswith("?"):
        return _ASKS
    if unit.is_heading:
        return _HEADING_ONLY
    words = len(tokens(unit.text))
    return 0.8 if words < 3 or words > 80 else 1.0
