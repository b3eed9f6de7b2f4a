"""Who is here, by topic. Pure state, no I/O."""

from __future__ import annotations

import secrets
from typing import Any

Metas = dict[str, dict[str, list[dict[str, Any]]]]
Diff = dict[str, Metas]


class Presence:
    """Of one topic. A key (often a user) may be there several times, once per channel of a socket."""

    def __init__(self) -> None:
        self._tracked: dict[tuple[str, int], dict[str, Any]] = {}

    def state(self) -> Metas:
        """Key → its metas, as ``presence_state`` has it."""
        found: Metas = {}
        for (key, _), meta in self._tracked.items():
            found.setdefault(key, {"metas": []})["metas"].append(meta)
        return found

    def track(self, key: str, owner: int, payload: dict[str, Any]) -> Diff | None:
        """The ``presence_diff`` of an arrival or of a change; None when nothing changed."""
        before = self._tracked.get((key, owner))
        said = {name: value for name, value in payload.items() if name not in ("phx_ref", "phx_ref_prev")}
        if before is None:
            meta = {**said, "phx_ref": secrets.token_urlsafe(8)}
            leaves: Metas = {}
        elif said == {n: v for n, v in before.items() if n not in ("phx_ref", "phx_ref_prev")}:
            return None
        else:
            meta = {**said, "phx_ref": secrets.token_urlsafe(8), "phx_ref_prev": before["phx_ref"]}
            leaves = {key: {"metas": [before]}}
        self._tracked[key, owner] = meta
        return {"joins": {key: {"metas": [meta]}}, "leaves": leaves}

    def untrack(self, key: str, owner: int) -> Diff | None:
        """The ``presence_diff`` of a departure; None when nothing was tracked."""
        meta = self._tracked.pop((key, owner), None)
        return None if meta is None else {"joins": {}, "leaves": {key: {"metas": [meta]}}}

    def is_empty(self) -> bool:
        """Nobody is here."""
        return not self._tracked
