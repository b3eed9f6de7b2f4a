"""The markup of a campaign's text: paragraphs, headings, lists, links, bold words, placeholders. Pure.

It is read before any value is put in, so that no value can become markup, and there is no way to write HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal
from urllib.parse import quote

PLACEHOLDER = re.compile(r"\{\{(?P<name>[a-z_]+)(?:\|(?P<otherwise>[^|{}\n]{0,100}))?\}\}")
_INLINE = re.compile(r"\[(?P<words>[^\[\]\n]+)\]\((?P<target>https?://[^\s()]+)\)|\*\*(?P<bold>[^*\n]+)\*\*")

Values = Mapping[str, str]
Redirect = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading or list; ``lines`` are its lines or points."""

    kind: Literal["p", "h", "ul"]
    lines: tuple[str, ...]


def blocks_of(body: str) -> list[Block]:
    """The blocks between empty lines."""
    parts = re.split(r"\n[ \t]*\n", body.replace("\r\n", "\n").strip())
    return [_block(part.strip()) for part in parts if part.strip()]


def filled(text: str, values: Values, safe: Callable[[str], str] = str) -> str:
    """With values, or what stands after the bar, in place of placeholders; ``safe`` is put around each."""

    def value(found: re.Match[str]) -> str:
        return safe(values.get(found["name"]) or found["otherwise"] or "")

    return PLACEHOLDER.sub(value, text)


def as_text(block: Block, values: Values) -> str:
    """For readers without HTML: links in full, as they are."""

    def plain(found: re.Match[str]) -> str:
        return found["bold"] or f"{found['words']} ({_target(found['target'], values)})"

    lines = [filled(_INLINE.sub(plain, line), values) for line in block.lines]
    return "\n".join(f"- {line}" if block.kind == "ul" else line for line in lines)


def as_html(block: Block, values: Values, redirect: Redirect) -> str:
    """``redirect`` makes the address that a link leads over."""
    lines = [_html_line(line, values, redirect) for line in block.lines]
    if block.kind == "ul":
        return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"
    tag = "h1" if block.kind == "h" else "p"
    return f"<{tag}>" + "<br>".join(lines) + f"</{tag}>"


def _block(part: str) -> Block:
    lines = tuple(line.strip() for line in part.split("\n"))
    if all(line.startswith("- ") for line in lines):
        return Block("ul", tuple(line[2:] for line in lines))
    if len(lines) == 1 and part.startswith("# "):
        return Block("h", (part[2:],))
    return Block("p", lines)


def _html_line(line: str, values: Values, redirect: Redirect) -> str:
    pieces, end = [], 0
    for found in _INLINE.finditer(line):
        pieces += [_words(line[end : found.start()], values), _marked(found, values, redirect)]
        end = found.end()
    return "".join([*pieces, _words(line[end:], values)])


def _marked(found: re.Match[str], values: Values, redirect: Redirect) -> str:
    if found["bold"]:
        return f"<strong>{_words(found['bold'], values)}</strong>"
    address = escape(redirect(_target(found["target"], values)))
    return f'<a href="{address}">{_words(found["words"], values)}</a>'


def _words(text: str, values: Values) -> str:
    """Escaped piece by piece, so that a value cannot hide a placeholder."""
    parts, end = [], 0
    for found in PLACEHOLDER.finditer(text):
        parts += [escape(text[end : found.start()]), escape(filled(found[0], values))]
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _target(target: str, values: Values) -> str:
    return filled(target, values, lambda value: quote(value, safe=""))
