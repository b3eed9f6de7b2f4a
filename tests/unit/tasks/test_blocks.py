from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domains.tasks.blocks import BLOCKS, for_model, problem_of, read_json


def page(**block: Any) -> dict[str, Any]:
    return {"title": "T", "blocks": [block]}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "heading", "level": 2, "text": "H"},
        {"type": "quote", "text": "Q", "by": ""},
        {"type": "list", "ordered": True, "items": ["a"]},
        {"type": "image", "search": "bread", "alt": "A loaf"},
        {"type": "button", "label": "Go", "url": "#"},
        {"type": "button", "label": "Go", "url": "mailto:a@example.com"},
        {"type": "button", "label": "Go", "url": "tel:+49-30-1234"},
        {"type": "button", "label": "Go", "url": "/"},
        {"type": "button", "label": "Go", "url": "/our-work/2026"},
    ],
)
def test_blocks_that_fit(block: dict[str, Any]) -> None:
    assert problem_of(page(**block), BLOCKS) == ""


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"title": "T", "blocks": []},
        {"title": " ", "blocks": [{"type": "divider"}]},
        {"title": "T", "blocks": [{"type": "divider"}] * 61},
        {**page(type="divider"), "more": 1},
        page(type="script", text="x"),
        page(type="heading", level=4, text="H"),
        page(type="heading", level=True, text="H"),
        page(type="paragraph", text="x" * 5001),
        page(type="paragraph", text="x", style="y"),
        page(type="button", label="Go", url="javascript:alert(1)"),
        page(type="button", label="Go", url="JAVASCRIPT:alert(1)"),
        page(type="button", label="Go", url="data:text/html,x"),
        page(type="button", label="Go", url="//example.com"),
        page(type="button", label="Go", url="/Our Work"),
        page(type="button", label="Go", url="/a/../b"),
        page(type="button", label="Go", url="tel:call me"),
        page(type="button", label="Go", url='https://x"onclick='),
    ],
)
def test_blocks_that_do_not(value: Any) -> None:
    assert problem_of(value, BLOCKS).startswith("At ")


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "heading", "level": 4, "text": "H"}, "At blocks/0/level it breaks the rule enum."),
        ({"type": "paragraph"}, "At blocks/0 it breaks the rule required."),
        ({"type": "script"}, "At blocks/0 it breaks the rule anyOf."),
        ("no block", "At blocks/0 it breaks the rule anyOf."),
    ],
)
def test_the_place_of_a_fault_is_named(block: Any, expected: str) -> None:
    assert problem_of({"title": "T", "blocks": [block]}, BLOCKS) == expected


def test_models_get_a_schema_all_vendors_take() -> None:
    """Every object closed, every property required, no keyword of lengths; properties keep their names."""
    schema = for_model(BLOCKS)

    def check(part: Any) -> None:
        if isinstance(part, list):
            for item in part:
                check(item)
        elif isinstance(part, dict):
            assert not {"minLength", "maxLength", "pattern"} & part.keys()
            if part.get("type") == "object":
                assert part["additionalProperties"] is False
                assert part["required"] == list(part["properties"])
                for item in part["properties"].values():
                    check(item)
            else:
                for item in part.values():
                    check(item)

    check(schema)
    named = {"type": "object", "properties": {"pattern": {"type": "string", "pattern": "x"}}}
    assert for_model(named) == {"type": "object", "properties": {"pattern": {"type": "string"}}}
    assert "maxLength" in json.dumps(BLOCKS)


@pytest.mark.parametrize("said", ["", "no", "{", "[" * 100_000, '{"a": 1} {"b": 2}'])
def test_what_is_no_json(said: str) -> None:
    assert read_json(said, BLOCKS) == (None, "It is not one JSON value.")


@given(st.text(max_size=200))
def test_any_reply_is_read_or_refused(said: str) -> None:
    value, problem = read_json(said, BLOCKS)
    assert (value is None) == bool(problem)


def test_a_fence_around_it_is_forgiven() -> None:
    wanted = page(type="divider")
    for said in (
        f"```json\n{json.dumps(wanted)}\n```",
        f"```\n{json.dumps(wanted)}```",
        f" {json.dumps(wanted)}\n",
    ):
        assert read_json(said, BLOCKS) == (wanted, "")
