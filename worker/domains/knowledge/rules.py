"""Decisions of the knowledge domain; no I/O."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.domains.knowledge.chunking import Chunk
from worker.domains.knowledge.language import language_of_question
from worker.providers.llm.port import ChatMessage, Source

CITATION = re.compile(r"\[(\d{1,3})\]")
QUOTE_CHARACTERS = 300
HISTORY_MESSAGES = 6
HISTORY_CHARACTERS = 6000
SHORT_QUESTION_WORDS = 4

NOT_ANSWERED = {
    "en": "The documents do not say.",
    "fr": "Les documents ne le disent pas.",
    "de": "Die Dokumente sagen dazu nichts.",
    "es": "Los documentos no lo dicen.",
    "it": "I documenti non lo dicono.",
    "pt": "Os documentos não o dizem.",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One retrieved chunk, best first in a list of them."""

    chunk_id: int
    document_id: str
    title: str
    heading: str | None
    content: str
    page_from: int
    page_to: int
    score: float


@dataclass(frozen=True, slots=True)
class ReusePlan:
    """What to do with a document's old rows: `kept` maps a new ordinal to the id of the row it reuses."""

    kept: Mapping[int, int]
    new: Sequence[Chunk]


def plan_reuse(chunks: Sequence[Chunk], stored: Iterable[tuple[int, bytes]]) -> ReusePlan:
    """Which chunks keep their row and vector (same hash, same model) and which are embedded anew."""
    free: defaultdict[bytes, list[int]] = defaultdict(list)
    for row_id, content_hash in stored:
        free[content_hash].append(row_id)
    kept: dict[int, int] = {}
    new: list[Chunk] = []
    for chunk in chunks:
        if free[chunk.content_hash]:
            kept[chunk.ordinal] = free[chunk.content_hash].pop()
        else:
            new.append(chunk)
    return ReusePlan(kept, new)


def to_sources(hits: Sequence[Hit]) -> tuple[Source, ...]:
    """Numbers the passages from 1, as the answer cites them."""
    return tuple(
        Source(
            ordinal=number,
            title=hit.title if hit.heading is None else f"{hit.title} – {hit.heading}",
            page=hit.page_from,
            text=hit.content,
            chunk_id=hit.chunk_id,
        )
        for number, hit in enumerate(hits, start=1)
    )


def cited_numbers(answer: str) -> list[int]:
    """The numbers of sources that an answer names, in order of first use."""
    return list(dict.fromkeys(int(match) for match in CITATION.findall(answer)))


def citation(number: int, hit: Hit) -> dict[str, Any]:
    """How an answer's row tells of a source."""
    return {
        "ordinal": number,
        "chunk_id": hit.chunk_id,
        "document_id": hit.document_id,
        "title": hit.title,
        "page_from": hit.page_from,
        "page_to": hit.page_to,
        "quote": hit.content[:QUOTE_CHARACTERS],
    }


def not_answered(question: str, language: str | None) -> str:
    """Says that the documents do not say: in the question's language, or where that is open the reader's own.

    `language` is an ISO 639 code.
    """
    return NOT_ANSWERED.get(language_of_question(question) or language or "en", NOT_ANSWERED["en"])


def bounded_history(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """The newest turns that fit the budget of characters, oldest first."""
    kept: list[ChatMessage] = []
    left = HISTORY_CHARACTERS
    for message in reversed(messages[-HISTORY_MESSAGES:]):
        left -= len(message.content)
        if left < 0:
            break
        kept.append(message)
    return tuple(reversed(kept))


def retrieval_query(question: str, history: Sequence[ChatMessage]) -> str:
    """What to search for: a question too short to stand alone brings the one before it along."""
    earlier = [message.content for message in history if message.role == "user"]
    if earlier and len(question.split()) <= SHORT_QUESTION_WORDS:
        return f"{earlier[-1]}\n{question}"
    return question
