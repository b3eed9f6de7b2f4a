"""From evidence to an answer: which sentences to quote, or none. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.providers.llm.extraction.evidence import Evidence, names_are_known, weigh
from worker.providers.llm.extraction.kinds import Kind
from worker.providers.llm.extraction.question import Question, analyse, needs_context
from worker.providers.llm.port import Source

_SCORE = 0.5
_COVERAGE = 0.5
_ALSO, _ALSO_OPEN = 0.85, 0.75
"""Share of the best score from which another sentence is quoted too; less when the question has no form."""

_NEEDS_BEFORE = re.compile(
    r"^(?:it|they|he|she|this|these|those|its|his|her|their|il|elle|ils|elles|ce|cette|celle-ci|celui-ci|cela|"
    r"es|sie|er|dies|diese|dieser|ello|esto|esta|este)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Text taken word for word from a source, to be cited by its ordinal."""

    text: str
    ordinal: int


def answer(question_text: str, sources: Sequence[Source], asked_before: str = "") -> list[Quote]:
    """The best one to three quotes; empty when the sources do not answer.

    A question that makes sense only after the one before it ("And in 2023?") is read together with that.
    """
    follows = bool(asked_before) and needs_context(question_text)
    return _answer(analyse(question_text, asked_before if follows else ""), sources)


def _answer(question: Question, sources: Sequence[Source]) -> list[Quote]:
    if not question.terms or not names_are_known(question, sources):
        return []
    ranked = _distinct(weigh(question, sources))
    if not ranked or not _is_enough(ranked[0]):
        return []
    return [_quote(question, evidence) for evidence in _chosen(question, ranked)]


def _is_enough(best: Evidence) -> bool:
    return best.score >= _SCORE and best.coverage >= _COVERAGE and bool(best.matched or best.unit.headings)


def _distinct(ranked: Sequence[Evidence]) -> list[Evidence]:
    """Overlapping passages repeat sentences; the first one stays."""
    seen: set[str] = set()
    kept = []
    for evidence in ranked:
        key = re.sub(r"\W+", "", evidence.unit.text).casefold()
        if key not in seen:
            seen.add(key)
            kept.append(evidence)
    return kept


def _chosen(question: Question, ranked: Sequence[Evidence]) -> list[Evidence]:
    best = ranked[0]
    open_ended = question.kind in (Kind.METHOD, Kind.OTHER, Kind.REASON, Kind.DEFINITION, Kind.YES_NO)
    limit, share = (3, _ALSO_OPEN) if open_ended else (2, _ALSO)
    also = [item for item in ranked[1:] if item.score >= share * best.score and _is_enough(item)]
    return [best, *also[: limit - 1]]


def _quote(question: Question, evidence: Evidence) -> Quote:
    """A sentence that points back ("It …") brings the one before it; a method brings its next step."""
    unit = evidence.unit
    text = unit.text
    if question.kind is Kind.METHOD and unit.following:
        text = f"{text} {unit.following}"
    if unit.previous and (_NEEDS_BEFORE.match(text) or unit.previous.endswith("?")):
        text = f"{unit.previous} {text}"
    elif unit.headings and len(text.split()) < 6:
        text = f"{unit.headings[-1]}: {text}"
    return Quote(text, evidence.source.ordinal)
