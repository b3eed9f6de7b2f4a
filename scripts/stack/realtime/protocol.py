"""Frames of the Phoenix protocol, versions 1.0.0 (objects) and 2.0.0 (arrays and binary). Pure.

Shapes: https://hexdocs.pm/phoenix/writing_a_channels_client.html; the binary kinds 3 and 4 are Supabase's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

USER_BROADCAST_PUSH = 3
USER_BROADCAST = 4
BINARY_ENCODING, JSON_ENCODING = 0, 1


class MalformedFrame(Exception):
    """The client does not speak the protocol; its socket is closed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message; ``payload`` is an object, whose ``payload`` may be bytes in a broadcast."""

    topic: str
    event: str
    payload: dict[str, Any]
    ref: str | None = None
    join_ref: str | None = None


def decode(data: str | bytes, version: str) -> Frame:
    """Raises MalformedFrame."""
    if isinstance(data, bytes):
        return _decode_binary(data)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedFrame("not JSON") from error
    if version == "2.0.0":
        if not isinstance(value, list) or len(value) != 5:
            raise MalformedFrame("not an array of five")
        join_ref, ref, topic, event, payload = value
    else:
        if not isinstance(value, dict):
            raise MalformedFrame("not an object")
        join_ref, ref = value.get("join_ref"), value.get("ref")
        topic, event, payload = value.get("topic"), value.get("event"), value.get("payload")
    return _frame(topic, event, payload, ref, join_ref)


def _frame(topic: Any, event: Any, payload: Any, ref: Any, join_ref: Any) -> Frame:
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
    texts: list[str] = []
    at = 7
    try:
        for length in lengths:
            if at + length > len(data):
                raise MalformedFrame("binary frame is cut off")
            texts.append(data[at : at + length].decode())
            at += length
        join_ref, ref, topic, user_event, _metadata = texts
        payload: Any = data[at:] if encoding == BINARY_ENCODING else json.loads(data[at:])
    except (ValueError, RecursionError) as error:
        raise MalformedFrame("binary frame is no text") from error
    content = {"type": "broadcast", "event": user_event, "payload": payload}
    return Frame(topic, "broadcast", content, ref or None, join_ref or None)


def encode(frame: Frame, version: str) -> str | bytes:
    """What is sent. Raises MalformedFrame for bytes to a client of version 1."""
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
    topic, event = frame.topic.encode(), str(frame.payload["event"]).encode()
    head = bytes((USER_BROADCAST, len(topic), len(event), 0, BINARY_ENCODING))
    return head + topic + event + bytes(frame.payload["payload"])


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def reply(to: Frame, status: str, response: dict[str, Any]) -> Frame:
    """The answer to a frame that has a reference."""
    return Frame(to.topic, "phx_reply", {"status": status, "response": response}, to.ref, to.join_ref)


def system(topic: str, message: str, join_ref: str | None) -> Frame:
    """Tells a client why its channel ends."""
    payload = {
        "status": "error",
        "extension": "system",
        "message": message,
        "channel": topic.removeprefix("realtime:"),
    }
    return Frame(topic, "system", payload, None, join_ref)
