from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.stopwords import language_of
from worker.providers.words import plain, stem, terms, tokens


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert all(tokens(text))
    assert all(terms(text))


@pytest.mark.parametrize(
    "forms",
    [
        ("employee", "employees", "employ", "employed", "employs"),
        ("city", "cities"),
        ("create", "created", "creates", "creation"),
        ("manage", "managed", "management", "manages"),
        ("stop", "stopped", "stopping", "stops"),
        ("locataire", "locataires"),
        ("activité", "activités"),
        ("open", "opened", "opening", "opens"),
    ],
)
def test_inflected_forms_meet(forms: tuple[str, ...]) -> None:
    assert len({stem(plain(form)) for form in forms}) == 1


@pytest.mark.parametrize("word", ["1984", "e2", "mp3", "gas", "bus", "2025"])
def test_numbers_codes_and_short_words_stay(word: str) -> None:
    assert stem(word) == word


def test_figures_keep_their_inner_signs() -> None:
    assert tokens("1,148 people paid £2.40 on 2025-05-14 (99.5 %)") == [
        *("1,148", "people", "paid", "2.40", "on", "2025-05-14", "99.5", "percent")
    ]


def test_scripts_without_spaces_give_pairs() -> None:
    assert tokens("投資の回収") == ["投資", "資の", "の回", "回収"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How long is the notice period?", "en"),
        ("Quel est le montant du loyer ?", "fr"),
        ("Wie hoch ist die Miete für den Keller?", "de"),
        ("¿Cuál es el precio de la entrada?", "es"),
        ("", "en"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(tokens(text)) == language
