"""Blocks of a page: their JSON Schema, and reading them from what a model said. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

Schema = Mapping[str, Any]

_UNKNOWN_TO_MODELS = frozenset({"minLength", "maxLength", "pattern"})
"""Keywords that not every vendor takes in a schema; they are checked here only."""


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"\S"}


def _block(name: str, **properties: Schema) -> dict[str, Any]:
    return _object(type={"type": "string", "enum": [name]}, **properties)


def _object(**properties: Schema) -> dict[str, Any]:
    """All properties required and none beside them, as vendors' strict mode wants it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_ADDRESS = {
    "type": "string",
    "maxLength": 2000,
    "pattern": r"^(#\S*|/|(/[a-z0-9]+(-[a-z0-9]+)*)+|https?://[^\s<>\"]+|mailto:[^\s<>\"]+"
    r"|tel:\+?[0-9][0-9().-]{1,30})$",
}
"""Where a button leads: a page's path, the world, a mailbox, a telephone; # is wherever the frontend says."""

BLOCKS: Schema = _object(
    title=_text(200),
    blocks={
        "type": "array",
        "minItems": 1,
        "maxItems": 60,
        "items": {
            "anyOf": [
                _block("heading", level={"type": "integer", "enum": [1, 2, 3]}, text=_text(300)),
                _block("paragraph", text=_text(5000)),
                _block(
                    "list",
                    ordered={"type": "boolean"},
                    items={"type": "array", "minItems": 1, "maxItems": 50, "items": _text(1000)},
                ),
                _block("quote", text=_text(2000), by={"type": "string", "maxLength": 200}),
                _block("button", label=_text(100), url=_ADDRESS),
                _block("image", search=_text(200), alt=_text(300)),
                _block("divider"),
            ]
        },
    },
)


def for_model(schema: Schema) -> dict[str, Any]:
    """The schema without the keywords that a vendor may refuse."""
    found: dict[str, Any] = _without(dict(schema), names_properties=False)
    return found


def _without(value: Any, *, names_properties: bool) -> Any:
    if isinstance(value, list):
        return [_without(item, names_properties=False) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without(item, names_properties=key == "properties" and not names_properties)
        for key, item in value.items()
        if names_properties or key not in _UNKNOWN_TO_MODELS
    }


def read_json(said: str, schema: Schema) -> tuple[Any, str]:
    """The value and "", or None and what is wrong with it: place and rule, never words of the reply."""
    try:
        value = _storable(json.loads(_unfenced(said)))
    except (ValueError, RecursionError):
        return None, "It is not one JSON value."
    problem = problem_of(value, schema)
    return (None, problem) if problem else (value, "")


def problem_of(value: Any, schema: Schema) -> str:
    """Where and by which rule a value breaks a schema; "" when it fits."""
    error = best_match(Draft202012Validator(schema).iter_errors(value))
    if error is None:
        return ""
    error = _in_branch(error)
    place = "/".join(str(part) for part in error.absolute_path) or "the top"
    return f"At {place} it breaks the rule {error.validator}."


def _in_branch(error: ValidationError) -> ValidationError:
    """Of an anyOf, what is wrong in the branch for the `type` the value says it is."""
    mistyped = {each.schema_path[0] for each in error.context or () if list(each.path) == ["type"]}
    inner = [each for each in error.context or () if each.schema_path[0] not in mistyped]
    return _in_branch(inner[0]) if inner and mistyped else error


def _unfenced(said: str) -> str:
    """Without the Markdown fence that some models put around JSON."""
    text = said.strip()
    if text.startswith("```") and text.endswith("```"):
        text = text.removeprefix("```json").removeprefix("```").removesuffix("```")
    return text


def _storable(value: Any) -> Any:
    """Without NUL and half characters, which Postgres does not store."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
