"""From what a PDF gives to text that people would have written. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from statistics import median

from worker.domains.knowledge.layout import DIVIDED, Line
from worker.domains.knowledge.paragraphs import join_lines

LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "Ĳ": "IJ", "ĳ": "ij"}
)
ARABIC_FORMS = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
SPACES = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
REMOVED = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff0-\ufffd\uffff"
    "\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
"""Control and direction characters, soft hyphens, zero-width spaces, lone surrogates, private-use glyphs."""

BULLETS = str.maketrans(dict.fromkeys("\uf0b7\uf0a7\uf0d8\uf02d", "•"))
"""Private-use characters by which office programs draw a bullet."""

DIVIDED_WORD = re.compile(rf"(?<![^\W\d_])([^\W\d_]+){DIVIDED}([^\W\d_]+)")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
NUMBER = re.compile(r"\d+")
STEPPING = "\x00"
"""In a shape: a number that grows with the pages."""

EDGE_LINES = 3
"""Lines at the top and at the bottom of a page that may be a running header or footer."""

LEAST_PAGES = 3
"""A header repeats; on fewer pages a repetition may be chance."""

REPEATED_SHARE, STEPPING_SHARE = 0.4, 0.1
"""Share of the pages on which a running line stands; less will do if the page's number is in it."""

ANY_TEXT = "…"
"""In a shape: whatever stands beside the page's number, such as a chapter's title."""


def clean_pages(raw: Sequence[Sequence[Line]]) -> list[str]:
    """The text of each page: cleaned, without running lines and page numbers, paragraphs and words whole.

    What repeats on many pages stays where it first stands; page numbers go everywhere.
    """
    pages = [[line for line in map(_cleaned, lines) if line.text] for lines in raw]
    texts = [join_lines(lines) for lines in _without_running_lines(pages)]
    return _rejoined_words(texts)


def clean_line(text: str) -> str:
    """Composed Unicode, ligatures resolved, one space between words, no invisible characters but DIVIDED."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    ending = DIVIDED if text.endswith("\u00ad") else ""
    text = ARABIC_FORMS.sub(_plain_letters, text.translate(LIGATURES).translate(BULLETS))
    text = unicodedata.normalize("NFC", REMOVED.sub("", text.replace("\t", " ")))
    return SPACES.sub(" ", text).strip() + ending


def _cleaned(line: Line) -> Line:
    text = clean_line(line.text)
    return line if text == line.text else replace(line, text=text)


def _plain_letters(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match.group())


def _without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    running = _running_shapes(pages)
    seen: set[str] = set()
    kept = []
    for number, lines in enumerate(pages):
        places = _running_places(number, lines, running, seen)
        kept.append([line for at, line in enumerate(lines) if at not in places])
    return kept


def _running_shapes(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    counts = Counter(
        shape
        for number, lines in enumerate(pages)
        for shape in {shape for _, shapes in _edges(lines, number) for shape in shapes}
    )
    filled = sum(bool(lines) for lines in pages)
    return frozenset(
        shape for shape, count in counts.items() if count >= max(LEAST_PAGES, filled * _least_share(shape))
    )


def _least_share(shape: str) -> float:
    return STEPPING_SHARE if STEPPING in shape and ANY_TEXT not in shape else REPEATED_SHARE


def _running_places(
    number: int, lines: Sequence[Line], running: frozenset[str], seen: set[str]
) -> frozenset[int]:
    """Indexes of the lines to take out; `seen` collects the repeated lines that were met."""
    places = set()
    for at, shapes in _edges(lines, number):
        found = running & shapes
        if any(STEPPING in shape for shape in found) or found & seen:
            places.add(at)
        seen |= found
    return frozenset(places)


def _edges(lines: Sequence[Line], number: int) -> Iterator[tuple[int, frozenset[str]]]:
    """Indexes and shapes of the lines that may be running; a number in a heading counts no pages."""
    if not lines:
        return
    largest = 1.12 * median(line.height for line in lines)
    for at, line in enumerate(lines):
        if at < EDGE_LINES or at >= len(lines) - EDGE_LINES:
            is_heading = line.height > largest and WORD.search(line.text)
            yield at, frozenset((line.text,) if is_heading else _shapes(line.text, number))


def _shapes(text: str, number: int) -> Iterator[str]:
    """The line as it is, and with each of its numbers taken for one that counts the pages."""
    digits = NUMBER.findall(text)
    if not 0 < len(digits) <= 3 or max(map(len, digits)) > 6:
        yield text
        return
    steps = [f"{STEPPING}{int(found) - number}" for found in digits]
    if text.endswith(digits[-1]):
        yield ANY_TEXT + steps[-1]
    if text.startswith(digits[0]):
        yield steps[0] + ANY_TEXT
    parts = NUMBER.split(text)
    for chosen in product(*zip(digits, steps, strict=True)):
        yield "".join(part + value for part, value in zip(parts, (*chosen, ""), strict=True))


def _rejoined_words(texts: list[str]) -> list[str]:
    """Divided words made whole: as they are written elsewhere in the document, else without the hyphen."""
    if not any(DIVIDED in text for text in texts):
        return texts
    vocabulary = {word.lower() for text in texts for word in WORD.findall(text)}

    def rejoin(match: re.Match[str]) -> str:
        before, after = match.groups()
        is_compound = f"{before}-{after}".lower() in vocabulary and (before + after).lower() not in vocabulary
        return f"{before}-{after}" if is_compound or not after[0].islower() else before + after

    return [DIVIDED_WORD.sub(rejoin, text).replace(DIVIDED, "-") for text in texts]
