"""Cuts a text into passages that can be found, read and cited on their own. Pure.

The text of a document is its pages with an empty line between them, or a single line break where a sentence
goes on; a chunk is an exact slice of it.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple, Protocol

PARAGRAPH_BREAK, LINE_BREAK = "\n\n", "\n"
LINE = re.compile(r"[^\n]+")
SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"'”’»)\]]*\s+(?=[^\sa-zß-öø-ÿ])|(?<=[。！？])|\n+(?=[-–—•*▪◦·]\s)|\n{2,}"
)
ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|[Dd]r|Mrs?|Ms|Prof|St|Nr|No|Art|Fig|Tab|Eq|Sec|vs|cf|ca|etc|al|bzw|z\.B|d\.h|e\.g|i\.e)\.$"
)
NUMBERED = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[A-Z]\.|[IVXLC]+\.)\s+\S")
MARKDOWN = re.compile(r"^#{1,6}\s+")
NO_HEADING = re.compile(r"[=<>{}|\\]|^[^(]*\)")
"""Code and formulas; the end of a bracket that was opened before."""

HEADING_CHARACTERS = 90
HEADING_WORDS = 12
LABEL_WORDS = 7
"""A longer line with a colon inside is a term with its explanation and no heading."""


@dataclass(frozen=True, slots=True)
class ChunkOptions:
    """Sizes in characters: a new chunk begins at ``target``, none is longer than ``most``.

    A paragraph may begin one a third earlier, so that a change in one place leaves later chunks as they were.
    A heading begins a new chunk once ``section`` characters are there; ``overlap`` is how much of the end of
    a chunk the next one may repeat, in whole sentences, within one section.
    """

    target: int = 1400
    most: int = 2000
    section: int = 250
    overlap: int = 160


@dataclass(frozen=True, slots=True)
class Chunk:
    """``text`` is ``[char_from, char_to)`` of the document's text; pages count from 1."""

    ordinal: int
    heading: str | None
    text: str
    page_from: int
    page_to: int
    char_from: int
    char_to: int
    content_hash: bytes


class Numbered(Protocol):
    """A page: its number, from 1, and its text."""

    @property
    def number(self) -> int: ...

    @property
    def text(self) -> str: ...


class Span(NamedTuple):
    """A sentence or a heading, by its place in the text."""

    start: int
    end: int
    is_heading: bool


def document_text(pages: Sequence[Numbered]) -> str:
    """What the offsets of chunks count in."""
    return "".join(_with_breaks(pages))


def chunk_pages(pages: Sequence[Numbered], options: ChunkOptions) -> list[Chunk]:
    """Chunks of a document with pages; none for one without words."""
    parts = _with_breaks(pages)
    starts = [0, *accumulate(map(len, parts))][: len(pages)]
    return _chunks("".join(parts), options, starts, [page.number for page in pages])


def chunk_text(text: str, options: ChunkOptions) -> list[Chunk]:
    """Chunks of an authored text, all on page 1."""
    return _chunks(text, options, [0], [1])


def _with_breaks(pages: Sequence[Numbered]) -> list[str]:
    """The text of each page with what parts it from the next one."""
    breaks = [_break_between(page.text, following.text) for page, following in pairwise(pages)]
    return [page.text + between for page, between in zip(pages, [*breaks, ""], strict=False)]


def _break_between(before: str, after: str) -> str:
    goes_on = after[:1].islower() and before[-1:] not in tuple(".!?:…")
    return LINE_BREAK if goes_on else PARAGRAPH_BREAK


def _chunks(text: str, options: ChunkOptions, starts: list[int], numbers: list[int]) -> list[Chunk]:
    chunks: list[Chunk] = []
    for heading, group in _groups(text, options, starts):
        start, end = group[0].start, group[-1].end
        content = text[start:end]
        chunks.append(
            Chunk(
                ordinal=len(chunks),
                heading=heading,
                text=content,
                page_from=numbers[bisect_right(starts, start) - 1],
                page_to=numbers[bisect_right(starts, end - 1) - 1],
                char_from=start,
                char_to=end,
                content_hash=hashlib.sha256(f"{heading or ''}\0{content}".encode()).digest(),
            )
        )
    return chunks


