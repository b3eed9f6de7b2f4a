"""Rules for the text of a migration file: name, head, size, look, and the traps of the Supabase platform."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.stack.sqlsplit import Statement, split

DOMAINS = frozenset({
    "billing", "content", "dashboards", "forms", "identity", "integrations", "jobs", "knowledge", "learning",
    "marketing", "messaging", "notifications", "ops", "platform", "portfolio", "privacy", "sales",
    "service", "sites", "social", "tasks", "voice",
})  # fmt: skip
MAX_LINES = 300
MAX_FUNCTION_LINES = 60
MAX_WIDTH = 150

_NAME = re.compile(r"\d{14}_(?P<domain>[a-z]+)_[a-z_]+\.sql")
_HEAD = re.compile(r"-- Purpose:\s+\S.*\n(--\s+.*\n)*-- Risk:\s+\S.*\n(--\s+.*\n)*-- Way back:\s+\S.*\n")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_LINE_COMMENT = re.compile(r"--[^\n]*")
_DOLLAR_BODY = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)

TRAPS = {
    r"^alter table (if exists )?(only )?(auth|storage|realtime)\.": "alters a table of the platform",
    r"^create (or replace )?(unique )?(table|function|index|view|type|sequence|materialized view)\b[^(]*?\b"
    r"(auth|storage|realtime)\.": "creates an object in a schema of the platform",
    r"^create (unique )?index\b.*? on (auth|storage|realtime)\.": "creates an index on a platform table",
    r"^comment on (policy|trigger) \S+ on (auth|storage|realtime)\.": "comments on a platform table's part",
    r"^delete from storage\.": "deletes from storage: the Storage API must do it",
    r"^(revoke|grant) .* on (table )?(auth|storage|realtime)\.": "changes platform rights, silently ignored",
    r"^create extension\b(?!.* with schema \w+)": "creates an extension without schema",
    r"^create extension .*\bversion\b": "names the version of an extension",
    r"^alter default privileges": "changes default privileges: grant on each object",
    r"^alter (system|database)\b": "changes settings of the server",
    r"^set (?!local\b)": "sets something beyond its transaction: use set local",
    r"^(begin|commit|rollback|start transaction)\b": "controls the transaction, as the migration tool does",
    r"\bconcurrently\b": "works concurrently, outside the transaction",
    r"^create policy (?!.* for (select|insert|update|delete) )": "policy without for, or for all",
    r"^create policy (?!.* to \w+)": "policy without to",
    r"^grant .* to public\b": "grants to public",
    r"^create trigger .* on (realtime|storage)\.(?!objects\b)": "puts a trigger on a platform table",
    r"\bleakproof\b": "uses leakproof, which needs a superuser",
}


def name_problems(name: str) -> Iterator[str]:
    """What is wrong with a file's name."""
    match = _NAME.fullmatch(name)
    if match is None:
        yield "the name is not <14 digits>_<domain>_<verb>.sql"
    elif match["domain"] not in DOMAINS:
        yield f"unknown domain {match['domain']}"


def text_problems(text: str) -> Iterator[str]:
    """What is wrong with a file's text, each with its line where there is one."""
    lines = text.splitlines()
    if not _HEAD.match(text):
        yield "does not begin with -- Purpose:, -- Risk: and -- Way back:"
    if len(lines) > MAX_LINES:
        yield f"has {len(lines)} lines, more than {MAX_LINES}"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "does not end with one newline"
    statements = split(text)
    if not statements or not plain(statements[0].text).startswith("set local lock_timeout ="):
        yield "does not set local lock_timeout first"
    for number, line in enumerate(lines, start=1):
        yield from (f"line {number}: {problem}" for problem in _line_problems(line))
    for statement in statements:
        yield from (f"line {statement.line}: {problem}" for problem in statement_problems(statement))


def statement_problems(statement: Statement) -> Iterator[str]:
    """Upper case, platform traps and badly declared functions in one statement."""
    shouted = re.findall(r"\b\w*[A-Z]\w*\b", _QUOTED.sub("''", _LINE_COMMENT.sub("", statement.text)))
    if shouted:
        yield f"upper case outside quotes: {', '.join(sorted(set(shouted)))}"
    flat = plain(statement.text)
    yield from (problem for pattern, problem in TRAPS.items() if re.search(pattern, flat))
    if re.match(r"create (or replace )?function\b", flat):
        yield from _function_problems(statement, flat)


def plain(text: str) -> str:
    """A statement in lower case on one line, without comments, bodies and the contents of strings."""
    without_bodies = _DOLLAR_BODY.sub("$$", _LINE_COMMENT.sub("", text))
    return " ".join(_QUOTED.sub("''", without_bodies).lower().split())


def _line_problems(line: str) -> Iterator[str]:
    if "\t" in line:
        yield "tab"
    if line != line.rstrip():
        yield "space at the end"
    prose = line.lstrip().startswith(("--", "'", "comment on "))
    if len(line) > MAX_WIDTH and not prose:
        yield f"{len(line)} characters, more than {MAX_WIDTH}"


def _function_problems(statement: Statement, flat: str) -> Iterator[str]:
    if not re.search(r"\b(volatile|stable|immutable)\b", flat):
        yield "function without volatile, stable or immutable"
    if "set search_path = ''" not in flat:
        yield "function without set search_path = ''"
    length = statement.text.count("\n") + 1
    if length > MAX_FUNCTION_LINES:
        yield f"function of {length} lines, more than {MAX_FUNCTION_LINES}"
