"""Named statements from ``.sql`` files.

A statement starts with ``-- name: <snake_case>``, then at least one ``--`` line that says what it is for,
then the SQL up to the next name. Parameters are psycopg's ``%(name)s``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from worker.errors import ConfigurationError

NAME = re.compile(r"^-- name:[ \t]*(?P<name>.*?)[ \t]*$", re.MULTILINE)
SNAKE_CASE = re.compile(r"[a-z][a-z0-9_]*")


def load_queries(package: str | None, filename: str) -> Mapping[str, bytes]:
    """Reads a file of a package (pass ``__package__``). Raises ConfigurationError when it is malformed."""
    if package is None:
        raise ConfigurationError("queries.no_package", f"{filename} must be loaded from inside a package.")
    return parse_queries(files(package).joinpath(filename).read_text("utf-8"), f"{package}/{filename}")


def parse_queries(text: str, source: str) -> Mapping[str, bytes]:
    """Name → statement, as bytes, which is what psycopg takes for SQL that is not a literal in the code."""
    marks = list(NAME.finditer(text))
    if not marks or text[: marks[0].start()].strip():
        raise _malformed(source, "it must start with '-- name: …'")
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    queries: dict[str, bytes] = {}
    for mark, end in zip(marks, ends, strict=True):
        name = mark["name"]
        if not SNAKE_CASE.fullmatch(name):
            raise _malformed(source, f"'{name}' is not a snake_case name")
        if name in queries:
            raise _malformed(source, f"'{name}' is there twice")
        queries[name] = _statement(text[mark.end() : end], name, source)
    return MappingProxyType(queries)


def _statement(block: str, name: str, source: str) -> bytes:
    lines = block.strip().splitlines()
    described = 0
    while described < len(lines) and lines[described].startswith("--"):
        described += 1
    if not any(line.strip("- \t") for line in lines[:described]):
        raise _malformed(source, f"'{name}' has no description")
    statement = "\n".join(lines[described:]).strip().rstrip(";").rstrip()
    if not statement:
        raise _malformed(source, f"'{name}' has no SQL")
    return statement.encode()


def _malformed(source: str, reason: str) -> ConfigurationError:
    return ConfigurationError("queries.malformed", f"{source}: {reason}.")
