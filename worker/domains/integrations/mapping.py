"""From another system's event to our fields, by the map in a connection's settings. Pure.

A path is names or numbers with dots between: "customer.emails.0". A value that our field cannot hold is left
out, since what is there already is better than nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Mapped = dict[str, str | list[str]]

_BREAKS = re.compile(r"\s+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_LONGEST_TAGS = 2500
_MOST_TAGS = 50


def person_in(body: Any, fields: Mapping[str, str]) -> Mapped:
    """Our fields with a usable value; `fields` is our name → path."""
    person: Mapped = {}
    for name, path in fields.items():
        value = _READERS[name](at(body, path))
        if value:
            person[name] = value
    return person


def at(body: Any, path: str) -> Any:
    """The value at a path; None where it does not lead to one."""
    value = body
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value


def _text(longest: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        return _words(value)[:longest].strip()

    return read


def _words(value: Any) -> str:
    """Texts and numbers on one line, without what Postgres cannot store; anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    storable = str(value).replace("\0", "").encode("utf-8", "ignore").decode()
    return _BREAKS.sub(" ", storable).strip()


def _whole(pattern: re.Pattern[str], longest: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        words = _words(value)
        return words if len(words) <= longest and pattern.fullmatch(words) else ""

    return read


def _upper(value: Any) -> str:
    words = _words(value).upper()
    return words if re.fullmatch("[A-Z]{2}", words) else ""


def _language(value: Any) -> str:
    words = re.split("[-_]", _words(value).lower())[0]
    return words if re.fullmatch("[a-z]{2,3}", words) else ""


def _tags(value: Any) -> list[str]:
    """A list of words, or words with commas between; each once."""
    given = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    tags = list(dict.fromkeys(words[:100].strip() for tag in given if (words := _words(tag))))[:_MOST_TAGS]
    while sum(map(len, tags)) > _LONGEST_TAGS:
        tags.pop()
    return tags


_READERS: Mapping[str, Callable[[Any], str | list[str]]] = {
    "external_id": _whole(re.compile(r".+"), 300),
    "email": _whole(_EMAIL, 254),
    "name": _text(200),
    "phone": _whole(re.compile(r".{3,40}"), 40),
    "language": _language,
    "company": _text(200),
    "job_title": _text(200),
    "country": _upper,
    "tags": _tags,
}
