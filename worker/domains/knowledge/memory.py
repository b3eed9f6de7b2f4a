"""The asker's own earlier questions as sources; no I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.domains.knowledge.rules import (
    CITATION,
    QUOTE_CHARACTERS,
    Hit,
    citation,
    cited_numbers,
    to_sources,
)
from worker.providers.llm.port import Source
from worker.providers.stopwords import STOP_WORDS
from worker.providers.words import plain, terms

MEMORIES = 3
SHARED = 0.5
"""Share of the question's words that an earlier question or its answer must have."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Memory:
    """An earlier question of the same person in the same workspace, with its answer."""

    message_id: str
    """Of the answer."""
    conversation_id: str
    question: str
    answer: str
    asked_at: datetime

    def title(self) -> str:
        """As citations show it."""
        return f"Your earlier question ({self.asked_at:%Y-%m-%d})"

    def text(self) -> str:
        """Without the numbers of sources, which meant others then."""
        return f"{self.question}\n\n{CITATION.sub('', self.answer)}"


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer may rest on: passages first, then memories, numbered through from 1."""

    hits: Sequence[Hit]
    memories: Sequence[Memory] = ()

    def sources(self) -> tuple[Source, ...]:
        """For the model."""
        first = len(self.hits) + 1
        recalled = (
            Source(ordinal=number, title=memory.title(), page=None, text=memory.text(), chunk_id=0)
            for number, memory in enumerate(self.memories, start=first)
        )
        return (*to_sources(self.hits), *recalled)

    def cited(self, answer: str) -> list[dict[str, Any]]:
        """The citations of an answer in order of first use; a number that names no source is left out."""
        last = len(self.hits) + len(self.memories)
        return [self._citation(number) for number in cited_numbers(answer) if 1 <= number <= last]

    def _citation(self, number: int) -> dict[str, Any]:
        if number <= len(self.hits):
            return citation(number, self.hits[number - 1])
        memory = self.memories[number - 1 - len(self.hits)]
        return {
            "ordinal": number,
            "message_id": memory.message_id,
            "conversation_id": memory.conversation_id,
            "title": memory.title(),
            "quote": memory.text()[:QUOTE_CHARACTERS],
        }


def words_to_recall(question: str) -> str:
    """The words of a question that carry meaning, as they are written: the search knows no stems here."""
    return " ".join(word for word in _WORD.findall(question.lower()) if plain(word) not in STOP_WORDS)


def related(question: str, memories: Sequence[Memory]) -> list[Memory]:
    """The few memories that speak of what is asked, best first; of equals the order stays."""
    wanted = frozenset(terms(question))
    shares = [(_share(wanted, memory), memory) for memory in memories]
    near = [(share, memory) for share, memory in shares if share >= SHARED]
    return [memory for _, memory in sorted(near, key=lambda pair: -pair[0])[:MEMORIES]]


def _share(wanted: frozenset[str], memory: Memory) -> float:
    found = frozenset(terms(memory.question)) | frozenset(terms(memory.answer))
    return len(wanted & found) / len(wanted) if wanted else 0.0
