"""Passages cut into units that can be quoted: sentences, list items, table rows. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.providers.llm.extraction.kinds import MONTH

_BULLET = re.compile(r"^\s*(?:[-–—•*▪◦·]\s+|\(?\d{1,2}[.)]\s+|\(?[a-z][.)]\s+|\d{1,2}(?:\.\d{1,2})+\.?\s+\S)")
_SENTENCE_END = re.compile(r"(?:(?<=[.!?…])|(?<=[.!?…][\"”’»)\]]))\s+|(?<=[。！？])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-zÀ-Ý]|Mr|Mrs|Ms|Mme|Mlle|Dr|Prof|St|Ste|No|Nr|Art|Fig|Tab|Eq|Sec|Ch|Vol|pp|p|cf|vs|etc|al|"
    r"approx|ca|env|max|min|incl|resp|e\.g|i\.e|z\.B|d\.h|bzw|p\.ex|S\.p\.A|U\.S|Inc|Ltd|Co|Corp|Jr|Sr|Tel)\.$"
)
_DAY_NUMBER = re.compile(r"\b\d{1,2}\.$")
_LIST_NUMBER = re.compile(r"^\(?\d{1,3}(?:\.\d{1,3})*[.)]$")
_WRAPPED = 55
"""A line at least this long that ends without a stop probably goes on in the next line."""

_HEADING_WORDS = 12
_TABLE_ROW = re.compile(r"^[^\W\d].*\s[-–(]?\d[\d.,  ]*\)?\s*\S{0,4}$")


@dataclass(frozen=True, slots=True)
class Unit:
    """A quotable piece, with what a reader has seen just before it in the same passage."""

    text: str
    headings: tuple[str, ...] = ()
    """Nearest last; a second one only when it stands directly above."""
    previous: str = ""
    following: str = ""
    is_heading: bool = False


def units(text: str) -> list[Unit]:
    """The units of one passage in reading order."""
    pieces: list[tuple[str, tuple[str, ...], bool]] = []
    headings: list[str] = []
    follows_heading = False
    for block in _with_captions(_blocks(text)):
        sentences = _sentences(block)
        heading = len(sentences) == 1 and _looks_like_heading(block)
        pieces += [(sentence, tuple(headings[-2:]), heading) for sentence in sentences]
        if heading:
            headings = [*headings, block] if follows_heading else [block]
        follows_heading = heading
    texts = ["", *(piece[0] for piece in pieces), ""]
    return [
        Unit(sentence, above, texts[index], texts[index + 2], heading)
        for index, (sentence, above, heading) in enumerate(pieces)
    ]


def _blocks(text: str) -> list[str]:
    """Lines joined where a sentence goes on, separate where a new paragraph, item or row begins."""
    blocks: list[str] = []
    last_line = ""
    for raw in text.splitlines():
        line = " ".join(raw.split())
        if line and blocks and last_line and _goes_on(last_line, line):
            blocks[-1] = f"{blocks[-1]} {line}"
        elif line:
            blocks.append(line)
        last_line = line
    return blocks


def _with_captions(blocks: list[str]) -> list[str]:
    """A name line and the title line under it also make one unit: `Ada Lind, Head of Sales`."""
    result: list[str] = []
    for index, block in enumerate(blocks):
        result.append(block)
        if index and all(_is_short_caption(line) for line in blocks[index - 1 : index + 1]):
            result.append(f"{blocks[index - 1]}, {block}.")
    return result


def _is_short_caption(block: str) -> bool:
    if _BULLET.match(block) or any(map(str.isdigit, block)):
        return False
    return _looks_like_heading(block) and len(block.split()) <= 6


def _goes_on(before: str, line: str) -> bool:
    if _BULLET.match(line):
        return False
    if line[0].islower() or before[-1] in ",-–(":
        return True
    return len(before) >= _WRAPPED and before[-1] not in ".!?:;…"


def _sentences(block: str) -> list[str]:
    sentences: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(block):
        before, after = block[start : match.start()], block[match.end() :]
        if before and after and not after[0].islower() and not _is_no_end(before, after):
            sentences.append(before.strip())
            start = match.end()
    return [*sentences, block[start:].strip()]


def _is_no_end(before: str, after: str) -> bool:
    """Whether the stop belongs to an abbreviation, a clause number or a day ("3. Mai")."""
    if _ABBREVIATION.search(before) or _LIST_NUMBER.match(before.strip()):
        return True
    return bool(_DAY_NUMBER.search(before) and MONTH.match(after))


def _looks_like_heading(block: str) -> bool:
    if block[-1] in ".!?;,…" or len(block) > 90 or len(block.split()) > _HEADING_WORDS:
        return False
    return not re.search(r":\s*\S", block) and not _TABLE_ROW.match(block)
