"""What rules alone can correct in a text: spaces, doubled little words, capitals. Pure."""

from __future__ import annotations

import re

from worker.providers.stopwords import BY_LANGUAGE, language_of
from worker.providers.words import plain, tokens

_MAY_DOUBLE = frozenset({"had", "that", "vous", "nous", "die", "der", "das", "sie", "is", "en", "on"})
_SPACES = re.compile(r"[ \t\u00a0]{2,}")
_BEFORE_STOP = re.compile(r"(?<![ \t])[ \t]+(?=,(?!\d)|\.(?:\s|$))")
_BEFORE_MARK = re.compile(r"(?<![ \t])[ \t]+(?=[;:!?](?:\s|$))")
_AFTER_COMMA = re.compile(r"(?<=[^\W\d_]),(?=[^\W\d_])")
_DOUBLED = re.compile(r"\b([^\W\d_]+)(\s+)\1\b", re.I)
_BEGINS = re.compile(r"(^|[^\W\d_]{3}\s?[.!?]\s+)([^\W\d_])(?=[a-zà-öø-ÿœ]*(?:[\s,;:]|[.!?](?:\s|$)|$))")
"""Not after "e.g." or "U.S.", not in addresses, not in names like eBay."""


def tidied(text: str) -> str:
    """The text with the obvious put right, line by line; its words stay."""
    language = language_of(tokens(text))
    return "\n".join(_line(line, language) for line in text.splitlines())


def _line(line: str, language: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    body = _SPACES.sub(" ", line.strip())
    body = _BEFORE_STOP.sub("", body)
    if language != "fr":  # which puts a space before these
        body = _BEFORE_MARK.sub("", body)
    body = _AFTER_COMMA.sub(", ", body)
    body = _DOUBLED.sub(lambda match: _once(match, language), body)
    return indent + _BEGINS.sub(lambda match: match[1] + match[2].upper(), body)


def _once(match: re.Match[str], language: str) -> str:
    word = plain(match[1])
    is_slip = word in BY_LANGUAGE[language] and word not in _MAY_DOUBLE
    return match[1] if is_slip else match[0]
