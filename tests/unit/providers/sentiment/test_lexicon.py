"""English is rated, everything else is unknown: never taken for neutral."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.sentiment.lexicon import LONGEST_TEXT, LexiconRater, language_of
from worker.providers.sentiment.port import label_of

RATER = LexiconRater()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Thank you so much, it works perfectly now.", "positive"),
        ("I am not happy with this.", "negative"),
        ("This is terrible! The parcel is three weeks late and nobody answers.", "negative"),
        ("Where is my order?", "neutral"),
    ],
)
async def test_english_is_rated(text: str, label: str) -> None:
    found = await RATER.rate(text)
    assert (found.label, found.language) == (label, "en")
    assert found.score is not None
    assert found.label == label_of(found.score)
    assert found.confidence is not None
    assert 0 <= found.confidence <= 1


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("C'est vraiment nul, je suis furieux de votre service.", "fr"),
        ("Ich bin sehr unzufrieden mit dem Service.", "de"),
        ("Estoy muy enfadado con la entrega de mi pedido.", "es"),
    ],
)
async def test_other_languages_are_unknown(text: str, language: str) -> None:
    for hint in (None, "en"):
        found = await RATER.rate(text, hint=hint)
        assert (found.score, found.label, found.confidence, found.language) == (
            None,
            "unknown",
            None,
            language,
        )


async def test_a_hint_helps_only_with_words_that_are_known() -> None:
    assert (await RATER.rate("Thanks!")).label == "unknown"
    assert (await RATER.rate("Thanks!", hint="en")).label == "positive"
    assert (await RATER.rate("Danke schön", hint="en")).label == "unknown"
    assert (await RATER.rate("Merci", hint="fr")).language == "fr"


@pytest.mark.parametrize("text", ["", "4711", "…", "👍"])
async def test_without_words_nothing_is_known(text: str) -> None:
    assert (await RATER.rate(text)).score is None


async def test_a_flood_of_words_is_read_in_part() -> None:
    beginning = "this is terrible " * 1000
    found = await RATER.rate(beginning + "thank you, it is perfect " * 20_000)
    assert found == await RATER.rate(beginning[:LONGEST_TEXT])
    assert found.label == "negative"


@given(st.text(max_size=200), st.sampled_from([None, "en", "fr"]))
async def test_whatever_is_written_is_rated_or_unknown(text: str, hint: str | None) -> None:
    found = await RATER.rate(text, hint=hint)
    assert (found.score is None) == (found.confidence is None) == (found.label == "unknown")
    assert found.score is None or -1 <= found.score <= 1


def test_a_tie_of_languages_is_none() -> None:
    assert language_of("que") is None
    assert language_of("the cat and the dog") == "en"
