"""From a message to the arguments of someone else's tool, by a template that is a setting. Pure.

The template is a JSON object; ``{to}``, ``{subject}`` and the others below may stand anywhere in its strings.
A string that is nothing but a placeholder takes the value as it is; without a value its key is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from worker.errors import ConfigurationError
from worker.providers.email.port import Mail

SETTING = "LAMINA_MCP_EMAIL_ARGUMENTS"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_ABSENT = object()

PLACEHOLDERS = frozenset({
    "to", "to_name", "from", "from_name", "reply_to", "subject", "text", "html", "headers", "categories",
    "id", "idempotency_key",
})  # fmt: skip


def template(text: str) -> dict[str, Any]:
    """The parsed setting. Raises ConfigurationError."""
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise _wrong("is not JSON") from error
    if not isinstance(parsed, dict):
        raise _wrong("is not a JSON object")
    unknown = sorted(set(_named(parsed)) - PLACEHOLDERS)
    if unknown:
        raise _wrong(f"names unknown placeholders: {', '.join(unknown)}")
    return parsed


def check_fit(wanted: Mapping[str, Any], schema: Mapping[str, Any], tool: str) -> None:
    """Raises ConfigurationError when the tool asks for more than the template gives, or takes less."""
    missing = sorted(set(schema.get("required") or ()) - wanted.keys())
    if missing:
        raise _wrong(f"does not map what the tool {tool} requires: {', '.join(missing)}")
    unknown = sorted(wanted.keys() - (schema.get("properties") or {}).keys())
    if unknown and schema.get("additionalProperties", True) is False:
        raise _wrong(f"maps what the tool {tool} does not take: {', '.join(unknown)}")


def arguments(wanted: Mapping[str, Any], mail: Mail, idempotency_key: str) -> dict[str, Any]:
    """The template with the message's values in it."""
    filled = _filled(dict(wanted), _values(mail, idempotency_key))
    assert isinstance(filled, dict)
    return filled


def _values(mail: Mail, idempotency_key: str) -> dict[str, Any]:
    return {
        "to": mail.to.email,
        "to_name": mail.to.name or None,
        "from": mail.sender.email,
        "from_name": mail.sender.name or None,
        "reply_to": mail.reply_to.email if mail.reply_to else None,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "headers": dict(mail.headers) or None,
        "categories": list(mail.categories) or None,
        "id": mail.row_id,
        "idempotency_key": idempotency_key,
    }


def _filled(part: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(part, dict):
        pairs = ((key, _filled(value, values)) for key, value in part.items())
        return {key: value for key, value in pairs if value is not _ABSENT}
    if isinstance(part, list):
        items = (_filled(item, values) for item in part)
        return [item for item in items if item is not _ABSENT]
    if not isinstance(part, str):
        return part
    alone = _PLACEHOLDER.fullmatch(part)
    if alone:
        value = values[alone[1]]
        return _ABSENT if value is None else value
    return _PLACEHOLDER.sub(lambda found: _as_text(values[found[1]]), part)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _named(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield from _PLACEHOLDER.findall(part)
    elif isinstance(part, dict | list):
        for item in part.values() if isinstance(part, dict) else part:
            yield from _named(item)


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError("config.mcp_arguments", f"{SETTING} {what}.")
