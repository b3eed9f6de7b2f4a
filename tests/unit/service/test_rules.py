"""Moods and alerts, and what is taken from a model's reply."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domains.service.rules import DROP, UPSET, is_drop, mood, read_rating

scores = st.floats(-1, 1, width=32)


def test_nothing_known_is_no_mood() -> None:
    assert mood([]) is None


def test_what_was_said_last_counts_most() -> None:
    assert mood([0.0]) == 0.0
    falling, rising = mood([-0.8, 0.8]), mood([0.8, -0.8])
    assert falling is not None
    assert rising is not None
    assert falling == -rising < 0


@given(st.lists(scores, min_size=1, max_size=8))
def test_a_mood_lies_within_its_scores(known: list[float]) -> None:
    found = mood(known)
    assert found is not None
    assert min(known) - 1e-4 <= found <= max(known) + 1e-4


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, UPSET, True),
        (None, UPSET + 0.01, False),
        (0.2, UPSET, True),
        (UPSET, UPSET - 0.1, False),
        (UPSET, UPSET - DROP, True),
        (0.4, 0.4 - DROP, True),
        (0.9, 0.1, False),
        (-0.5, None, False),
        (-0.5, 0.5, False),
    ],
)
def test_when_somebody_should_look(before: float | None, after: float | None, expected: bool) -> None:
    assert is_drop(before, after) is expected


@given(st.none() | scores, scores)
def test_a_better_mood_alarms_nobody(before: float | None, after: float) -> None:
    if after >= 0 or (before is not None and after >= before):
        assert not is_drop(before, after)


def reply(**changes: object) -> str:
    return json.dumps({"can_tell": True, "score": -0.5, "confidence": 0.9, "language": "fr", **changes})


def test_a_reply_that_fits() -> None:
    found = read_rating(reply())
    assert found is not None
    assert (found.score, found.label, found.confidence, found.language) == (-0.5, "negative", 0.9, "fr")


def test_a_reply_that_cannot_tell_is_unknown_and_not_zero() -> None:
    found = read_rating(reply(can_tell=False, score=0, confidence=0))
    assert found is not None
    assert (found.score, found.label, found.confidence) == (None, "unknown", None)


@pytest.mark.parametrize(
    "said", ["", "nice", "[]", "null", '{"score": 1}', reply(score=2), reply(confidence=-1)]
)
def test_replies_that_do_not_fit(said: str) -> None:
    assert read_rating(said) is None


@pytest.mark.parametrize("language", ["French", "f1", "", None, "français"])
def test_a_language_without_a_code_is_unknown(language: object) -> None:
    found = read_rating(reply(language=language))
    assert found is not None
    assert found.language is None


@given(st.text())
def test_any_reply_is_read_or_refused(said: str) -> None:
    found = read_rating(said)
    assert found is None or found.label in ("positive", "neutral", "negative", "unknown")
