"""How well each quotable unit of the sources answers a question. Pure.

A unit's score is a base (how much of the question it speaks of, itself and by its surroundings) times factors
for the kind of answer, the focus of the question, what is missing, its form and the rank of its source.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from worker.providers.llm.extraction.kinds import STRICT, Kind, expressions, has_form
from worker.providers.llm.extraction.matching import stems_of, strength
from worker.providers.llm.extraction.question import Question
from worker.providers.llm.extraction.sentences import Unit, units
from worker.providers.llm.port import Source
from worker.providers.words import plain, terms, tokens

_OWN, _CONTEXT = 0.4, 0.6
"""Parts of the base: words of the question in the unit and its heading, and words in its surroundings."""

_HEADING, _ASKED_BEFORE, _PREVIOUS, _POINTS_BACK, _PASSAGE, _TITLE = 0.75, 0.95, 0.5, 0.3, 0.42, 0.45
_NAME_AROUND = 0.8
_OWN_HEADING = 0.6
_TOPIC = 0.4
"""Weight of a word that every title has: it is what all is about, so it tells nothing."""

_STRICT_ABSENT, _SOFT_ABSENT, _NEAR = 0.3, 0.7, 0.15
_DEFINES, _INSTRUCTS = 1.25, 1.2
_FOCUS_AWAY, _COUNTED_AWAY, _FOCUS_COUNTED = 0.85, 0.65, 1.3
_FIGURE_MISSING, _TERM_MISSING = 0.3, 0.65
_ASKS, _HEADING_ONLY, _ODD_LENGTH = 0.3, 0.6, 0.8
_RANK = 0.04

_PRONOUN = re.compile(
    r"^(?:it|they|he|she|this|these|its|their|il|elle|ils|elles|ce|cette|celui|es|sie|er)\b", re.I
)
_COPULA = re.compile(
    r":|\b(?:is|are|means|refers to|denotes|est|sont|désigne|signifie|ist|sind|bedeutet|es|son)\b", re.I
)
_INSTRUCTION = re.compile(r"^(?:\d+[.)]\s*)?(?:to|in order to|pour|um)\s", re.I)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One unit and its worth: `score` ranks, `coverage` (0 to 1) is how much of the question it covers."""

    source: Source
    unit: Unit
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
    rank: int


def weigh(question: Question, sources: Iterable[Source]) -> list[Evidence]:
    """All units of the sources with a score above 0, best first; ties keep the order of the sources."""
    passages = [_passage(rank, source) for rank, source in enumerate(sources)]
    weights = _weights(question, passages)
    weighed = [_evidence(question, weights, passage, unit) for passage in passages for unit in passage.units]
    return sorted((item for item in weighed if item.score > 0), key=lambda item: -item.score)


def names_are_known(question: Question, sources: Iterable[Source]) -> bool:
    """Whether each name and figure of the question occurs somewhere; if not, the sources are about others."""
    known = frozenset().union(*(stems_of(f"{source.title} {source.text}") for source in sources))
    return all(strength(name, known) > 0 for name in question.names | question.figures)


def _passage(rank: int, source: Source) -> _Passage:
    return _Passage(source, units(source.text), stems_of(source.text), stems_of(source.title), rank)


def _weights(question: Question, passages: Sequence[_Passage]) -> dict[str, float]:
    """Importance of each term: rare in the sources weighs more, most what no unit has, little the topic."""
    everything = [stems_of(unit.text) for passage in passages for unit in passage.units]
    frequency = Counter(stem for stems in everything for stem in stems)
    total = len(everything)
    topics = frozenset.intersection(*(passage.title for passage in passages)) if passages else frozenset()
    return {
        term: weight
        * (0.5 + math.log((total + 2) / (frequency[term] + 1)) / math.log(total + 2))
        * (_TOPIC if term in topics and len(question.terms) > 1 else 1.0)
        for term, weight in question.terms.items()
    }


