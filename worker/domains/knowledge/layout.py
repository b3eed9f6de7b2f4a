"""The lines of a page in reading order, with their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any

import pypdfium2.raw as native

SUSPICION = 1.5
"""Pieces of text per line from which a page may be drawn across columns; ordinary pages have about one."""

LEAST_LINES = 6
NARROW = 0.55
"""A piece wider than this share of the text's width crosses the gutter, as a title does."""

FILLED = 0.6
"""Lines of prose fill at least this share of their column; the cells of a table do not."""

DIVIDED = "\ufffe"
"""Where a word was divided at a line's end; PDFium also gives it for characters that have no meaning."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and where it is, in points from the bottom left; DIVIDED stands in a divided word.

    A line that PDFium joined with the next one, for a divided word, begins on one and ends on the other:
    left, top and height are those of its first character, right and bottom those of its last.
    """

    left: float
    bottom: float
    right: float
    top: float
    height: float
    text: str = ""

    @classmethod
    def of_box(cls, left: float, bottom: float, right: float, top: float) -> Line:
        return cls(left, bottom, right, top, top - bottom)


def read_lines(text_page: Any) -> list[Line]:
    """The page's lines; in PDFium's own order unless two columns are interleaved."""
    text = text_page.get_text_range()
    lines = list(_placed(text_page, text))
    count = text_page.count_rects()
    if count < 2 * LEAST_LINES or count < SUSPICION * len(lines):
        return lines
    boxes = [Line.of_box(*text_page.get_rect(index)) for index in range(count)]
    gutter = find_gutter(boxes)
    if gutter is None or not is_interleaved(boxes, gutter):
        return lines
    return in_columns([replace(box, text=_text_in(text_page, box)) for box in boxes], gutter)


def find_gutter(boxes: list[Line]) -> float | None:
    """The x of an empty strip between two columns of prose, about equally wide; None without."""
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    narrow = [box for box in boxes if box.right - box.left < NARROW * (right - left)]
    middle = (left + right) / 2
    lefts = [box for box in narrow if (box.left + box.right) / 2 < middle]
    rights = [box for box in narrow if (box.left + box.right) / 2 >= middle]
    if len(lefts) < LEAST_LINES or len(rights) < LEAST_LINES:
        return None
    inner, outer = max(box.right for box in lefts), min(box.left for box in rights)
    is_prose = all(_is_filled(column, outer - left) for column in (lefts, rights))
    return (inner + outer) / 2 if outer > inner and is_prose else None


def is_interleaved(boxes: list[Line], gutter: float) -> bool:
    """The pieces jump from side to side at almost every line, as they do not when a column is drawn whole."""
    sides = [box.left < gutter for box in boxes if not box.left < gutter < box.right]
    jumps = sum(before != after for before, after in pairwise(sides))
    return jumps > len(sides) / 2


def in_columns(boxes: list[Line], gutter: float) -> list[Line]:
    """Top to bottom; between two pieces that cross the gutter, the left column and then the right one."""
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for box in sorted(boxes, key=lambda box: -box.top):
        if box.left < gutter < box.right:
            ordered += [*_merged(left), *_merged(right), box]
            left, right = [], []
        else:
            (left if box.left < gutter else right).append(box)
    return [*ordered, *_merged(left), *_merged(right)]


def _is_filled(boxes: list[Line], width: float) -> bool:
    """Pieces at one height count as one line, since a change of font divides a line."""
    return median(line.right - line.left for line in _merged(boxes)) >= FILLED * width


def _merged(boxes: list[Line]) -> list[Line]:
    """One line for pieces that overlap in height."""
    groups: list[list[Line]] = []
    for box in sorted(boxes, key=lambda box: -box.top):
        if groups and box.top > (groups[-1][0].bottom + groups[-1][0].top) / 2:
            groups[-1].append(box)
        else:
            groups.append([box])
    return [_union(sorted(group, key=lambda box: box.left)) for group in groups]


def _union(pieces: list[Line]) -> Line:
    return Line(
        left=pieces[0].left,
        bottom=min(piece.bottom for piece in pieces),
        right=max(piece.right for piece in pieces),
        top=max(piece.top for piece in pieces),
        height=max(piece.height for piece in pieces),
        text=" ".join(piece.text for piece in pieces if piece.text),
    )


def _placed(text_page: Any, text: str) -> Iterator[Line]:
    """The lines of the text with the boxes of their first and last characters."""
    is_exact = text_page.count_chars() == len(text)
    at = 0
    for raw in text.split("\r\n"):
        if stripped := raw.strip():
            first = at + raw.index(stripped[0])
            last = first + len(stripped) - 1
            if not is_exact:
                first, last = (_character_index(text_page, text, index) for index in (first, last))
            words = _with_hyphens(text_page, stripped, first)
            left, bottom, _, top = _cell(text_page, first)
            _, low, right, _ = _cell(text_page, last)
            yield Line(left, low, right, top, top - bottom, words)
        at += len(raw) + 2


def _character_index(text_page: Any, text: str, index: int) -> int:
    """PDFium counts UTF-16 units, and some characters that it does not give out."""
    units = len(text[:index].encode("utf-16-le", "surrogatepass")) // 2
    return int(native.FPDFText_GetCharIndexFromTextIndex(text_page.raw, units))


def _cell(text_page: Any, index: int) -> tuple[float, float, float, float]:
    """The character's place, as high as its font: left, bottom, right, top; zeros when it has none."""
    cell = native.FS_RECTF()
    native.FPDFText_GetLooseCharBox(text_page.raw, index, cell)
    return cell.left, cell.bottom, cell.right, cell.top


def _with_hyphens(text_page: Any, line: str, first: int) -> str:
    if DIVIDED not in line:
        return line
    return "".join(
        character
        if character != DIVIDED
        else DIVIDED * (native.FPDFText_IsHyphen(text_page.raw, first + index) == 1)
        for index, character in enumerate(line)
    )


def _text_in(text_page: Any, box: Line) -> str:
    text = text_page.get_text_bounded(box.left, box.bottom, box.right, box.top)
    return " ".join(text.replace("\x02", DIVIDED).split())
