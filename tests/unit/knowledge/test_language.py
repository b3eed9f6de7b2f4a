"""The language of a text, by name of its text search configuration."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clusters import MIGRATIONS
from worker.domains.knowledge.language import FALLBACK, SMALL_WORDS, detect_language

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


def test_the_database_knows_exactly_these_languages() -> None:
    migration = next(MIGRATIONS.glob("*_knowledge_documents.sql")).read_text()
    body = migration[
        migration.index("function app.to_search") : migration.index("comment on function app.to_search")
    ]
    assert set(re.findall(r"when '(\w+)'", body)) == set(SMALL_WORDS)
