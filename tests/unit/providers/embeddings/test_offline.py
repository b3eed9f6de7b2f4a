from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ProviderRejected
from worker.providers.embeddings.offline import OfflineEmbedder, embed_text

TEXT = "The notice period is three months; Kündigungsfrist, délai de préavis, 通知期間 — 1984."


def likeness(left: str, right: str) -> float:
    return sum(a * b for a, b in zip(embed_text(left), embed_text(right), strict=True))


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_gives_a_finite_unit_vector(text: str) -> None:
    vector = embed_text(text)
    assert len(vector) == 1536
    assert math.isclose(math.hypot(*vector), 1.0, abs_tol=1e-4)


def test_a_blank_text_is_refused() -> None:
    with pytest.raises(ProviderRejected):
        embed_text(" \n")


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_another_process_gives_the_same_vector(seed: str) -> None:
    program = (
        "import sys, hashlib; from worker.providers.embeddings.offline import embed_text;"
        "print(hashlib.sha256(embed_text(sys.argv[1]).tobytes()).hexdigest())"
    )
    root = Path(__file__).parents[4]
    output = subprocess.run(
        [sys.executable, "-c", program, TEXT],
        env={"PYTHONHASHSEED": seed},
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert output.stdout.strip() == hashlib.sha256(embed_text(TEXT).tobytes()).hexdigest()


@pytest.mark.parametrize(
    ("question", "near", "far"),
    [
        (
            "How long is the notice period?",
            "The notice period is three months.",
            "The canteen opens at noon.",
        ),
        ("Who invented the telescope?", "The inventor of telescopes is unknown.", "Whales breathe air."),
        ("Quel est le montant du loyer ?", "Le loyer mensuel est de 890 euros.", "La cave est humide."),
        ("Wie hoch ist die Miete?", "Die Miete beträgt 800 Euro.", "Der Keller ist feucht."),
        ("回収期間はどのくらいですか", "投資の回収期間は三年です。", "食堂は正午に開きます。"),
    ],
)
def test_texts_about_the_same_are_nearer(question: str, near: str, far: str) -> None:
    assert likeness(question, near) > likeness(question, far) + 0.1


def test_accents_case_and_ligatures_make_no_difference() -> None:
    assert likeness("Éﬀet NOTOIRE", "effet notoire") > 0.999


def test_word_order_makes_a_small_difference() -> None:
    assert 0.7 < likeness("dog bites man", "man bites dog") < 0.999


async def test_questions_and_documents_share_one_space() -> None:
    embedder = OfflineEmbedder()
    asked = await embedder.embed([TEXT], kind="query")
    kept = await embedder.embed([TEXT], kind="document")
    assert asked.vectors == kept.vectors
    assert isinstance(asked.vectors[0], array)
