"""Named statements from .sql files."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.support.clusters import PROJECT
from worker.db.queries import load_queries, parse_queries
from worker.errors import ConfigurationError

GOOD = """-- name: first
-- What it is for.
select 1;

-- name: second
-- What it is for,
-- in two lines.
select %(a)s -- a remark
from t;
"""


def test_names_and_statements() -> None:
    assert parse_queries(GOOD, "x.sql") == {
        "first": b"select 1",
        "second": b"select %(a)s -- a remark\nfrom t",
    }


def test_the_mapping_is_read_only() -> None:
    with pytest.raises(TypeError):
        parse_queries(GOOD, "x.sql")["third"] = b""  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must start with"),
        ("select 1", "must start with"),
        ("select 1;\n-- name: a\n-- Words.\nselect 1", "must start with"),
        ("-- name: Two Words\n-- Words.\nselect 1", "not a snake_case name"),
        ("-- name:\n-- Words.\nselect 1", "not a snake_case name"),
        ("-- name: a\nselect 1", "no description"),
        ("-- name: a\n--\nselect 1", "no description"),
        ("-- name: a\n-- Words.\n", "no SQL"),
        ("-- name: a\n-- Words.\n;", "no SQL"),
        ("-- name: a\n-- W.\nselect 1;\n-- name: a\n-- W.\nselect 2;", "twice"),
    ],
)
def test_malformed(text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        parse_queries(text, "x.sql")
    assert "x.sql" in caught.value.message


def test_a_script_outside_a_package_has_no_queries() -> None:
    with pytest.raises(ConfigurationError):
        load_queries(None, "queries.sql")


@pytest.mark.parametrize("path", sorted((PROJECT / "worker").rglob("*.sql")), ids=str)
def test_every_file_of_the_worker_is_well_formed(path: Path) -> None:
    package = ".".join(path.parent.relative_to(PROJECT).parts)
    importlib.import_module(package)
    assert load_queries(package, path.name)
