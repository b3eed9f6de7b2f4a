"""How stored objects are shown: embedded objects are current, ``expand[]`` puts objects in place of ids."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from scripts.stack.payments.errors import invalid
from scripts.stack.payments.store import Obj

Find = Callable[[str, str | None], Obj | None]
Get = Callable[[str], Obj | None]

INCLUDABLE = {
    ("checkout.session", "line_items"),
    ("invoice", "payments"),
    ("charge", "refunds"),
}
"""Lists that are left out unless they are asked for (docs.stripe.com/api/expanding_objects)."""

OWN = frozenset(("made_with",))
"""Fields of the twin's own, never shown, like ``usage_since`` of a subscription's items."""


def embed(find: Find, thing: Obj) -> Obj:
    """A copy as it is shown: items of a subscription with their price, without the lists to be asked for."""
    shown = copy.deepcopy(thing)
    for name in list(shown):
        if (shown["object"], name) in INCLUDABLE or name in OWN:
            del shown[name]
    if shown["object"] == "subscription":
        for item in shown["items"]["data"]:
            item["price"] = find("price", item["price"])
            item.pop("usage_since", None)
    if shown["object"] == "list":
        shown["data"] = [embed(find, each) if "object" in each else each for each in shown["data"]]
    return shown


def expand(find: Find, get: Get, shown: Obj, paths: Iterable[str]) -> Obj:
    """``shown`` is changed in place; a path that leads nowhere is refused."""
    for path in paths:
        if not _follow(find, get, shown, path.split(".")):
            raise invalid(f"This property cannot be expanded ({path}).", "expand")
    return shown


def _follow(find: Find, get: Get, node: Any, path: list[str]) -> bool:
    if not path or node is None:
        return True
    if isinstance(node, list):
        return all(_follow(find, get, each, path) for each in node)
    if not isinstance(node, dict):
        return False
    name = path[0]
    if name not in node and (node.get("object"), name) in INCLUDABLE:
        stored = get(node["id"]) or {}
        node[name] = embed(find, stored[name])
    if name not in node:
        return False
    if isinstance(node[name], str) and (found := get(node[name])):
        node[name] = embed(find, found)
    if len(path) == 1:
        return not isinstance(node[name], str)
    return _follow(find, get, node[name], path[1:])
