"""Lists, a page at a time (docs.stripe.com/api/pagination)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scripts.stack.payments.account import Account
from scripts.stack.payments.errors import invalid, unreferenced
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj

LARGEST_PAGE = 100
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def listed(
    account: Account,
    params: Params,
    kind: str,
    url: str,
    *,
    equal: Sequence[str] = (),
    keep: Callable[[Obj], bool] = lambda _: True,
) -> Obj:
    """One page of a kind, newest first; ``equal`` are filters by a field of the same name."""
    wanted = {name: params.text(name) for name in equal}
    created = params.group("created")
    bounds = {name: bound for name in COMPARISONS if (bound := created.integer(name)) is not None}
    found = [
        each
        for each in account.all(kind)
        if keep(each)
        and all(value is None or _written(each.get(name)) == value for name, value in wanted.items())
        and all(COMPARISONS[name](each["created"], bound) for name, bound in bounds.items())
    ]
    return page(found, params, url)


def page(found: list[Obj], params: Params, url: str) -> Obj:
    """The part of a list that ``limit``, ``starting_after`` and ``ending_before`` ask for."""
    limit = params.integer("limit", 10) or 0
    if not 1 <= limit <= LARGEST_PAGE:
        raise invalid(f"Limit must be between 1 and {LARGEST_PAGE}.", "limit")
    if after := params.text("starting_after"):
        rest = found[_index(found, after, "starting_after") + 1 :]
        return listing(rest[:limit], url, more=len(rest) > limit)
    if before := params.text("ending_before"):
        rest = found[: _index(found, before, "ending_before")]
        return listing(rest[-limit:], url, more=len(rest) > limit)
    return listing(found[:limit], url, more=len(found) > limit)


def listing(data: list[Obj], url: str, *, more: bool = False) -> Obj:
    """A list object."""
    return {"object": "list", "data": data, "has_more": more, "url": url}


def _index(found: list[Obj], id: str, param: str) -> int:
    for number, each in enumerate(found):
        if each["id"] == id:
            return number
    raise unreferenced("object", id, param)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
