"""A client that says exactly what the test says."""

from __future__ import annotations

import asyncio
import itertools
import json
from types import TracebackType
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

SECONDS = 5.0


class Got(NamedTuple):
    """A frame."""

    topic: str
    event: str
    payload: Any
    ref: str | None
    join_ref: str | None


class Wire:
    """One socket. Frames that a test waits for are taken out of the order in which they came."""

    def __init__(self, url: str, version: str, headers: dict[str, str] | None = None) -> None:
        self.url, self._version, self._headers = url, version, headers
        self._refs = itertools.count(1)
        self._kept: list[Got] = []
        self._socket: ClientConnection | None = None
        self.join_refs: dict[str, str] = {}

    async def __aenter__(self) -> Wire:
        self._socket = await connect(self.url, additional_headers=self._headers, max_queue=None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    async def push(self, topic: str, event: str, payload: Any = None) -> str:
        """Sends a frame; its reference."""
        ref = str(next(self._refs))
        topic = topic if topic == "phoenix" else f"realtime:{topic}"
        if event == "phx_join":
            self.join_refs[topic] = ref
        join_ref, content = self.join_refs.get(topic), {} if payload is None else payload
        frame: Any = [join_ref, ref, topic, event, content]
        if self._version == "1.0.0":
            frame = dict(zip(("join_ref", "ref", "topic", "event", "payload"), frame, strict=True))
        await self.socket.send(json.dumps(frame))
        return ref

    async def ask(self, topic: str, event: str, payload: Any = None) -> Any:
        """Sends a frame; the payload of its reply: ``{status, response}``."""
        ref = await self.push(topic, event, payload)
        return (await self.wait("phx_reply", ref=ref)).payload

    async def join(self, topic: str, token: str | None = None, **config: Any) -> Any:
        """The payload of the reply."""
        payload = {"config": config} | ({"access_token": token} if token else {})
        return await self.ask(topic, "phx_join", payload)

    async def joined(self, topic: str, token: str | None = None, **config: Any) -> None:
        """Joins, which must succeed."""
        reply = await self.join(topic, token, **config)
        assert reply == {"status": "ok", "response": {"postgres_changes": []}}

    async def wait(self, event: str, *, ref: str | None = None, topic: str | None = None) -> Got:
        """The next frame of this event, for at most a few seconds."""
        for got in self._kept:
            if self._fits(got, event, ref, topic):
                self._kept.remove(got)
                return got
        async with asyncio.timeout(SECONDS):
            while True:
                got = self._decoded(await self.socket.recv())
                if self._fits(got, event, ref, topic):
                    return got
                self._kept.append(got)

    async def settle(self) -> list[Got]:
        """All frames that came and were not waited for, until the server has answered a heartbeat."""
        await self.ask("phoenix", "heartbeat")
        kept, self._kept = self._kept, []
        return kept

    async def closed(self) -> tuple[int, str]:
        """Code and reason of the socket's end."""
        async with asyncio.timeout(SECONDS):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed:
                return self.socket.close_code or 0, self.socket.close_reason or ""

    @staticmethod
    def _fits(got: Got, event: str, ref: str | None, topic: str | None) -> bool:
        return (
            got.event == event
            and (ref is None or got.ref == ref)
            and (topic is None or got.topic == f"realtime:{topic}")
        )

    def _decoded(self, data: str | bytes) -> Got:
        if isinstance(data, bytes):
            return _binary(data)
        if self._version == "1.0.0":
            frame = json.loads(data)
            return Got(frame["topic"], frame["event"], frame["payload"], frame["ref"], frame.get("join_ref"))
        join_ref, ref, topic, event, payload = json.loads(data)
        return Got(topic, event, payload, ref, join_ref)


def _binary(data: bytes) -> Got:
    assert data[0] == 4
    texts, at = [], 5
    for length in data[1:4]:
        texts.append(data[at : at + length].decode())
        at += length
    topic, event, meta = texts
    payload = {"type": "broadcast", "event": event, "payload": data[at:]}
    return Got(topic, "broadcast", payload | ({"meta": json.loads(meta)} if meta else {}), None, None)


def binary_push(
    topic: str, event: str, payload: bytes, *, ref: str = "", encoding: int = 0, meta: str = ""
) -> bytes:
    """A broadcast as realtime-js sends it in version 2.0.0."""
    parts = [part.encode() for part in ("", ref, f"realtime:{topic}", event, meta)]
    return bytes((3, *map(len, parts), encoding)) + b"".join(parts) + payload
