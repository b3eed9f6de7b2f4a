"""From an answer of ours to content of ManyChat's version 2, for sending and for a Dynamic Block. Pure.

Shapes: https://manychat.github.io/dynamic_block_docs/channels/
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from worker.errors import ProviderRejected

TEXT_LIMIT = 2000
"""Characters (UTF-16 units) in a message. WhatsApp takes 4096; ManyChat publishes no limit of its own."""

MESSAGES_AT_ONCE = 10

_BORDERS = tuple(
    re.compile(pattern)
    for pattern in (r"\n\s*\n", r"\n", r"(?<=[.!?…。！？])[\"'”’)\]]*(?:\s?»)?\s|(?<=[。！？])", r"\s")
)
"""Where a text may be cut, best first: between paragraphs, lines, sentences, words."""

_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def split(text: str, limit: int = TEXT_LIMIT) -> list[str]:
    """The text in pieces of at most `limit` UTF-16 units, none blank; no word is lost or doubled."""
    pieces = []
    rest = text.strip()
    while (fitting := _fitting(rest, limit)) < len(rest):
        cut = _cut(rest, fitting)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [piece for piece in (*pieces, rest) if piece]


def batches(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """Groups that one request each can hold, in order."""
    starts = range(0, len(texts), MESSAGES_AT_ONCE)
    return [tuple(texts[start : start + MESSAGES_AT_ONCE]) for start in starts]


def dynamic_block(texts: Sequence[str]) -> dict[str, Any]:
    """What answers a Dynamic Block of a WhatsApp flow, and `data` of sendContent; no texts: it says nothing.

    Raises ProviderRejected for more or longer texts than one request holds.
    """
    if len(texts) > MESSAGES_AT_ONCE or not all(map(_is_sendable, texts)):
        raise ProviderRejected("chat.bad_message", "A message is empty, too long, or one of too many.")
    messages = [{"type": "text", "text": text} for text in texts]
    return {"version": "v2", "content": {"type": "whatsapp", "messages": messages}}


def _is_sendable(text: str) -> bool:
    is_unicode = not any("\ud800" <= character <= "\udfff" for character in text)
    return bool(text.strip()) and is_unicode and _fitting(text, TEXT_LIMIT) == len(text)


def _fitting(text: str, limit: int) -> int:
    """How many characters of the text take at most `limit` UTF-16 units."""
    units = 0
    for index, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > limit:
            return index
    return len(text)


def _cut(text: str, fitting: int) -> int:
    """Where the first piece ends: at the last border of the best kind that leaves no scrap behind."""
    for border in _BORDERS:
        ends = [match.end() for match in border.finditer(text, 0, fitting) if match.start() >= fitting // 3]
        if ends:
            return ends[-1]
    return _between_characters(text, fitting)


def _between_characters(text: str, end: int) -> int:
    """The nearest place before `end` that no accent, joined emoji or skin tone spans."""
    cut = end
    while cut > 0 and (_continues(text[cut]) or text[cut - 1] == _ZERO_WIDTH_JOINER):
        cut -= 1
    return cut or max(end, 1)


def _continues(character: str) -> bool:
    return (
        character == _ZERO_WIDTH_JOINER
        or unicodedata.category(character).startswith("M")
        or ord(character) in _SKIN_TONES
    )
