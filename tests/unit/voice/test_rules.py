"""What is read aloud, and how pieces are kept."""

from __future__ import annotations

import json

import pytest

from worker.domains.voice.rules import (
    SPOKEN_CHARACTERS,
    from_stored,
    speech_path,
    spoken,
    to_stored,
    without_nul,
)
from worker.providers.speech.port import Segment, Transcript


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ("At nine [1].", "At nine."),
        ("At nine [1][12]. Or ten [3]!", "At nine. Or ten!"),
        ("**At nine**, says the *handbook*.", "At nine, says the handbook."),
        ("# Hours\n\n- nine\n- ten", "Hours\n\nnine\nten"),
        ("See [the site](https://example.com/a) now.", "See the site now."),
        ("2 * 3 is 6", "2 * 3 is 6"),
        ("Call `open`.", "Call open."),
        ("", ""),
    ],
)
def test_marks_are_not_read(answer: str, heard: str) -> None:
    assert spoken(answer) == (heard, True)


def test_a_long_answer_ends_with_a_sentence() -> None:
    sentence = "This is one of many sentences. "
    text, is_whole = spoken(sentence * 300)
    assert not is_whole
    assert len(text) <= SPOKEN_CHARACTERS < len(text) + len(sentence)
    assert text.endswith("sentences.")


def test_without_a_sentence_it_is_cut_hard() -> None:
    assert spoken("a" * 5000) == ("a" * SPOKEN_CHARACTERS, False)


def test_just_the_limit_is_whole() -> None:
    assert spoken("a" * SPOKEN_CHARACTERS) == ("a" * SPOKEN_CHARACTERS, True)


def test_a_piece_is_kept_as_it_was() -> None:
    piece = Transcript("Bonjour.", "fr", 2.5, (Segment(0.0, 2.5, "Bonjour."),), "openai:x")
    assert from_stored((10.0, 12.5), json.loads(json.dumps(to_stored(piece)))) == piece


def test_nul_is_dropped_everywhere() -> None:
    made = without_nul(Transcript("a\0b", None, 1.0, (Segment(0, 1, "a\0b"),), "m"))
    assert (made.text, made.segments[0].text) == ("ab", "ab")


def test_an_answer_has_one_place() -> None:
    assert speech_path("w", "u", "a") == "w/u/answers/a.mp3"
