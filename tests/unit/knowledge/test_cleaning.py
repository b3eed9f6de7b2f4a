"""Lines of PDFs become clean text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domains.knowledge.cleaning import clean_line, clean_pages
from worker.domains.knowledge.layout import DIVIDED, Line

HEIGHT = 12.0


def page(texts: Sequence[str], *, heights: Sequence[float] = ()) -> list[Line]:
    """Lines one under the other, each six points a letter wide."""
    sizes = heights or [HEIGHT] * len(texts)
    return [
        Line(
            left=70,
            bottom=700 - 14 * at,
            right=70 + 6 * len(text),
            top=700 - 14 * at + size,
            height=size,
            text=text,
        )
        for at, (text, size) in enumerate(zip(texts, sizes, strict=True))
    ]


def words(texts: Sequence[str]) -> list[str]:
    return [" ".join(text.split()) for text in texts]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("o\ufb03ce \ufb01nds \ufb02ats", "office finds flats"),
        ("e\u0301te\u0301", "été"),
        ("x\u00b2 + H\u2082O, \u00bd, \u2122", "x\u00b2 + H\u2082O, \u00bd, \u2122"),
        ("a\u00a0b\u2009c\u3000d\t e", "a b c d e"),
        ("NUL\x00 bell\x07 delete\x7f next\x85line", "NUL bell delete nextline"),
        ("soft\u00adhyphen zero\u200bwidth \ufeffmark", "softhyphen zerowidth mark"),
        ("\u202eevil\u202c order\u2066ed\u2069", "evil ordered"),
        ("\uf0b7 first \ue123item", "• first item"),
        ("half \ud800 pair", "half pair"),
        ("\ufedf\ufeeb", "\u0644\u0647"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("divided\u00ad", f"divided{DIVIDED}"),
    ],
    ids=[
        *("ligatures", "composed", "superscripts stay", "spaces", "controls", "invisible", "direction"),
        *("bullets", "surrogates", "Arabic forms", "joiners stay", "soft hyphen at the end"),
    ],
)
def test_a_line_is_cleaned(raw: str, clean: str) -> None:
    assert clean_line(raw) == clean


@given(st.text(st.characters(blacklist_characters=DIVIDED)))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_line(text)
    assert clean_line(once) == once


@given(st.text())
def test_a_clean_line_can_be_stored(text: str) -> None:
    clean = clean_line(text).replace(DIVIDED, "")
    clean.encode("utf-8")
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Co"} for character in clean)
    assert clean == clean.strip()
    assert "  " not in clean


@given(st.lists(st.lists(st.text(max_size=60), max_size=8), max_size=6))
def test_any_lines_make_one_text_a_page(raw: list[list[str]]) -> None:
    texts = clean_pages([page(texts) for texts in raw])
    assert len(texts) == len(raw)
    assert all(DIVIDED not in text and "\n\n\n" not in text for text in texts)


def test_plain_lines_lose_no_words() -> None:
    raw = [page(["First line of it.", "Second line of it."]), page([]), page(["Third."])]
    assert words(clean_pages(raw)) == ["First line of it. Second line of it.", "", "Third."]


def test_a_header_stays_on_its_first_page_only() -> None:
    raw = [page(["Travel policy, version 4", f"Rule {letter} holds."]) for letter in "abcde"]
    assert words(clean_pages(raw)) == ["Travel policy, version 4 Rule a holds."] + [
        f"Rule {letter} holds." for letter in "bcde"
    ]


def test_headers_of_left_and_right_pages_go() -> None:
    raw = [
        page(
            [
                f"{number} Chapter of sums" if number % 2 == 0 else f"Section on parts {number}",
                f"Rule {letter} holds.",
            ]
        )
        for number, letter in enumerate("abcdefgh", 11)
    ]
    assert words(clean_pages(raw)) == [f"Rule {letter} holds." for letter in "abcdefgh"]


def test_page_numbers_go_beside_titles_that_change() -> None:
    raw = [
        page([f"Chapter {letter.upper()} of the book {number}", f"Rule {letter} holds."])
        for number, letter in enumerate("abcdefgh", 5)
    ]
    assert words(clean_pages(raw)) == [f"Rule {letter} holds." for letter in "abcdefgh"]


def test_numbered_headings_in_large_type_stay() -> None:
    raw = [
        page([f"Chapter {number}", "Words about it."] * 2, heights=[18, 12, 12, 12]) for number in range(1, 6)
    ]
    assert all(text.startswith(f"Chapter {number}") for number, text in enumerate(clean_pages(raw), 1))


def test_two_pages_prove_no_header() -> None:
    raw = [page(["Invoice", "One chair."]), page(["Invoice", "Two tables."])]
    assert words(clean_pages(raw)) == ["Invoice One chair.", "Invoice Two tables."]


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([f"inter{DIVIDED}national rules"], "international rules"),
        ([f"Anglo{DIVIDED}French trade"], "Anglo-French trade"),
        ([f"A well-known and well{DIVIDED}known fact"], "A well-known and well-known fact"),
        ([f"Wellness and well{DIVIDED}ness"], "Wellness and wellness"),
        ([f"a lonely {DIVIDED} mark"], "a lonely - mark"),
    ],
)
def test_divided_words_are_rejoined(texts: list[str], whole: str) -> None:
    assert clean_pages([page(texts)]) == [whole]