def _evidence(question: Question, weights: Mapping[str, float], passage: _Passage, unit: Unit) -> Evidence:
    stems, headings = stems_of(unit.text), stems_of(" ".join(unit.headings))
    own = {term: strength(term, stems) for term in weights}
    context = _in_context(question, own, headings, unit, passage)
    about = {term: max(value, _OWN_HEADING * strength(term, headings)) for term, value in own.items()}
    for name in question.names & passage.title:
        about[name] = context[name]
    matched = frozenset(term for term, value in own.items() if value > 0)
    coverage = _share(weights, context)
    score = (
        (_OWN * _share(weights, about) + _CONTEXT * coverage)
        * _form_factor(question, unit, matched)
        * _focus_factor(question, unit, about)
        * _missing_factor(question, context)
        * _quality(unit)
        * (1 - _RANK * min(passage.rank, 5))
    )
    return Evidence(passage.source, unit, score, coverage, matched)


def _share(weights: Mapping[str, float], strengths: Mapping[str, float]) -> float:
    return sum(weights[term] * value for term, value in strengths.items()) / (sum(weights.values()) or 1.0)


def _in_context(
    question: Question, own: Mapping[str, float], headings: frozenset[str], unit: Unit, passage: _Passage
) -> dict[str, float]:
    """The strength of each term where the unit stands: itself, heading, sentence before, passage, title."""
    before = _PREVIOUS + (_POINTS_BACK if _PRONOUN.match(unit.text) else 0.0)
    if unit.previous.rstrip().endswith("?"):
        before = _ASKED_BEFORE
    places = [
        (headings, _HEADING),
        (stems_of(unit.previous), before),
        (passage.stems, _PASSAGE),
        (passage.title, _TITLE),
    ]
    around = passage.stems | passage.title
    return {
        term: max(value, _NAME_AROUND * strength(term, around))
        if term in question.names
        else max(value, *(share * strength(term, stems) for stems, share in places))
        for term, value in own.items()
    }


def _form_factor(question: Question, unit: Unit, matched: frozenset[str]) -> float:
    """More when the unit holds something of the kind asked for, near the words asked about."""
    if question.kind is Kind.DEFINITION:
        return _DEFINES if _defines(unit.text, matched) else 1.0
    if question.kind is Kind.METHOD:
        return _INSTRUCTS if _INSTRUCTION.match(unit.text) else 1.0
    if not has_form(question.kind):
        return 1.0
    asked = plain(question.text)
    fresh = [found for found in expressions(question.kind, unit.text) if plain(found.group()) not in asked]
    if not fresh:
        return _STRICT_ABSENT if question.kind in STRICT else _SOFT_ABSENT
    return 1.0 + _NEAR * max(_nearness(unit.text, found, matched) for found in fresh)


def _nearness(text: str, found: re.Match[str], matched: frozenset[str]) -> float:
    """1 when a word asked about stands beside the expression, 0 from fifteen words on."""
    before, after = terms(text[: found.start()]), terms(text[found.end() :])
    distances = [len(before) - index for index, word in enumerate(before) if word in matched]
    distances += [index + 1 for index, word in enumerate(after) if word in matched]
    return max(0.0, 1.0 - (min(distances, default=15) - 1) / 14)


def _defines(text: str, matched: frozenset[str]) -> bool:
    head = _COPULA.split(text, maxsplit=1)
    return len(head) > 1 and bool(matched & frozenset(terms(head[0])))


def _focus_factor(question: Question, unit: Unit, about: Mapping[str, float]) -> float:
    """More when the unit counts the very thing asked for, less when it does not name it."""
    if not question.focus:
        return 1.0
    if about[question.focus] == 0.0:
        return _COUNTED_AWAY if question.kind is Kind.NUMBER else _FOCUS_AWAY
    counted = question.kind is Kind.NUMBER and any(
        question.focus in terms(unit.text[found.end() :])[:2] for found in expressions(Kind.NUMBER, unit.text)
    )
    return _FOCUS_COUNTED if counted else 1.0


def _missing_factor(question: Question, context: Mapping[str, float]) -> float:
    """Less for each word of weight that is nowhere around."""
    factor = 1.0
    for term, value in context.items():
        if value == 0.0 and term in question.figures:
            factor *= _FIGURE_MISSING
        elif value == 0.0 and question.terms[term] == 1.0:
            factor *= _TERM_MISSING
    return factor


def _quality(unit: Unit) -> float:
    """Questions do not answer, headings rarely do, fragments and endless rows seldom."""
    if unit.text.endswith("?"):
        return _ASKS
    if unit.is_heading:
        return _HEADING_ONLY
    return _ODD_LENGTH if not 3 <= len(tokens(unit.text)) <= 80 else 1.0
