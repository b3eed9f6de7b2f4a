"""Reading order of a page that was drawn line by line across two columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

SUSPICION = 1.5
"""Pieces of text per line from which a page may be drawn across columns; ordinary pages have about one."""

LEAST_LINES = 6
NARROW = 0.55
"""A piece wider than this share of the text's width crosses the gutter, as a title does."""


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of text and where it is, in points; the origin is at the bottom left."""

    left: float
    bottom: float
    right: float
    top: float
    text: str = ""


def reading_order(text_page: Any, text: str) -> str:
    """The page's text; PDFium's own order unless the columns are interleaved."""
    count = text_page.count_rects()
    if count < 2 * LEAST_LINES or count < SUSPICION * (text.count("\n") + 1):
        return text
    boxes = [Box(*text_page.get_rect(index)) for index in range(count)]
    gutter = find_gutter(boxes)
    if gutter is None or not is_interleaved(boxes, gutter):
        return text
    return in_columns([_with_text(text_page, box) for box in boxes], gutter)


def find_gutter(boxes: list[Box]) -> float | None:
    """The x of an empty strip between two columns that both have several lines; None without."""
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    narrow = [box for box in boxes if box.right - box.left < NARROW * (right - left)]
    middle = (left + right) / 2
    lefts = [box for box in narrow if (box.left + box.right) / 2 < middle]
    rights = [box for box in narrow if (box.left + box.right) / 2 >= middle]
    if len(lefts) < LEAST_LINES or len(rights) < LEAST_LINES:
        return None
    inner, outer = max(box.right for box in lefts), min(box.left for box in rights)
    return (inner + outer) / 2 if outer > inner else None


def is_interleaved(boxes: list[Box], gutter: float) -> bool:
    """The pieces jump from side to side at almost every line, as they do not when a column is drawn whole."""
    sides = [box.left < gutter for box in boxes if not box.left < gutter < box.right]
    jumps = sum(before != after for before, after in pairwise(sides))
    return jumps > len(sides) / 2


def in_columns(boxes: list[Box], gutter: float) -> str:
    """Top to bottom; between two pieces that cross the gutter, the left column and then the right one."""
    parts: list[str] = []
    left: list[Box] = []
    right: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.top):
        if box.left < gutter < box.right:
            parts += [_lines(left), _lines(right), box.text]
            left, right = [], []
        else:
            (left if box.left < gutter else right).append(box)
    return "\n".join(part for part in (*parts, _lines(left), _lines(right)) if part)


def _lines(boxes: list[Box]) -> str:
    """One line of text for pieces that overlap in height."""
    lines: list[list[Box]] = []
    for box in boxes:
        if lines and box.top > (lines[-1][0].bottom + lines[-1][0].top) / 2:
            lines[-1].append(box)
        else:
            lines.append([box])
    return "\n".join(" ".join(b.text for b in sorted(line, key=lambda b: b.left)) for line in lines)


def _with_text(text_page: Any, box: Box) -> Box:
    text = text_page.get_text_bounded(box.left, box.bottom, box.right, box.top)
    return replace(box, text=text.strip())
