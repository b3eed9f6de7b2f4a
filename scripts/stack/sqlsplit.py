"""Cuts a migration into its statements, without executing or changing any of them.

A semicolon ends a statement unless it stands in a quoted string, a dollar-quoted body, a comment or a
``begin atomic … end`` function body. Comments stay with the statement that follows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<line_comment>--[^\n]*)
    | (?P<block_comment>/\*)
    | (?P<escape_string>(?<![A-Za-z0-9_$])[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))
    | (?P<string>'(?:[^']|'')*(?:'|\Z))
    | (?P<identifier>"(?:[^"]|"")*(?:"|\Z))
    | (?P<dollar>(?<![A-Za-z0-9_$])\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    | (?P<semicolon>;)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Statement:
    """``text`` without the closing semicolon; ``line`` is the 1-based line of its first character."""

    text: str
    line: int


def split(sql: str) -> list[Statement]:
    """The statements of ``sql`` in order; empty ones are dropped."""
    statements, start = [], 0
    for end in (*_ends(sql), len(sql)):
        text = sql[start:end].strip()
        if text:
            first = start + len(sql[start:end]) - len(sql[start:end].lstrip())
            statements.append(Statement(text, sql.count("\n", 0, first) + 1))
        start = end + 1
    return statements


def _ends(sql: str) -> Iterator[int]:
    """Positions of the semicolons that end a statement."""
    position, depth, before = 0, 0, ""
    while token := _TOKEN.search(sql, position):
        position = token.end()
        if token.lastgroup == "block_comment":
            position = _after_block_comment(sql, position)
        elif token.lastgroup == "dollar":
            closing = sql.find(token.group(), position)
            position = len(sql) if closing < 0 else closing + len(token.group())
        elif token.lastgroup == "semicolon":
            before = ""
            if depth == 0:
                yield token.start()
        elif token.lastgroup == "word":
            word = token.group().lower()
            depth = _atomic_depth(depth, before, word)
            before = word


def _atomic_depth(depth: int, before: str, word: str) -> int:
    """How many ``end`` are still owed: one for ``begin atomic`` and one for each ``case`` inside it."""
    if (before == "begin" and word == "atomic") or (depth and word == "case"):
        return depth + 1
    return depth - 1 if depth and word == "end" else depth


def _after_block_comment(sql: str, position: int) -> int:
    """Position behind a block comment whose opening was just read; comments nest."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(sql, position)):
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
    return len(sql) if depth else position
