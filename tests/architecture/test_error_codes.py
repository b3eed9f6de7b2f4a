"""docs/error-codes.md holds exactly the codes that the product raises, with their status."""

from __future__ import annotations

import re
from collections import Counter

from tests.architecture import error_codes as codes
from tests.support.clusters import MIGRATIONS, PROJECT

TABLE = PROJECT / "docs" / "error-codes.md"
SQL = codes.read_all(MIGRATIONS.glob("*.sql"))


def python_codes() -> set[str]:
    paths = [path for room in ("worker", "scripts") for path in (PROJECT / room).rglob("*.py")]
    return set().union(*(codes.raised_in_python(path.read_text()) for path in paths))


def typescript_codes() -> set[str]:
    sources = (PROJECT / "supabase" / "functions").rglob("*.ts")
    return set().union(*(codes.raised_in_typescript(path.read_text()) for path in sources))


def test_every_raised_code_is_documented() -> None:
    known = {row.code for row in codes.documented(TABLE.read_text())}
    raised = {code for code, _ in codes.raised_in_sql(SQL)} | python_codes() | typescript_codes()
    assert sorted(raised - known) == []


def test_every_documented_code_is_raised() -> None:
    raised = {code for code, _ in codes.raised_in_sql(SQL)} | python_codes() | typescript_codes()
    assert sorted({row.code for row in codes.documented(TABLE.read_text())} - raised) == []


def test_documented_status_is_the_raised_one() -> None:
    by_code = {row.code: row.status for row in codes.documented(TABLE.read_text())}
    raised = {pair for pair in codes.raised_in_sql(SQL) if pair[1] is not None}
    assert (
        sorted(
            f"{code}: {status}, documented {by_code.get(code)}"
            for code, status in raised
            if by_code.get(code) != status
        )
        == []
    )


def test_no_code_is_documented_twice() -> None:
    counted = Counter(row.code for row in codes.documented(TABLE.read_text()))
    assert [code for code, times in counted.items() if times > 1] == []


def test_sql_codes_are_literals() -> None:
    assert codes.computed_codes(SQL) == 0


def test_comments_name_real_codes() -> None:
    known = {row.code for row in codes.documented(TABLE.read_text())}
    named = {code for text in re.findall(r"Errors?: ([^';]+)", SQL) for code in re.findall(codes.CODE, text)}
    assert sorted(named - known) == []


def test_the_scanners_see_what_they_look_for() -> None:
    assert codes.raised_in_sql("perform app.fail(\n 404, 'a.b', 'x'); error_code = 'c.d';") == {
        ("a.b", 404),
        ("c.d", None),
    }
    assert codes.computed_codes("perform app.fail(404, v_code, 'x'); perform app.fail(400, 'a.b', 'x');") == 1
    python = """
def f(code: str = "a.default", *, other=1):
    raise errors.DocumentRejected("a.literal" if f else "a.other", "words")
def g():
    return "a.returned", "words"
class RetryAfter:
    code: str = "a.field"
Fail(code="a.keyword", message="not.this")
log.info("not.that")
"""
    found = codes.raised_in_python(python)
    assert found == {"a.default", "a.literal", "a.other", "a.returned", "a.field", "a.keyword"}
    assert codes.raised_in_typescript('reply(400, { code: "a.b" })') == {"a.b"}
    assert codes.documented("| `a.b` | 404 | No such. | Look. |\n| `c.d` | – | Broken. | Repair. |") == [
        codes.Documented("a.b", 404),
        codes.Documented("c.d", None),
    ]
