"""A design is JSON that fits its schema, or no result: asked for twice, then failed. And new kinds."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.tasks.workshop import Workshop
from worker.domains.tasks.blocks import BLOCKS, problem_of
from worker.domains.tasks.recipes import RECIPES, Recipe
from worker.providers.llm.port import TaskRequest

PAGE: dict[str, Any] = {
    "title": "Bakery",
    "blocks": [
        {"type": "heading", "level": 1, "text": "Bread since 1912"},
        {"type": "paragraph", "text": "We bake."},
        {"type": "list", "ordered": False, "items": ["Rye", "Wheat"]},
        {"type": "button", "label": "Come", "url": "https://example.com/shop"},
        {"type": "divider"},
    ],
}
EVIL = {**PAGE, "blocks": [{"type": "button", "label": "Come", "url": "javascript:alert(1)"}]}


def scripted(workshop: Workshop, *replies: str) -> ScriptedModel:
    workshop.model = model = ScriptedModel([[reply] for reply in replies])
    return model


async def test_a_design_is_checked_and_stored(workshop: Workshop) -> None:
    model = scripted(workshop, json.dumps(PAGE))
    row = await workshop.done("design_assistant", instructions="A page for a bakery.", format="page")
    assert (row["status"], row["result_json"], row["result"]) == ("complete", PAGE, "")
    assert workshop.sent(row, "task.delta") == []
    (request,) = model.requests
    assert isinstance(request, TaskRequest)
    assert request.json_schema is not None
    assert "maxLength" not in json.dumps(request.json_schema)
    assert request.complaint == ""


async def test_a_reply_that_does_not_fit_is_asked_for_again(workshop: Workshop) -> None:
    model = scripted(workshop, json.dumps(EVIL), f"```json\n{json.dumps(PAGE)}\n```")
    row = await workshop.done("design_assistant", instructions="A page.")
    assert (row["status"], row["result_json"]) == ("complete", PAGE)
    second = model.requests[1]
    assert isinstance(second, TaskRequest)
    assert second.complaint == "At blocks/0/url it breaks the rule pattern."
    assert (row["prompt_tokens"], row["completion_tokens"], row["cost_microusd"]) == (200, 2, 500)


async def test_twice_is_enough(workshop: Workshop) -> None:
    model = scripted(workshop, "Here is your page!", '{"title": "T", "blocks": []}')
    row = await workshop.done("design_assistant", instructions="A page.")
    assert (row["status"], row["error_code"]) == ("failed", "task.invalid_output")
    assert (row["result"], row["result_json"]) == ("", None)
    assert (row["prompt_tokens"], row["cost_microusd"]) == (200, 500)  # it was paid for
    assert len(model.requests) == 2


async def test_what_postgres_cannot_store_is_dropped(workshop: Workshop) -> None:
    scripted(workshop, '{"title": "T\\u0000i\\ud800", "blocks": [{"type": "paragraph", "text": "x\\u0000"}]}')
    row = await workshop.done("design_assistant", instructions="A page.")
    assert row["result_json"] == {"title": "Ti", "blocks": [{"type": "paragraph", "text": "x"}]}


async def test_the_offline_design_fits_too(workshop: Workshop) -> None:
    row = await workshop.done(
        "design_assistant", instructions="Page for a bakery. Warm.", text="We bake bread."
    )
    assert (row["status"], row["provider"]) == ("complete", "offline")
    assert problem_of(row["result_json"], BLOCKS) == ""
    assert "no language model" in row["result_json"]["blocks"][-1]["text"]


async def test_a_new_kind_is_a_row_and_a_recipe(workshop: Workshop) -> None:
    workshop.db.admin.execute(
        "insert into public.ai_task_kinds (kind, output, description, input_schema) values ('title', 'text',"
        ' \'Finds a title.\', \'{"type": "object", "required": ["text"], "additionalProperties": false,'
        ' "properties": {"text": {"type": "string", "minLength": 1}}}\')'
    )
    row = await workshop.done("title", text="Bread.")
    assert (row["status"], row["error_code"]) == ("failed", "task.no_recipe")
    workshop.recipes = {**RECIPES, "title": Recipe("You find a title for the text.")}
    model = scripted(workshop, "On bread")
    row = await workshop.done("title", text="Bread.")
    assert (row["status"], row["result"]) == ("complete", "On bread")
    assert isinstance(model.requests[0], TaskRequest)
    assert model.requests[0].instructions == "You find a title for the text."


async def test_the_worker_checks_inputs_in_full(workshop: Workshop) -> None:
    """A schema may say more than start_ai_task looks at."""
    workshop.db.admin.execute(
        "update public.ai_task_kinds set input_schema ="
        " jsonb_set(input_schema, '{properties,text,pattern}', '\"^B\"') where kind = 'edit'"
    )
    model = scripted(workshop, "x")
    row = await workshop.done("edit", text="Ale.")
    assert (row["status"], row["error_code"]) == ("failed", "task.bad_input")
    assert row["error_message"] == "The input does not fit. At text it breaks the rule pattern."
    assert model.requests == []
    assert (await workshop.done("edit", text="Bread."))["status"] == "complete"


def test_every_kind_has_a_recipe_and_the_right_output(workshop: Workshop) -> None:
    kinds = dict(workshop.db.rows("select kind, output from public.ai_task_kinds"))
    assert kinds == {
        kind: "text" if recipe.json_schema is None else "blocks" for kind, recipe in RECIPES.items()
    }
