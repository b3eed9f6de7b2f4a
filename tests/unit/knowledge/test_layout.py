"""Columns are told from tables and from single columns."""

from __future__ import annotations

from worker.domains.knowledge.layout import Line, find_gutter, in_columns, is_interleaved


def box(left: float, right: float, row: int, text: str = "") -> Line:
    bottom = 700.0 - 14 * row
    return Line(left, bottom, right, bottom + 10, 10, text)


LEFT = [box(70, 290, row, f"left {row}") for row in range(10)]
RIGHT = [box(310, 530, row, f"right {row}") for row in range(10)]
ACROSS = [piece for pair in zip(LEFT, RIGHT, strict=True) for piece in pair]


def test_the_gutter_is_between_two_columns_of_prose() -> None:
    assert find_gutter(ACROSS) == 300
    assert is_interleaved(ACROSS, 300)


def test_columns_drawn_whole_are_in_order_already() -> None:
    assert not is_interleaved([*LEFT, *RIGHT], 300)


def test_one_column_has_no_gutter() -> None:
    assert find_gutter([box(70, 530, row) for row in range(20)]) is None


def test_short_cells_are_a_table() -> None:
    cells = [piece for row in range(12) for piece in (box(70, 150, row), box(400, 440, row))]
    assert find_gutter(cells) is None


def test_a_few_lines_are_no_columns() -> None:
    assert find_gutter(ACROSS[:8]) is None


def test_a_change_of_font_does_not_make_a_cell() -> None:
    pieces = [
        piece
        for row in range(10)
        for piece in (box(70, 150, row), box(152, 290, row), box(310, 400, row), box(402, 530, row))
    ]
    assert find_gutter(pieces) == 300


def test_columns_are_read_between_the_lines_that_cross_them() -> None:
    title, middle = box(70, 530, -2, "title"), box(70, 530, 5, "middle")
    upper = [piece for piece in ACROSS if piece.bottom > middle.bottom]
    lower = [piece for piece in ACROSS if piece.bottom < middle.bottom]
    texts = [line.text for line in in_columns([title, *upper, middle, *lower], 300)]
    assert texts == [
        "title",
        *(f"left {row}" for row in range(5)),
        *(f"right {row}" for row in range(5)),
        "middle",
        *(f"left {row}" for row in range(6, 10)),
        *(f"right {row}" for row in range(6, 10)),
    ]


def test_pieces_of_one_line_are_joined_from_left_to_right() -> None:
    pieces = [box(150, 290, 0, "words"), box(70, 140, 0, "two"), box(310, 530, 0, "right")]
    assert [line.text for line in in_columns(pieces, 300)] == ["two words", "right"]
