from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from tests.support.recordings import RATE, silence, tone
from worker.providers.speech.quiet import BLOCK, PAUSE, quietest


def test_finds_the_pause_between_two_tones() -> None:
    cut = quietest(tone(2) + silence(0.4) + tone(1))
    assert 2.1 <= cut / RATE <= 2.3


def test_a_soft_place_will_do_when_there_is_no_silence() -> None:
    cut = quietest(tone(1) + tone(0.5, loudness=900) + tone(1))
    assert 1.1 <= cut / RATE <= 1.4


def test_of_two_pauses_the_later_one() -> None:
    cut = quietest(tone(1) + silence(0.5) + tone(1) + silence(0.5) + tone(1))
    assert 2.6 <= cut / RATE <= 3.0


def test_a_short_gap_between_words_counts_less_than_a_pause() -> None:
    cut = quietest(tone(1) + silence(0.3) + tone(1) + silence(0.05) + tone(0.5))
    assert 1.1 <= cut / RATE <= 1.2


def test_too_short_to_have_a_pause() -> None:
    assert quietest(tone(0.1)) == int(0.1 * RATE)
    assert quietest(array("h")) == 0


@given(st.lists(st.integers(-32768, 32767), max_size=3 * BLOCK * PAUSE))
def test_the_cut_is_inside(values: list[int]) -> None:
    assert 0 <= quietest(array("h", values)) <= len(values)
