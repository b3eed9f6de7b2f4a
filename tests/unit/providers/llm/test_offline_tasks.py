"""What the offline twin makes of tasks by rules."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.llm.extraction.summary import key_sentences
from worker.providers.llm.extraction.tidying import tidied
from worker.providers.llm.offline_tasks import perform
from worker.providers.llm.port import TaskRequest

REPORT = """# Harbour report

The harbour of Morvan handled 412 ships in 2025. Most ships brought grain to the harbour silos.
The weather was mild. A new crane for the harbour arrived in June and unloads a grain ship in nine hours.

## Outlook

The town will dredge the harbour in 2026 so that larger grain ships can enter. Somebody lost an umbrella.
The harbour office expects 450 ships and hires four pilots for the grain season. Lunch is at noon.
"""


def test_a_summary_is_made_of_sentences_of_the_text() -> None:
    flat = " ".join(REPORT.split())
    sentences = key_sentences(REPORT, "medium")
    assert 1 < len(sentences) <= 3
    assert all(sentence in flat for sentence in sentences)
    assert [flat.index(sentence) for sentence in sentences] == sorted(map(flat.index, sentences))
    assert any("harbour" in sentence for sentence in sentences)
    assert not any("umbrella" in sentence or "Lunch" in sentence for sentence in sentences)


def test_length_decides_how_many_sentences() -> None:
    counts = [len(key_sentences(REPORT, length)) for length in ("short", "medium", "long")]
    assert counts == [1, 3, 5]


def test_nothing_is_said_twice() -> None:
    assert len(key_sentences("Grain ships enter the harbour at noon. " * 5, "long")) == 1


@given(st.text(max_size=400))
def test_any_text_can_be_summarised(text: str) -> None:
    assert len(key_sentences(text, "medium")) <= 8


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("this is  good ,very good", "This is good, very good"),
        ("He saw the the ship. it was big", "He saw the ship. It was big"),
        ("They had had enough", "They had had enough"),
        ("Use e.g. this one or U.S. law", "Use e.g. this one or U.S. law"),
        ("www.example.com is eBay", "www.example.com is eBay"),
        ("le pain est bon ! il est de Paris , oui", "Le pain est bon ! Il est de Paris, oui"),
        ("He paid 3,5 of .5 and 1,000", "He paid 3,5 of .5 and 1,000"),
        ("- a point\n  - another", "- a point\n  - another"),
    ],
)
def test_only_the_obvious_is_corrected(given_text: str, expected: str) -> None:
    assert tidied(given_text) == expected


@given(st.text(max_size=200))
def test_tidying_loses_no_letter_but_doubled_words(text: str) -> None:
    assert len(tidied(text).split()) <= len(text.split()) + text.count(",")


def request(kind: str, **named: str) -> TaskRequest:
    return TaskRequest(kind=kind, instructions="Do it.", **named)  # type: ignore[arg-type]


def test_a_draft_is_an_outline_that_says_so() -> None:
    text = perform(request("draft", wishes="Mail on opening hours. Thank them.", text="We open at nine now."))
    assert text.splitlines()[0] == "# Mail on opening hours."
    assert "- Thank them." in text
    assert "- We open at nine now." in text
    assert text.endswith("no language model was asked.)")


def test_the_note_is_in_the_language_of_the_text() -> None:
    text = perform(request("edit", text="le pain est bon et il est dans la maison avec nous"))
    assert text.endswith("sans modèle de langage.)")


def test_a_design_is_json() -> None:
    page = json.loads(
        perform(request("design_assistant", wishes="Page for a bakery.", text="We bake bread."))
    )
    assert page["title"] == "Page for a bakery."
    assert page["blocks"][0] == {"type": "heading", "level": 1, "text": "Page for a bakery."}
    assert {"type": "paragraph", "text": "We bake bread."} in page["blocks"]
    assert "no language model" in page["blocks"][-1]["text"]
