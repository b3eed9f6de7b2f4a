from __future__ import annotations

import json
from typing import Any

import pytest

from worker.errors import ConfigurationError
from worker.providers.email.arguments import PLACEHOLDERS, arguments, check_fit, template
from worker.providers.email.port import Address, Mail

PLAIN = Mail("8c1f", Address("anna@example.com"), Address("hello@lamina.example"), "Hello", "Text {html}")
RICH = Mail(
    "8c1f",
    Address("anna@example.com", "Anna"),
    Address("hello@lamina.example", "Lamina"),
    'Say "hi" {to}',
    "Text",
    html="<p>Text</p>",
    reply_to=Address("help@lamina.example"),
    headers={"List-Id": "<a.b>"},
    categories=("welcome",),
)


@pytest.mark.parametrize(
    ("wanted", "plain", "rich"),
    [
        ("{to}", "anna@example.com", "anna@example.com"),
        ("{from_name} <{from}>", " <hello@lamina.example>", "Lamina <hello@lamina.example>"),
        ("{subject}", "Hello", 'Say "hi" {to}'),
        (["{to}"], ["anna@example.com"], ["anna@example.com"]),
        ([{"email": "{to}", "name": "{to_name}"}], [{"email": "anna@example.com"}], None),
        ("{text}", "Text {html}", "Text"),
        ("{id}:{idempotency_key}", "8c1f:k1", "8c1f:k1"),
        (
            {"list": "{headers}", "tags": "{categories}"},
            {},
            {"list": {"List-Id": "<a.b>"}, "tags": ["welcome"]},
        ),
        ("H: {headers}", "H: ", 'H: {"List-Id": "<a.b>"}'),
        ({"n": 1, "b": True, "x": None}, {"n": 1, "b": True, "x": None}, {"n": 1, "b": True, "x": None}),
        ("{ not a placeholder } {}", "{ not a placeholder } {}", "{ not a placeholder } {}"),
    ],
)
def test_filling(wanted: Any, plain: Any, rich: Any) -> None:
    parsed = template(json.dumps({"a": wanted}))
    assert arguments(parsed, PLAIN, "k1") == {"a": plain}
    assert rich is None or arguments(parsed, RICH, "k1") == {"a": rich}


def test_a_key_without_a_value_is_left_out() -> None:
    parsed = template('{"to": "{to}", "html": "{html}", "cc": ["{reply_to}"]}')
    assert arguments(parsed, PLAIN, "k1") == {"to": "anna@example.com", "cc": []}


def test_every_placeholder_has_a_value() -> None:
    filled = arguments({name: f"{{{name}}}" for name in PLACEHOLDERS}, RICH, "k1")
    assert filled.keys() == PLACEHOLDERS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ('["{to}"]', "is not a JSON object"),
        ('{"a": "{recipient} {to}", "b": [{"c": "{body}"}]}', "unknown placeholders: body, recipient"),
    ],
)
def test_a_wrong_template(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        template(text)
    assert caught.value.code == "config.mcp_arguments"
    assert "LAMINA_MCP_EMAIL_ARGUMENTS" in caught.value.message


def test_the_fit_of_a_template() -> None:
    closed = {"properties": {"to": {}, "body": {}}, "required": ["to", "body"], "additionalProperties": False}
    check_fit({"to": "{to}", "body": "{text}"}, closed, "send")
    with pytest.raises(ConfigurationError, match="the tool send requires: body"):
        check_fit({"to": "{to}"}, closed, "send")
    with pytest.raises(ConfigurationError, match="the tool send does not take: html"):
        check_fit({"to": "{to}", "body": "{text}", "html": "{html}"}, closed, "send")
    check_fit({"to": "{to}", "html": "{html}"}, {"properties": {"to": {}}}, "send")
    check_fit({"to": "{to}"}, {}, "send")
