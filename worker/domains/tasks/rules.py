"""Decisions of the tasks domain; no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from worker.domains.tasks.blocks import for_model
from worker.domains.tasks.recipes import Recipe
from worker.providers.llm.port import TaskRequest, Usage

FEWEST_TOKENS, MOST_TOKENS = 4096, 16_000
CHARACTERS_PER_TOKEN = 2
"""On the safe side: a model that returns the whole text must not be cut."""

BRAND_FIELDS = ("name", "voice", "audience", "rules")


def to_request(
    kind: str, recipe: Recipe, task_input: Mapping[str, str], brand: Mapping[str, Any] | None
) -> TaskRequest:
    """What a model is asked. `brand` is a row of public.brands."""
    text = task_input.get("text", "")
    return TaskRequest(
        kind=kind,
        instructions=recipe.instructions,
        wishes=wishes(task_input, _language(recipe, brand)),
        text=text,
        brand=brand_voice(brand),
        json_schema=None if recipe.json_schema is None else for_model(recipe.json_schema),
        length=_length(task_input),
        max_output_tokens=max(FEWEST_TOKENS, min(MOST_TOKENS, len(text) // CHARACTERS_PER_TOKEN)),
    )


def wishes(task_input: Mapping[str, str], language: str | None) -> str:
    """What the asker filled in beside the text: their own words first, then a line for each choice."""
    chosen = {name: value for name, value in task_input.items() if name not in ("text", "instructions")}
    if language and "language" not in chosen:
        chosen["language"] = language
    lines = [
        task_input.get("instructions", ""),
        *(f"{name.capitalize()}: {chosen[name]}" for name in sorted(chosen)),
    ]
    return "\n".join(line for line in lines if line.strip())


def brand_voice(brand: Mapping[str, Any] | None) -> str:
    """The workspace's voice, line by line; "" when it has none."""
    filled = [name for name in BRAND_FIELDS if brand and brand[name]]
    return "\n".join(f"{name.capitalize()}: {brand[name]}" for name in filled if brand)


def _language(recipe: Recipe, brand: Mapping[str, Any] | None) -> str | None:
    return brand["language"] if brand and recipe.uses_brand_language else None


def _length(task_input: Mapping[str, str]) -> Literal["short", "medium", "long"]:
    match task_input.get("length"):
        case "short":
            return "short"
        case "long":
            return "long"
    return "medium"


@dataclass(frozen=True, slots=True)
class Figures:
    """What an attempt used, all its tries together; None where it is unknown."""

    provider: str
    model: str
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_microusd: int | None
    is_cut: bool


def figures(provider: str, model: str, bills: Sequence[Usage]) -> Figures:
    """`provider` and `model` are who was asked; the last bill knows who worked. No bill: nothing is known."""
    if not bills:
        return Figures(provider, f"{provider}:{model}", None, None, None, False)
    costs = [bill.cost_microusd for bill in bills]
    return Figures(
        provider=bills[-1].model.partition(":")[0],
        model=bills[-1].model,
        prompt_tokens=sum(bill.prompt_tokens for bill in bills),
        completion_tokens=sum(bill.completion_tokens for bill in bills),
        cost_microusd=None if None in costs else sum(cost or 0 for cost in costs),
        is_cut=bills[-1].is_cut,
    )
