"""Finds every stable error code in SQL, Python and TypeScript, and the table that explains them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CODE = r"[a-z_]+\.[a-z_]+"
_FAIL = re.compile(rf"app\.fail\(\s*(\d{{3}}),\s*'({CODE})'")
_FAIL_CALL = re.compile(r"(?:perform|select)\s+app\.fail\(")
_STORED = re.compile(rf"(?:error_code|v_code)\b[^;\n]*?(?<![a-z.])'({CODE})'")
_ROW = re.compile(rf"^\| `({CODE})` \| (\d{{3}}|–) \| (.+) \| (.+) \|$", re.MULTILINE)
_TYPESCRIPT = re.compile(rf"\bcode: *[\"']({CODE})[\"']")
_ENDINGS = ("Error", "Rejected", "Cancelled", "NotFound", "TooLarge", "Unavailable", "Timeout", "RateLimited")
_OUTCOMES = ("Fail", "RetryAfter")


@dataclass(frozen=True)
class Documented:
    """``status`` is the HTTP status, None for codes that only jobs and rows carry."""

    code: str
    status: int | None


def documented(text: str) -> list[Documented]:
    """The rows ``| `code` | status or – | meaning | what to do |`` of the table, in order."""
    return [
        Documented(code, int(status) if status.isdigit() else None)
        for code, status, _meaning, _advice in _ROW.findall(text)
    ]


def raised_in_sql(text: str) -> set[tuple[str, int | None]]:
    """Codes with the status ``app.fail`` gives them; None for codes written into a row."""
    raised: set[tuple[str, int | None]] = {(code, int(status)) for status, code in _FAIL.findall(text)}
    return raised | {(code, None) for code in _STORED.findall(text)}


def computed_codes(text: str) -> int:
    """How many calls of ``app.fail`` hide their code in an expression."""
    return len(_FAIL_CALL.findall(text)) - len(_FAIL.findall(text))


def raised_in_python(source: str) -> set[str]:
    """Codes given to errors and outcomes, defaults of ``code``, codes that functions return in a tuple."""
    return {code for node in ast.walk(ast.parse(source)) for code in _codes(node)}


def raised_in_typescript(source: str) -> set[str]:
    return set(_TYPESCRIPT.findall(source))


def read_all(paths: Iterable[Path]) -> str:
    return "\n".join(path.read_text() for path in sorted(paths))


def _codes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _raises(node.func):
        candidates: list[ast.AST] = [
            *node.args[:1],
            *(word.value for word in node.keywords if word.arg == "code"),
        ]
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        candidates = list(node.value.elts[:1])
    elif isinstance(node, ast.arguments):
        candidates = _defaults(node)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "code":
        candidates = [node.value] if node.value else []
    else:
        return
    for candidate in candidates:
        for part in ast.walk(candidate):
            if (
                isinstance(part, ast.Constant)
                and isinstance(part.value, str)
                and re.fullmatch(CODE, part.value)
            ):
                yield part.value


def _raises(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in _OUTCOMES or name.endswith(_ENDINGS) or (name == "__init__")


def _defaults(arguments: ast.arguments) -> list[ast.AST]:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return [default for argument, default in pairs if argument.arg == "code" and default is not None]
