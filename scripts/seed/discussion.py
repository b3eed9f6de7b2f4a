"""Brands of the example team, and a talk about its price list."""

from __future__ import annotations

from typing import Any, NamedTuple

from scripts.seed.person import Person

BRANDS = (
    {
        "name": "Tideway Instruments",
        "voice": "Calm and exact: one thought a sentence, a figure with its unit and condition.",
        "audience": "Engineers who run waterworks.",
        "rules": "No exclamation marks, no superlatives.\nBritish English, dates as 14 March 2026.",
        "language": "English",
    },
    {
        "name": "Tideway Campus",
        "voice": "Friendly and curious, as a lecturer who likes questions.",
        "audience": "Students and universities.",
        "rules": "Explain every abbreviation.",
        "language": "English",
    },
)
"""The first one is the default."""
DISCUSSED = "Price list 2026"


class Said(NamedTuple):
    """A comment about a passage, its answer, and whether that settles it."""

    passage: str
    question: str
    answer: str
    is_settled: bool


TALKS = (
    Said("Universities pay half.", "Does that hold for spare parts too?", "No, for plans only.", True),
    Said(
        "Discounts cannot be combined.",
        "Could we say what happens with both?",
        "The larger one counts.",
        False,
    ),
)


def plant_discussion(editor: Person, marketing: Person, workspace_id: str) -> int:
    """What was not there before. Raises SeedFailed."""
    new = 0
    for brand in BRANDS:
        if not marketing.rows("brands", workspace_id=workspace_id, name=brand["name"]):
            marketing.insert("brands", workspace_id=workspace_id, **brand)
            new += 1
    (document,) = editor.rows("documents", workspace_id=workspace_id, title=DISCUSSED)
    return new + sum(_talk(editor, marketing, document, said) for said in TALKS)


def _talk(editor: Person, marketing: Person, document: dict[str, Any], said: Said) -> bool:
    """True when it was not there before; what is missing of it is said all the same."""
    found = editor.rows("comments", document_id=document["id"], body=said.question)
    opened = found[0] if found else _ask(editor, document, said)
    if not editor.rows("comments", thread_id=opened["id"]):
        marketing.rpc("create_comment", document_id=document["id"], body=said.answer, thread_id=opened["id"])
    if said.is_settled:
        editor.rpc("resolve_comment", comment_id=opened["id"])
    return not found


def _ask(editor: Person, document: dict[str, Any], said: Said) -> dict[str, Any]:
    (version,) = editor.rows("document_versions", document_id=document["id"], version=1)
    (named,) = editor.rows("workspace_members", workspace_id=document["workspace_id"], role="marketing")
    start = version["content"].index(said.passage)
    opened: dict[str, Any] = editor.rpc(
        "create_comment",
        document_id=document["id"],
        body=said.question,
        version=1,
        range_start=start,
        range_end=start + len(said.passage),
        mentions=[named["user_id"]],
    )
    return opened
