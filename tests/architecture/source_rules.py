"""Rules for Python source that no linter has: sizes, and no SQL in the worker's Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

MAX_LINES = 300
MAX_FUNCTION_LINES = 40

_SQL = re.compile(
    r"\s*(select|insert into|update \w|delete from|with \w+ as|copy \w|listen|notify|call)\b", re.I
)
_RUNS_SQL = frozenset({"execute", "executemany", "copy", "stream"})


def size_problems(source: str) -> Iterator[str]:
    """A file or a function that is too long; docstrings do not count."""
    lines = source.count("\n")
    if lines > MAX_LINES:
        yield f"{lines} lines, more than {MAX_LINES}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = _code_lines(node)
            if length > MAX_FUNCTION_LINES:
                yield f"line {node.lineno}: {node.name} has {length} lines, more than {MAX_FUNCTION_LINES}"


def sql_problems(source: str) -> Iterator[str]:
    """Calls that run SQL written or put together in Python; it belongs in a named .sql file."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if node.func.attr in _RUNS_SQL and _is_sql(node.args[0]):
            yield f"line {node.lineno}: SQL in Python"


def _is_sql(argument: ast.expr) -> bool:
    if isinstance(argument, ast.JoinedStr | ast.BinOp):
        return True
    if (
        isinstance(argument, ast.Call)
        and isinstance(argument.func, ast.Attribute)
        and argument.func.attr == "format"
    ):
        return True
    return (
        isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and bool(_SQL.match(argument.value))
    )


def _code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from def to the end, without the docstring."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total
