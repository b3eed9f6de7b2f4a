"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``says`` is what was found; ``advice`` what to do, empty when nothing is to be done."""

    name: str
    level: Level
    says: str
    advice: str = ""


def ok(name: str, says: str) -> Finding:
    """As it should be."""
    return Finding(name, "ok", says)


def warn(name: str, says: str, advice: str) -> Finding:
    """Works, but someone should look."""
    return Finding(name, "warn", says, advice)


def fail(name: str, says: str, advice: str) -> Finding:
    """Something will not work."""
    return Finding(name, "fail", says, advice)
