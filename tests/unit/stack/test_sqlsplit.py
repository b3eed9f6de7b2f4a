"""Cutting migrations into statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.stack.sqlsplit import Statement, split


def texts(sql: str) -> list[str]:
    return [statement.text for statement in split(sql)]


@pytest.mark.parametrize(
    "whole",
    [
        "select 'a;b'",
        "select 'it''s; fine'",
        r"select E'it\'s; fine'",
        'select 1 as "a;b""c;d"',
        "select $$ a; b $$",
        "select $body$ $$ ; $$ ; $body$",
        "select 1 -- a; b\n + 1",
        "select /* a; /* b; */ c; */ 1",
        "create function f() returns int begin atomic select 1; select case when true then 1 end; end",
        "create function f() returns int\nBEGIN\n  ATOMIC select 1; select 2; END",
        "select a$1$b, c from t",
        "select 'unfinished; string",
        "select $$ unfinished; body",
        "select /* unfinished; comment",
    ],
)
def test_a_semicolon_inside_does_not_end_a_statement(whole: str) -> None:
    assert texts(f"{whole};") == [whole if "unfinished" not in whole else f"{whole};"]


def test_comments_stay_with_what_follows_and_lines_are_counted() -> None:
    sql = "-- header\n\nselect 1; -- tail\n\nselect\n  2;\n;\n-- end\n"
    assert split(sql) == [
        Statement("-- header\n\nselect 1", 1),
        Statement("-- tail\n\nselect\n  2", 3),
        Statement("-- end", 8),
    ]


def test_begin_and_case_outside_a_body_are_ordinary_words() -> None:
    assert texts("begin; select case when true then 1 end; commit;") == [
        "begin",
        "select case when true then 1 end",
        "commit",
    ]


@given(
    st.lists(st.sampled_from(["'", "$$", "$a$", ";", "--", "\n", "/*", "*/", '"', "E'", "\\", "x ", "case "]))
)
def test_nothing_but_space_and_semicolons_is_lost(pieces: list[str]) -> None:
    sql = "".join(pieces)
    kept = "".join("".join(texts(sql)).split())
    whole = "".join(sql.split())
    assert kept.replace(";", "") == whole.replace(";", "")
