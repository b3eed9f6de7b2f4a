from __future__ import annotations

import pytest

from worker.providers.speech.joining import joined
from worker.providers.speech.port import Piece, Segment, Transcript


def part(start: float, end: float, text: str, language: str | None = None) -> tuple[Piece, Transcript]:
    segments = (Segment(0.0, end - start, text),) if text else ()
    piece = Piece("x.wav", "audio.wav", "audio/wav", start, end)
    return piece, Transcript(text, language, end - start, segments, "openai:m")


def test_texts_follow_each_other_and_times_are_of_the_whole() -> None:
    whole = joined([part(0, 10, "One."), part(10, 25.5, "Two. "), part(25.5, 30, "Three.")])
    assert whole.text == "One.\n\nTwo.\n\nThree."
    assert [(segment.start, segment.end) for segment in whole.segments] == [(0, 10), (10, 25.5), (25.5, 30)]
    assert (whole.seconds, whole.model) == (30, "openai:m")


def test_pieces_without_words_leave_no_gap() -> None:
    whole = joined([part(0, 10, ""), part(10, 20, "Two."), part(20, 30, " ")])
    assert whole.text == "Two."
    assert whole.seconds == 30


def test_the_language_of_most_seconds() -> None:
    assert joined([part(0, 4, "a", "en"), part(4, 8, "b", "en"), part(8, 20, "c", "fr")]).language == "fr"
    assert joined([part(0, 4, "a"), part(4, 8, "b", "en")]).language == "en"
    assert joined([part(0, 4, "a")]).language is None


def test_nothing_is_no_recording() -> None:
    with pytest.raises(ValueError, match="at least one"):
        joined([])
