"""Python stays short, SQL stays in .sql files, and nothing names the machine it was written on."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.architecture.source_rules import size_problems, sql_problems
from tests.support.clusters import PROJECT

# Written in two pieces so that this file does not contain what it forbids.
FORBIDDEN = re.compile("/work" + "/|/tmp/" + "lamina|working con" + "tract|esm" + r"\.sh|from [\"']js" + "r:")
TEXT = (".py", ".sql", ".ts", ".mjs", ".md", ".toml", ".json", ".yml", ".yaml", ".txt", ".sh", "Makefile")


def tracked_files() -> list[str]:
    """Files git knows or would add, as paths from the project's root; generated locks left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return [
        name for name in listed if name.endswith(TEXT) and "lock" not in name and (PROJECT / name).exists()
    ]


def python_files(*rooms: str) -> list[str]:
    return [name for name in tracked_files() if name.endswith(".py") and name.startswith(rooms)]


def test_files_and_functions_are_short() -> None:
    found = {
        name: list(size_problems((PROJECT / name).read_text()))
        for name in python_files("worker/", "scripts/")
    }
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_the_worker_has_no_sql_in_python() -> None:
    found = {name: list(sql_problems((PROJECT / name).read_text())) for name in python_files("worker/")}
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_nothing_names_the_machine_it_was_written_on() -> None:
    found = {name: FORBIDDEN.findall((PROJECT / name).read_text()) for name in tracked_files()}
    assert {name: words for name, words in found.items() if words} == {}


def test_long_functions_and_files_are_seen() -> None:
    body = "    x = 1\n" * 40
    assert list(size_problems(f"def f():\n{body}")) == ["line 1: f has 41 lines, more than 40"]
    assert list(size_problems(f'def f():\n    """Doc."""\n{body[10:]}')) == []
    assert list(size_problems("x = 1\n" * 301)) == ["301 lines, more than 300"]


@pytest.mark.parametrize(
    "call",
    [
        'cursor.execute("select 1")',
        'cursor.execute(f"select {column}")',
        'cursor.execute("select " + column)',
        'cursor.execute("select {}".format(column))',
        'cursor.copy("copy t from stdin")',
    ],
)
def test_sql_in_python_is_seen(call: str) -> None:
    assert list(sql_problems(call)) == ["line 1: SQL in Python"]


def test_named_queries_are_fine() -> None:
    assert list(sql_problems('cursor.execute(SQL["claim"], {"a": 1}); client.execute("job")')) == []