def _groups(text: str, options: ChunkOptions, starts: list[int]) -> Iterator[tuple[str | None, list[Span]]]:
    """The spans of each chunk, with the heading that its first sentence stands under.

    What begins on another page begins another chunk, so that a citation names the right page.
    """
    group: list[Span] = []
    heading: str | None = None
    under: str | None = None
    for span in spans(text, options.most):
        turns_page = bool(group) and _turns_page(group, span, starts)
        if group and (turns_page or _is_full(text, group, span, options)):
            yield under, group
            group = [] if span.is_heading or turns_page else _repeated(group, span, options)
            under = heading
        if span.is_heading:
            heading = _title(text[span.start : span.end])
        if not group or all(member.is_heading for member in group):
            under = heading
        group.append(span)
    if group:
        yield under, group


def _turns_page(group: list[Span], span: Span, starts: list[int]) -> bool:
    """A heading at the foot of a page goes with the text that follows it."""
    if all(member.is_heading for member in group):
        return False
    return bisect_right(starts, span.start) != bisect_right(starts, group[0].start)


def _is_full(text: str, group: list[Span], span: Span, options: ChunkOptions) -> bool:
    size = group[-1].end - group[0].start
    if span.end - group[0].start > options.most:
        return True
    if group[-1].is_heading:
        return False
    if span.is_heading:
        return size >= options.section
    begins_paragraph = PARAGRAPH_BREAK in text[group[-1].end : span.start]
    return size >= (options.target * 2 // 3 if begins_paragraph else options.target)


def _repeated(group: list[Span], span: Span, options: ChunkOptions) -> list[Span]:
    """The last sentences of a chunk that the next one begins with."""
    kept: list[Span] = []
    for member in reversed(group[1:]):
        start = member.start
        if member.is_heading or group[-1].end - start > options.overlap or span.end - start > options.most:
            break
        kept.insert(0, member)
    return kept


def spans(text: str, most: int) -> Iterator[Span]:
    """Headings and sentences in order, without the white space between them; none longer than ``most``."""
    for start, end, is_heading in _blocks(text):
        if is_heading:
            yield from (Span(*trimmed, True) for trimmed in _trimmed(text, start, end))
            continue
        for sentence_start, sentence_end in _sentences(text, start, end):
            for piece_start, piece_end in _pieces(text, sentence_start, sentence_end, most):
                yield Span(piece_start, piece_end, False)


def _blocks(text: str) -> Iterator[tuple[int, int, bool]]:
    """Headings alone, and what is between two of them."""
    start: int | None = None
    end = 0
    lines = list(LINE.finditer(text))
    for index, line in enumerate(lines):
        following = lines[index + 1].group() if index + 1 < len(lines) else ""
        if is_heading(line.group(), following, stands_apart=_stands_apart(text, line.start())):
            if start is not None:
                yield start, end, False
            yield line.start(), line.end(), True
            start = None
        else:
            start = line.start() if start is None else start
            end = line.end()
    if start is not None:
        yield start, end, False


def _stands_apart(text: str, at: int) -> bool:
    before = text[max(at - 2, 0) : at]
    return at == 0 or before == "\n\n" or before[:1] in tuple(".!?:。")


def is_heading(line: str, following: str, *, stands_apart: bool) -> bool:
    """A short line that does not end a sentence and begins something; ``following`` is the line after it."""
    stripped = line.strip()
    if not stripped or len(stripped) > HEADING_CHARACTERS:
        return False
    if MARKDOWN.match(stripped) and stripped[-1] not in ".,;:!":
        return True
    if not following.strip():
        return False
    if stripped[-1] in ".!?;,:…-–" or not any(map(str.isalpha, stripped)) or NO_HEADING.search(stripped):
        return False
    if len(stripped.split()) > HEADING_WORDS or not (stripped[0].isupper() or stripped[0].isdigit()):
        return False
    if following.lstrip()[:1].islower() or (": " in stripped and len(stripped.split()) > LABEL_WORDS):
        return False
    return stands_apart or bool(NUMBERED.match(stripped))


def _title(line: str) -> str:
    return MARKDOWN.sub("", line.strip()).strip()


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for match in SENTENCE_END.finditer(text, start, end):
        if match.start() > at and not _is_abbreviated(text, at, match.start()):
            yield from _trimmed(text, at, match.start())
            at = match.end()
    yield from _trimmed(text, at, end)


def _is_abbreviated(text: str, start: int, end: int) -> bool:
    return bool(ABBREVIATION.search(text[max(start, end - 12) : end]))


def _pieces(text: str, start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """A sentence without end, cut at white space where there is any."""
    while end - start > most:
        cut = max(
            text.rfind(" ", start + most // 2, start + most),
            text.rfind("\n", start + most // 2, start + most),
        )
        cut = cut if cut > start else start + most
        yield from _trimmed(text, start, cut)
        start = cut
    yield from _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
