"""Who is here, by topic. Pure state, no I/O."""

from __future__ import annotations

import secrets
from typing import Any

Metas = dict[str, dict[str, list[dict[str, Any]]]]


class Presence:
    """Of one topic. A key (often a user) may be there several times, once per socket."""

    def __init__(self) -> None:
        self._tracked: dict[tuple[str, int], dict[str, Any]] = {}

    def state(self) -> Metas:
        """Key → its metas, as ``presence_state`` has it."""
        found: Metas = {}
        for (key, _), meta in self._tracked.items():
            found.setdefault(key, {"metas": []})["metas"].append(meta)
        return found

    def track(self, key: str, owner: int, payload: dict[str, Any]) -> dict[str, Metas]:
        """The ``presence_diff`` of an arrival or of a change."""
        before = self._tracked.get((key, owner))
        meta = {**payload, "phx_ref": secrets.token_urlsafe(8)}
        self._tracked[key, owner] = meta
        leaves: Metas = {}
        if before is not None:
            meta["phx_ref_prev"] = before["phx_ref"]
            leaves = {key: {"metas": [before]}}
        return {"joins": {key: {"metas": [meta]}}, "leaves": leaves}

    def untrack(self, key: str, owner: int) -> dict[str, Metas] | None:
        """The ``presence_diff`` of a departure; None when nothing was tracked."""
        meta = self._tracked.pop((key, owner), None)
        return None if meta is None else {"joins": {}, "leaves": {key: {"metas": [meta]}}}

    def is_empty(self) -> bool:
        """Nobody is here."""
        return not self._tracked
