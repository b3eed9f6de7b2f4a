"""Lines of a page become paragraphs again, by where they stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from worker.domains.knowledge.layout import DIVIDED, Line

ITEM = re.compile(r"(?:[-–—•*▪◦·●■]|\(?\d{1,3}(?:\.\d{1,3})*[.)]|\(?[a-z][.)])\s")
HYPHENS = f"-\u2010{DIVIDED}"
HYPHEN_AT_END = re.compile(rf"[^\W\d_][{HYPHENS}]$")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
WITHOUT_SPACES = re.compile("[\u2e80-\u9fff\uff00-\uff60]")
"""Scripts that put no space between words: Chinese and Japanese."""

SAME_SIZE = 0.12
WIDE_GAP = 1.3
"""A distance of this many usual line distances parts paragraphs."""

LEAST_WIDTH = 15
"""Lines of at least this many times their height are wide enough to have been wrapped."""

GAPS = 1.6
"""A line this many times as wide as its letters need has gaps between columns."""

STICKING_OUT = 10
"""A line that ends so many letters to the right of its column is none of its lines, as a title."""

FULL_SHARE = 0.8
"""The edge of a column is where the longest fifth of its lines end."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is usual on a page: the distance from line to line, in line heights, and where lines end."""

    distance: float
    ends: dict[int, float]
    """By the line's left edge in steps of 20 points."""

    letter: float
    """Width of a letter, with its share of spaces."""


def join_lines(lines: Sequence[Line]) -> str:
    """The page's text: an empty line between paragraphs, one line for wrapped ones, items and rows apart."""
    if not lines:
        return ""
    measure = _measure(lines)
    parts = [lines[0].text]
    for before, line in pairwise(lines):
        between = _between(before, line, measure)
        if between == DIVIDED:
            parts[-1] = parts[-1].rstrip(HYPHENS)
        parts += [between, line.text]
    return "".join(parts)


def _measure(lines: Sequence[Line]) -> Measure:
    distances = [_distance(before, line) for before, line in pairwise(lines)]
    usual = sorted(distance for distance in distances if 0.5 < distance < 2.5)
    columns: dict[int, list[float]] = {}
    for line in lines:
        columns.setdefault(_column(line), []).append(line.right)
    ends = {column: sorted(edges)[round((len(edges) - 1) * FULL_SHARE)] for column, edges in columns.items()}
    letter = median((line.right - line.left) / len(line.text) for line in lines) or 1.0
    distance = usual[len(usual) // 3] if usual else 1.2  # most distances are inside of paragraphs
    return Measure(distance, ends, letter)


def _between(before: Line, line: Line, measure: Measure) -> str:
    """What stands between two lines: nothing, a space, a line break, an empty line or DIVIDED."""
    distance = _distance(before, line)
    goes_on = line.text[0].islower() and before.text[-1] not in ".!?:"
    if not 0.3 < distance < WIDE_GAP * measure.distance:
        return "\n" if goes_on else "\n\n"
    if _is_wrapped(before, line, measure) and not ITEM.match(line.text):
        if HYPHEN_AT_END.search(before.text):
            return DIVIDED
        if goes_on or not (_is_indented(before, line) or _differ_in_size(before, line)):
            return "" if _need_no_space(before, line) else " "
    return "\n\n" if _differ_in_size(before, line) and not goes_on else "\n"


def _is_wrapped(before: Line, line: Line, measure: Measure) -> bool:
    """Whether the next line's first word had no room any more at the end of this one."""
    if _is_row(before, line, measure) or _is_right_to_left(before.text):
        return False
    room = (measure.ends[_column(before)] - before.right) / measure.letter
    word = 1 if WITHOUT_SPACES.match(line.text) else len(line.text.split(maxsplit=1)[0])
    return -STICKING_OUT < room < word + 1


def _is_right_to_left(text: str) -> bool:
    return not text.isascii() and RIGHT_TO_LEFT.search(text) is not None


def _is_row(before: Line, line: Line, measure: Measure) -> bool:
    """Whether the first line is a cell or a row of a table, a line of contents or of a narrow list."""
    width = before.right - before.left
    letter = measure.letter if WITHOUT_SPACES.search(before.text) else min(measure.letter, before.height / 2)
    if width < LEAST_WIDTH * before.height or width > GAPS * letter * len(before.text):
        return True
    return before.text[-1].isdigit() and not line.text[0].islower()


def _is_indented(before: Line, line: Line) -> bool:
    return line.left > before.left + 0.6 * line.height and before.text[-1] in '.!?:”"'


def _differ_in_size(before: Line, line: Line) -> bool:
    return abs(before.height - line.height) > SAME_SIZE * max(before.height, line.height)


def _need_no_space(before: Line, line: Line) -> bool:
    return bool(WITHOUT_SPACES.match(before.text[-1]) and WITHOUT_SPACES.match(line.text[0]))


def _distance(before: Line, line: Line) -> float:
    """From baseline to baseline, in heights of the second line; negative when it stands above."""
    return (before.bottom - (line.top - line.height)) / max(line.height, 1.0)


def _column(line: Line) -> int:
    return round(line.left / 20)
