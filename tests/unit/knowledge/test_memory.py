from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from worker.domains.knowledge.memory import Found, Memory, related, words_to_recall
from worker.domains.knowledge.rules import Hit

HIT = Hit(5, "d1", "Towers", None, "It is 41 metres high.", 2, 2, 0.5)
LIT = Memory(
    "m1",
    "c1",
    "When was the lighthouse of Morvan lit?",
    "It was lit in 1871 [1][3].",
    datetime(2026, 3, 4, tzinfo=UTC),
)
DREDGED = replace(LIT, message_id="m2", question="When was the harbour dredged?", answer="In 1902 [1].")


def test_words_are_those_that_carry_meaning() -> None:
    assert words_to_recall("When was the lighthouse of Morvan lit?") == "lighthouse morvan lit"
    assert words_to_recall("Combien coûte l'hôtel de la côte ?") == "coûte hôtel côte"
    assert words_to_recall("And it?") == ""


def test_only_what_speaks_of_the_question_is_related() -> None:
    assert related("Who lit the lighthouse of Morvan?", [DREDGED, LIT]) == [LIT]
    assert related("What is the salary of the mayor?", [DREDGED, LIT]) == []
    assert related("And it?", [LIT]) == []


def test_a_few_of_the_best_first() -> None:
    half = replace(LIT, question="Is there a lighthouse?", answer="Yes.")
    near = [replace(half, message_id=str(number)) for number in range(5)]
    found = related("When was the lighthouse lit?", [*near, LIT])
    assert [memory.message_id for memory in found] == ["m1", "0", "1"]


def test_memories_follow_the_passages() -> None:
    first, second = Found([HIT], [LIT]).sources()
    assert (first.ordinal, first.title, first.page) == (1, "Towers", 2)
    assert (second.ordinal, second.title, second.page) == (2, "Your earlier question (2026-03-04)", None)
    assert second.text == "When was the lighthouse of Morvan lit?\n\nIt was lit in 1871 ."


def test_citations_tell_memories_from_passages() -> None:
    passage, memory = Found([HIT], [LIT]).cited("Lit in 1871 [1], as said [2][3][0][1].")
    assert (passage["chunk_id"], passage["page_from"]) == (5, 2)
    assert memory == {
        "ordinal": 2,
        "message_id": "m1",
        "conversation_id": "c1",
        "title": "Your earlier question (2026-03-04)",
        "quote": "When was the lighthouse of Morvan lit?\n\nIt was lit in 1871 .",
    }
    assert Found([]).cited("[1]") == []
