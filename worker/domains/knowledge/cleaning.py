"""From what a PDF gives to text that people would have written. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "Ĳ": "IJ", "ĳ": "ij"}
)
SPACES = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
REMOVED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff\ufff0-\ufffb\uffff\ud800-\udfff\ue000-\uf8ff]"
)
"""Control characters, soft hyphens, zero-width spaces, noncharacters, lone surrogates, private-use glyphs."""

HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u2010\ufffe]\n(?=[^\W\d_])")
"""A hyphen at a line's end inside a word; PDFium gives U+FFFE for one that it takes for hyphenation."""

PAGE_NUMBER = re.compile(
    r"(?i)^(?:page|seite|pagina|página)?\s*[-–|]?\s*\d{1,4}\s*[-–|]?(?:\s*(?:/|of|von|sur|de)\s*\d{1,4})?$"
)
EDGE_LINES = 2
"""Lines at the top and at the bottom of a page that may be a running header or footer."""

LEAST_PAGES = 4
"""A header repeats; with fewer pages a repetition may be chance."""


def clean_pages(raw: Sequence[str]) -> list[str]:
    """Cleans each page, and takes off what repeats at the edges of most pages."""
    pages = [clean_text(text) for text in raw]
    running = _running_lines(pages)
    return [_without_edges(page, running) for page in pages]


def clean_text(text: str) -> str:
    """Composed Unicode, ligatures and hyphenated words whole, one space between words; lines are kept."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(LIGATURES)
    text = HYPHENATED.sub(_joined, text)
    text = REMOVED.sub("", text.replace("\ufffe", "-"))
    text = unicodedata.normalize("NFC", text)
    lines = [SPACES.sub(" ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _joined(match: re.Match[str]) -> str:
    """The typesetter's hyphen goes; before a capital it belongs to the word (`Anglo-French`)."""
    following = match.string[match.end()]
    return "" if following.islower() else "-"


def _running_lines(pages: Sequence[str]) -> frozenset[str]:
    filled = [page for page in pages if page]
    if len(filled) < LEAST_PAGES:
        return frozenset()
    counts = Counter(shape for page in filled for shape in {_shape(line) for line in _edges(page)})
    most, some = len(filled) / 2, max(LEAST_PAGES, len(filled) / 10)
    return frozenset(
        shape
        for shape, count in counts.items()
        if shape and (count > most or (count >= some and shape.rstrip().endswith("#")))
    )


def _edges(page: str) -> list[str]:
    lines = page.split("\n")
    return [*lines[:EDGE_LINES], *lines[-EDGE_LINES:]]


def _shape(line: str) -> str:
    """The line with its numbers alike, so that `Page 3 of 9` and `Page 4 of 9` are one."""
    return re.sub(r"\d+", "#", line)


def _without_edges(page: str, running: frozenset[str]) -> str:
    lines = page.split("\n")
    kept = [
        line
        for at, line in enumerate(lines)
        if not (_is_at_edge(at, len(lines)) and _is_running(line, running, at, len(lines)))
    ]
    return "\n".join(kept).strip()


def _is_at_edge(at: int, count: int) -> bool:
    return at < EDGE_LINES or at >= count - EDGE_LINES


def _is_running(line: str, running: frozenset[str], at: int, count: int) -> bool:
    outermost = at in (0, count - 1)
    return _shape(line) in running or (
        outermost and count > 1 and bool(running) and bool(PAGE_NUMBER.match(line))
    )
