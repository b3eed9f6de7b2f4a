"""Frames: both versions, binary ones, and what is not the protocol."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.stack.realtime.protocol import (
    Frame,
    MalformedFrame,
    broadcast,
    close,
    decode,
    is_name,
    loads,
    reply,
    system,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
references = st.none() | texts
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
frames = st.builds(Frame, texts, texts, st.dictionaries(texts, values, max_size=3), references, references)


@given(frames, st.sampled_from(["1.0.0", "2.0.0"]))
def test_what_is_encoded_decodes_to_the_same(frame: Frame, version: str) -> None:
    assert decode(frame.wire(version), version) == frame


@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedFrame):
        assert decode(data, "2.0.0").event == "broadcast"


@given(st.text(max_size=60), st.sampled_from(["1.0.0", "2.0.0"]))
def test_so_is_any_text(data: str, version: str) -> None:
    with pytest.raises(MalformedFrame):
        decode(data, version)


@given(values)
def test_so_is_any_json(value: Any) -> None:
    for version in ("1.0.0", "2.0.0"):
        with contextlib.suppress(MalformedFrame):
            decode(json.dumps(value), version)


def push(*texts: str, encoding: int, payload: bytes) -> bytes:
    parts = [text.encode() for text in texts]
    return bytes((3, *map(len, parts), encoding)) + b"".join(parts) + payload


def test_a_binary_push_carries_bytes_or_json() -> None:
    data = push("1", "2", "realtime:ü", "hi", "", encoding=0, payload=b"\0\xff")
    content: dict[str, Any] = {"type": "broadcast", "event": "hi", "payload": b"\0\xff"}
    assert decode(data, "2.0.0") == Frame("realtime:ü", "broadcast", content, "2", "1")
    data = push("", "", "realtime:r", "hi", '{"persist":true}', encoding=1, payload=b'{"n":1}')
    content = {"type": "broadcast", "event": "hi", "payload": {"n": 1}, "meta": {"persist": True}}
    assert decode(data, "2.0.0") == Frame("realtime:r", "broadcast", content)


def test_a_binary_broadcast_has_the_shape_that_clients_read() -> None:
    data = broadcast("r", "hi", b"\xff", {"id": "7"}).wire("2.0.0")
    assert data == b"\x04\x0a\x02\x0a\x00realtime:rhi" + b'{"id":"7"}' + b"\xff"
    assert broadcast("r", "hi", b"").wire("2.0.0") == b"\x04\x0a\x02\x00\x00realtime:rhi"


def test_version_1_has_no_binary_frames() -> None:
    with pytest.raises(MalformedFrame):
        broadcast("r", "hi", b"\xff").wire("1.0.0")


def test_a_name_that_does_not_fit_its_length_byte_is_not_sent() -> None:
    with pytest.raises(MalformedFrame):
        broadcast("r", "x" * 256, b"").wire("2.0.0")


@pytest.mark.parametrize(
    "text", ["NaN", "-Infinity", "1e999", '"\\ud800"', '{"\\uDFFF": 1}', "[" * 100_000, "1" * 5000, "", "'a'"]
)
def test_json_that_clients_could_not_read_is_malformed(text: str) -> None:
    with pytest.raises(MalformedFrame):
        loads(text)
    with pytest.raises(MalformedFrame):
        loads(text.encode())


def test_json_in_utf8_only() -> None:
    assert loads('"\\ud83d\\ude00 ü"'.encode()) == "😀 ü"
    for encoding in ("utf-16", "latin-1"):
        with pytest.raises(MalformedFrame):
            loads('"ü"'.encode(encoding))


def test_what_cannot_be_json_is_not_sent() -> None:
    with pytest.raises(MalformedFrame):
        Frame("t", "e", {"n": float("nan")}).wire("2.0.0")


def test_numbers_may_be_references() -> None:
    assert decode('[1, 2, "t", "e", null]', "2.0.0") == Frame("t", "e", {}, "2", "1")
    for reference in ("true", "[]", "1.5"):
        with pytest.raises(MalformedFrame):
            decode(f'[{reference}, 2, "t", "e", {{}}]', "2.0.0")


def test_a_frame_is_encoded_once_per_version() -> None:
    frame = broadcast("r", "hi", {"n": 1})
    assert frame.wire("2.0.0") is frame.wire("2.0.0")
    assert frame.wire("1.0.0") != frame.wire("2.0.0")


def test_answers() -> None:
    asked = Frame("realtime:r", "phx_join", {}, "2", "1")
    assert reply(asked, "ok", {"a": 1}) == Frame(
        "realtime:r", "phx_reply", {"status": "ok", "response": {"a": 1}}, "2", "1"
    )
    assert close("realtime:r", "1") == Frame("realtime:r", "phx_close", {}, "1", "1")
    payload = {"status": "error", "extension": "system", "message": "why", "channel": "r"}
    assert system("realtime:r", "error", "why", "1") == Frame("realtime:r", "system", payload, None, "1")


def test_names() -> None:
    assert is_name("a")
    assert is_name("x" * 255)
    assert is_name("ü" * 127)
    for text in ("", "x" * 256, "ü" * 128, "a\0b"):
        assert not is_name(text)
