"""The people, documents and questions of the example team."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from scripts.stack.settings import PROJECT

WORKSPACE = "Tideway Instruments"
ROLES = ("owner", "admin", "editor", "sales", "support", "marketing", "viewer")
LOCAL_PASSWORD = "tideway-local"  # noqa: S105 - of example users on this machine only, printed anyway
ASKED_BY = "editor"

QUESTIONS = (
    "How many weeks of parental leave does the company pay for?",
    "How fast does support reply to customers with the Operations plan?",
)


class Text(NamedTuple):
    """An authored document."""

    title: str
    path: Path


TEXTS = tuple(
    Text(title, Path(__file__).with_name(name))
    for title, name in (
        ("Brand voice", "brand-voice.md"),
        ("Support playbook", "support-playbook.md"),
        ("Price list 2026", "price-list.md"),
    )
)
HANDBOOK = PROJECT / "scripts" / "demo" / "handbook.pdf"


def email(role: str) -> str:
    """Of the example user with this role; nobody receives mail at example.test."""
    return f"{role}@example.test"
