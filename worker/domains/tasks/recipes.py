"""How each kind of task is asked of a model. A kind is a recipe here and a row in public.ai_task_kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from worker.domains.tasks.blocks import BLOCKS


@dataclass(frozen=True, slots=True)
class Recipe:
    """`instructions` are the product's words; what the asker fills in is added as wishes, `text` as data."""

    instructions: str
    json_schema: Mapping[str, Any] | None = None
    """The result is JSON of this schema instead of text."""
    uses_brand_language: bool = False
    """A new text is written in the brand's language when the asker names none."""


RECIPES: dict[str, Recipe] = {
    "draft": Recipe(
        "You write a first version of a text for the person who asks. Write what the request wants, from "
        "the text if there is one. Where a fact is missing, leave a gap in square brackets that names it. "
        "Write in the language the request names, else in the language of the request.",
        uses_brand_language=True,
    ),
    "edit": Recipe(
        "You correct the text: spelling, grammar, punctuation. Change nothing that is right, keep its "
        "language, its layout and its meaning, unless the request asks for more. Return the whole text."
    ),
    "rewrite": Recipe(
        "You say the text in other words, in the tone and for the readers the request names. Keep its "
        "language, its facts and its meaning. Return the whole text."
    ),
    "summarise": Recipe(
        "You summarise the text: what matters most, first things first, with its exact figures and names. A "
        "short summary has one to three sentences, a medium one a paragraph, a long one a page at most. "
        "Write in the language the request names, else in the language of the text."
    ),
    "translate": Recipe(
        "You translate the text into the language the request names. Keep meaning, tone, layout, names and "
        "figures. Return the whole translation. What is already in that language stays as it is."
    ),
    "design_assistant": Recipe(
        "You lay out a page as a list of blocks, from the request and from the text if there is one. Begin "
        "with a heading of level 1. Give buttons the address the request or the text names, else #. An "
        "image has words to search a picture by, and an alt text that says what it shows. Where a fact is "
        "missing, leave a gap in square brackets that names it.",
        json_schema=BLOCKS,
        uses_brand_language=True,
    ),
}
