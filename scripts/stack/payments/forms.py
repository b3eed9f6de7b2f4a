"""Bodies and queries as Stripe reads them: ``items[0][price]=x`` → ``{"items": {"0": {"price": "x"}}}``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from scripts.stack.payments.errors import invalid

Tree = dict[str, Any]

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


def parse(pairs: Iterable[tuple[str, str]]) -> Tree:
    """Lists stay numbered mappings: only the reader knows whether a list or a mapping is meant."""
    tree: Tree = {}
    for name, value in pairs:
        _put(tree, name, value)
    return tree


def tree_of(body: dict[str, Any]) -> Tree:
    """The same tree from a JSON body: leaves are text, lists are numbered, null is left out."""
    return {name: _leaf(each) for name, each in body.items() if each is not None}


def _leaf(value: Any) -> Any:
    if isinstance(value, dict):
        return tree_of(value)
    if isinstance(value, list):
        return tree_of({str(number): each for number, each in enumerate(value)})
    return str(value).lower() if isinstance(value, bool) else str(value)


def _put(tree: Tree, name: str, value: str) -> None:
    match = _NAME.fullmatch(name)
    if match is None:
        raise invalid(f"Invalid parameter name: {name}", name)
    path = [match[1], *_PART.findall(match[2])]
    node = tree
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise invalid(f"Both a value and parts of {path[0]} were given.", path[0])
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise invalid(f"Both a value and parts of {path[0]} were given.", path[0])
    node[last] = value
