"""The language of a text, by name of its text search configuration."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clusters import MIGRATIONS
from worker.domains.knowledge.language import (
    FALLBACK,
    SMALL_WORDS,
    detect_language,
    language_of_question,
)
from worker.domains.knowledge.rules import NOT_ANSWERED, not_answered

TEXTS = {
    "english": "The leave can be taken in up to three parts and must begin within the first two years.",
    "french": "Chaque salarié a droit à vingt-cinq jours de congés payés par an, et les jours fériés.",
    "german": "Die Kündigungsfrist beträgt nach der Probezeit drei Monate und ist für beide gleich.",
    "spanish": "Los empleados tienen derecho a veintitrés días de vacaciones al año y no se pagan.",
    "italian": "Il dipendente ha diritto a ventisei giorni di ferie che si possono dividere in più parti.",
    "portuguese": "Os trabalhadores têm direito a vinte e dois dias de férias, que não podem ser pagos.",
    "dutch": "De werknemer heeft recht op vijfentwintig vakantiedagen die niet worden uitbetaald.",
}


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_each_language_is_found(language: str, text: str) -> None:
    assert detect_language(text) == language
    assert detect_language(text.upper()) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345 --- 67.8 %",
        "会社は毎年二十日の休暇を与えます。",
        "Привет, как дела сегодня? Мы идём домой.",
        "Pracownik ma prawo do dwudziestu sześciu dni urlopu, który wykorzysta przed końcem roku.",
        "def main(argv): return parse(argv).run()",
    ],
)
def test_other_text_is_searched_word_by_word(text: str) -> None:
    assert detect_language(text) == FALLBACK


@given(st.text())
def test_any_text_gets_a_language_that_the_database_knows(text: str) -> None:
    assert detect_language(text) in {*SMALL_WORDS, FALLBACK}


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Quels sont vos horaires ?", "fr"),
        ("Est-ce que je peux payer en plusieurs fois ?", "fr"),
        ("Do you have a store in Paris?", "en"),
        ("Where is it?", "en"),
        ("Wann öffnen Sie?", "de"),
        ("¿Dónde está la tienda?", "es"),
        ("Quanto costa una camera per due persone?", "it"),
        ("Qual é o horário da loja?", "pt"),
        ("", None),
        ("Bonjour", None),
        ("Paris?", None),
        ("Is Die Hard in de winkel?", None),
        ("Wat zijn de openingstijden van jullie winkel?", None),
        ("Czy macie sklep?", None),
        ("会社はどこですか", None),
    ],
)
def test_a_questions_language_is_told_only_where_it_is_clear(question: str, language: str | None) -> None:
    assert language_of_question(question) == language


@given(st.text(), st.sampled_from([None, "fr", "en", "xx"]))
def test_not_answered_always_has_words(question: str, language: str | None) -> None:
    assert not_answered(question, language) in NOT_ANSWERED.values()


def test_not_answered_falls_back_to_the_readers_language_then_english() -> None:
    said = [not_answered("Paris?", language) for language in ("fr", "xx", None)]
    assert said == [NOT_ANSWERED["fr"], NOT_ANSWERED["en"], NOT_ANSWERED["en"]]


def test_the_database_knows_exactly_these_languages() -> None:
    migration = next(MIGRATIONS.glob("*_knowledge_documents.sql")).read_text()
    body = migration[
        migration.index("function app.to_search") : migration.index("comment on function app.to_search")
    ]
    assert set(re.findall(r"when '(\w+)'", body)) == set(SMALL_WORDS)
