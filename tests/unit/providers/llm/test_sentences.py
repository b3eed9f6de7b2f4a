from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.llm.extraction.sentences import units


def texts(passage: str) -> list[str]:
    return [unit.text for unit in units(passage)]


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Lind met Mr. J. Smith. They spoke.", ["Dr. Lind met Mr. J. Smith.", "They spoke."]),
        ("It costs 2.40 euros. See Fig. 3.", ["It costs 2.40 euros.", "See Fig. 3."]),
        ("He said “No.” Then he left.", ["He said “No.”", "Then he left."]),
        ("最初の文。次の文。", ["最初の文。", "次の文。"]),
        ("Première phrase. Élan suivant.", ["Première phrase.", "Élan suivant."]),
        ("3. Fees are due. They rise.", ["3. Fees are due.", "They rise."]),
    ],
)
def test_sentences(passage: str, expected: list[str]) -> None:
    assert [text for text in texts(passage) if text] == expected


def test_a_wrapped_line_goes_on() -> None:
    passage = (
        "The standard working week of all employees in the company is\nThirty-seven hours long.\nIt ends."
    )
    assert texts(passage)[0].endswith("Thirty-seven hours long.")


def test_items_and_rows_stand_alone() -> None:
    assert texts("Tank: 3 litres\nWeight: 11.4 kg\n- first\n- second") == [
        "Tank: 3 litres",
        "Weight: 11.4 kg",
        "- first",
        "- second",
    ]


def test_a_heading_is_seen_by_what_follows() -> None:
    found = units("Sick leave\nTell your manager. Then rest.\n\nExpenses\nKeep receipts.")
    below = {unit.text: unit.headings for unit in found}
    assert below["Then rest."] == ("Sick leave",)
    assert below["Keep receipts."] == ("Expenses",)


def test_neighbours_are_known() -> None:
    first, second = units("It rains. We stay.")
    assert (first.following, second.previous) == ("We stay.", "It rains.")


def test_a_name_and_its_title_are_also_one_unit() -> None:
    assert "Ada Lind, Head of Sales." in texts("Thank you.\n\nAda Lind\nHead of Sales")


@given(st.text())
def test_any_text_can_be_cut(passage: str) -> None:
    words = "".join(passage.split())
    found = "".join("".join(text.split()) for text in texts(passage))
    assert all(character in found for character in words)
