"""Paragraphs by the places of lines."""

from __future__ import annotations

from worker.domains.knowledge.layout import DIVIDED, Line
from worker.domains.knowledge.paragraphs import join_lines

FULL = "These words fill the line from its beginning to its very end"
LETTER, HEIGHT, LEADING = 6.0, 12.0, 14.0


def lines(*texts: str, gap_after: int | None = None) -> list[Line]:
    """Lines under each other; leading spaces indent, a wider gap follows the given line."""
    placed: list[Line] = []
    bottom = 700.0
    for at, text in enumerate(texts):
        left = 70 + LETTER * (len(text) - len(text.lstrip()))
        words = text.strip()
        placed.append(Line(left, bottom, left + LETTER * len(words), bottom + HEIGHT, HEIGHT, words))
        bottom -= LEADING * (2 if at == gap_after else 1)
    return placed


def test_wrapped_lines_are_one() -> None:
    assert join_lines(lines(FULL, FULL, "and so on.")) == f"{FULL} {FULL} and so on."


def test_a_short_line_ends_its_paragraph() -> None:
    assert join_lines(lines(FULL, "The end of it.", FULL, FULL)) == f"{FULL} The end of it.\n{FULL} {FULL}"


def test_a_gap_parts_paragraphs() -> None:
    assert join_lines(lines(FULL, f"{FULL}.", FULL, FULL, gap_after=1)) == f"{FULL} {FULL}.\n\n{FULL} {FULL}"


def test_an_indent_begins_a_paragraph() -> None:
    joined = join_lines(lines(FULL, f"{FULL[:-1]}.", f"   {FULL[:-4]}", FULL, FULL))
    assert joined == f"{FULL} {FULL[:-1]}.\n{FULL[:-4]} {FULL} {FULL}"


def test_items_begin_lines() -> None:
    joined = join_lines(lines(FULL, f"• {FULL[:-4]}", FULL, f"2. {FULL[:-4]}", FULL))
    assert joined == f"{FULL}\n• {FULL[:-4]} {FULL}\n2. {FULL[:-4]} {FULL}"


def test_another_size_parts() -> None:
    body = lines(FULL, FULL, FULL)
    heading = Line(70, 714, 70 + 6 * len(FULL), 732, 18, FULL.upper())
    assert join_lines([heading, *body]) == f"{FULL.upper()}\n\n{FULL} {FULL} {FULL}"


def test_hyphens_at_the_end_are_marked() -> None:
    assert join_lines(lines(f"{FULL[:-1]}-", "ing on")) == f"{FULL[:-1]}{DIVIDED}ing on"


def test_rows_with_numbers_stay_rows() -> None:
    rows = [f"{FULL[:-6]} {number}" for number in (1204, 3310, 9921)]
    assert join_lines(lines(*rows)) == "\n".join(rows)


def test_short_entries_stay_apart() -> None:
    assert join_lines(lines("Apples", "Cherries", "Pears")) == "Apples\nCherries\nPears"


def test_a_jump_to_the_next_column_goes_on_with_a_sentence() -> None:
    left = lines(FULL, FULL)
    right = [
        Line(line.left + 400, line.bottom, line.right + 400, line.top, HEIGHT, text)
        for line, text in zip(lines(FULL, FULL), ("goes on here.", FULL), strict=True)
    ]
    assert join_lines([*left, *right]) == f"{FULL} {FULL}\ngoes on here.\n{FULL}"


def test_japanese_is_joined_without_a_space() -> None:
    text = "会社は毎年二十日の休暇を与えますので早めに"
    placed = [Line(70, 700 - 14 * at, 70 + 12 * len(text), 712 - 14 * at, 12, text) for at in range(2)]
    assert join_lines(placed) == text * 2


def test_hebrew_lines_stay_lines() -> None:
    text = "שלום עולם וברוכים הבאים " * 3
    assert join_lines(lines(text, text)) == f"{text.strip()}\n{text.strip()}"


def test_no_lines_no_text() -> None:
    assert join_lines([]) == ""
