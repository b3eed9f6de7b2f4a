"""Frames of the Phoenix protocol, versions 1.0.0 (objects) and 2.0.0 (arrays and binary). Pure.

Shapes: https://hexdocs.pm/phoenix/writing_a_channels_client.html; the binary kinds 3 and 4 are Supabase's.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, NoReturn

VERSIONS = ("1.0.0", "2.0.0")
PREFIX = "realtime:"
LONGEST_NAME = 255
"""Bytes of a topic or of an event's name: binary frames have one byte for the length."""

USER_BROADCAST_PUSH = 3
USER_BROADCAST = 4
BINARY_ENCODING, JSON_ENCODING = 0, 1


class MalformedFrame(Exception):
    """Not the protocol; the socket that sent it is closed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message; ``payload`` is an object, whose ``payload`` may be bytes in a broadcast."""

    topic: str
    event: str
    payload: dict[str, Any]
    ref: str | None = None
    join_ref: str | None = None
    _wire: dict[str, str | bytes] = field(default_factory=dict, repr=False, compare=False)

    def wire(self, version: str) -> str | bytes:
        """As it is sent, made once however many sockets get it. Raises MalformedFrame if that cannot be."""
        if version not in self._wire:
            self._wire[version] = _encode(self, version)
        return self._wire[version]


def loads(data: str | bytes) -> Any:
    """JSON that every client can read again: no NaN, nothing infinite, no half characters.

    Raises MalformedFrame.
    """
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        if "\\ud" in text or "\\uD" in text:
            _dump(value).encode()
    except (ValueError, RecursionError) as error:
        raise MalformedFrame("not JSON") from error
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def decode(data: str | bytes, version: str) -> Frame:
    """Raises MalformedFrame."""
    if isinstance(data, bytes):
        return _decode_binary(data)
    value = loads(data)
    if version == "2.0.0":
        if not isinstance(value, list) or len(value) != 5:
            raise MalformedFrame("not an array of five")
        join_ref, ref, topic, event, payload = value
    else:
        if not isinstance(value, dict):
            raise MalformedFrame("not an object")
        join_ref, ref = value.get("join_ref"), value.get("ref")
        topic, event, payload = value.get("topic"), value.get("event"), value.get("payload")
    if not isinstance(topic, str) or not isinstance(event, str):
        raise MalformedFrame("topic and event must be text")
    if not isinstance(payload, dict | None):
        raise MalformedFrame("the payload must be an object")
    return Frame(topic, event, payload or {}, _reference(ref), _reference(join_ref))


def _reference(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise MalformedFrame("a reference must be text")


def _decode_binary(data: bytes) -> Frame:
    if len(data) < 7 or data[0] != USER_BROADCAST_PUSH:
        raise MalformedFrame("unknown binary frame")
    lengths, encoding = data[1:6], data[6]
    body = 7 + sum(lengths)
    if body > len(data):
        raise MalformedFrame("binary frame is cut off")
    texts: list[str] = []
    at = 7
    try:
        for length in lengths:
            texts.append(data[at : at + length].decode())
            at += length
    except UnicodeDecodeError as error:
        raise MalformedFrame("binary frame is no text") from error
    join_ref, ref, topic, user_event, metadata = texts
    content: dict[str, Any] = {"type": "broadcast", "event": user_event}
    content["payload"] = data[body:] if encoding == BINARY_ENCODING else loads(data[body:])
    if metadata:
        content["meta"] = _object(loads(metadata))
    return Frame(topic, "broadcast", content, ref or None, join_ref or None)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedFrame("metadata must be an object")
    return value


def _encode(frame: Frame, version: str) -> str | bytes:
    if isinstance(frame.payload.get("payload"), bytes):
        if version != "2.0.0":
            raise MalformedFrame("version 1 has no binary frames")
        return _encode_binary(frame)
    if version == "2.0.0":
        return _dump([frame.join_ref, frame.ref, frame.topic, frame.event, frame.payload])
    return _dump(
        {
            "topic": frame.topic,
            "event": frame.event,
            "payload": frame.payload,
            "ref": frame.ref,
            "join_ref": frame.join_ref,
        }
    )


def _encode_binary(frame: Frame) -> bytes:
    meta = frame.payload.get("meta")
    texts = (frame.topic, str(frame.payload["event"]), _dump(meta) if meta else "")
    parts = [text.encode() for text in texts]
    if any(len(part) > LONGEST_NAME for part in parts):
        raise MalformedFrame(f"topic and event may have {LONGEST_NAME} bytes")
    head = bytes((USER_BROADCAST, *map(len, parts), BINARY_ENCODING))
    return head + b"".join(parts) + bytes(frame.payload["payload"])


def _dump(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise MalformedFrame("not JSON") from error


def broadcast(topic: str, event: str, payload: Any, meta: dict[str, Any] | None = None) -> Frame:
    """A broadcast as clients receive it; ``topic`` is without prefix."""
    content = {"type": "broadcast", "event": event, "payload": payload}
    return Frame(PREFIX + topic, "broadcast", content | ({"meta": meta} if meta else {}))


def reply(to: Frame, status: str, response: dict[str, Any]) -> Frame:
    """The answer to a frame that has a reference."""
    return Frame(to.topic, "phx_reply", {"status": status, "response": response}, to.ref, to.join_ref)


def close(topic: str, join_ref: str | None) -> Frame:
    """The channel is no more."""
    return Frame(topic, "phx_close", {}, join_ref, join_ref)


def system(topic: str, status: str, message: str, join_ref: str | None) -> Frame:
    """Tells a client about its channel: ``ok``, or the ``error`` that ends it."""
    payload = {
        "status": status,
        "extension": "system",
        "message": message,
        "channel": topic.removeprefix(PREFIX),
    }
    return Frame(topic, "system", payload, None, join_ref)


def is_name(text: str) -> bool:
    """Whether it may name a topic or an event."""
    return 0 < len(text.encode()) <= LONGEST_NAME and "\0" not in text
