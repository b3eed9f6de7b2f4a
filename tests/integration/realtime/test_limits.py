"""Limits and misbehaviour: what goes beyond them hurts its own socket or channel, and nobody else."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from scripts.stack.realtime.config import Limits
from tests.integration.realtime.server import Realtime, eventually, serving
from tests.integration.realtime.wire import binary_push
from tests.support.database import Database

MALFORMED = [
    "nonsense",
    "",
    "{}",
    "[]",
    "[1,2,3]",
    '["1","1","realtime:room","broadcast",[]]',
    '["1","1",5,"broadcast",{}]',
    '["1",{},"realtime:room","broadcast",{}]',
    '["1","1","realtime:room","broadcast",{"event":"e","payload":NaN}]',
    '["1","1","realtime:room","broadcast",{"event":"e","payload":1e999}]',
    '["1","1","realtime:room","broadcast",{"event":"e","payload":"\\ud800"}]',
    "[" * 100_000,
    b"",
    b"\x03",
    b"\x09abcdefghijk",
    b"\x03\xff\xff\xff\xff\xff\x00",
    binary_push("room", "e", b"not json", encoding=1),
    binary_push("room", "e", b"", meta="[]"),
    b"\x03\x00\x00\x01\x00\x00\x00\xff",
]


@pytest.mark.parametrize("malformed", MALFORMED, ids=range(len(MALFORMED)))
async def test_a_malformed_frame_closes_its_socket_and_no_other(
    realtime: Realtime, malformed: str | bytes
) -> None:
    async with realtime.wire() as good, realtime.wire() as other, realtime.wire() as bad:
        for wire in (good, other, bad):
            await wire.joined("room")
        await bad.socket.send(malformed)
        code, reason = await bad.closed()
        assert code == 1002
        assert reason
        await other.push("room", "broadcast", {"event": "hi", "payload": {}})
        assert (await good.wait("broadcast")).payload["event"] == "hi"
        assert await good.settle() == []


async def test_too_large_a_message_is_refused_and_the_channel_stays(realtime: Realtime) -> None:
    async with realtime.wire() as one, realtime.wire() as two:
        await one.joined("room", broadcast={"ack": True})
        await two.joined("room")
        reply = await one.ask("room", "broadcast", {"event": "big", "payload": "x" * 300_000})
        assert reply == {"status": "error", "response": {"reason": "Payload size exceeds 262144 bytes"}}
        reply = await one.ask("room", "broadcast", {"event": "fits", "payload": "x" * 200_000})
        assert reply["status"] == "ok"
        assert (await two.wait("broadcast")).payload["event"] == "fits"


async def test_far_too_large_a_frame_closes_the_socket(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.socket.send("x" * 600_000)
        assert (await wire.closed())[0] == 1009


async def test_a_socket_may_have_a_hundred_channels(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        for number in range(100):
            await wire.joined(f"room{number}")
        await asyncio.sleep(0.1)
        reply = await wire.join("one too many")
        assert reply["response"] == {"reason": "ChannelRateLimitReached: Too many channels"}
        await wire.joined("room7")
        await wire.ask("room8", "phx_leave")
        await wire.joined("one too many")


async def test_too_many_joins_in_a_second(realtime_db: Database) -> None:
    async with (
        serving(realtime_db, replace(Limits(), joins_per_second=3)) as realtime,
        realtime.wire() as wire,
    ):
        replies = [await wire.join("room") for _ in range(6)]
        refused = {"reason": "ClientJoinRateLimitReached: Too many joins per second"}
        assert refused in [reply["response"] for reply in replies]


async def test_too_many_messages_in_a_second_end_the_channel_and_no_other(realtime: Realtime) -> None:
    async with realtime.wire() as wire, realtime.wire() as other:
        for each in (wire, other):
            await each.joined("room")
            await each.joined("calm")
        for _ in range(200):
            await wire.push("room", "broadcast", {"event": "e", "payload": {}})
        system = await wire.wait("system", topic="room")
        assert system.payload["message"] == "Too many messages per second"
        await wire.wait("phx_close", topic="room")
        assert 100 <= len([got for got in await other.settle() if got.event == "broadcast"]) < 200
        await asyncio.sleep(0.1)
        await wire.push("calm", "broadcast", {"event": "e", "payload": {}})
        assert (await other.wait("broadcast", topic="calm")).payload["event"] == "e"


async def test_a_silent_socket_is_closed_and_a_beating_one_is_not(realtime_db: Database) -> None:
    async with (
        serving(realtime_db, replace(Limits(), idle=0.6)) as realtime,
        realtime.wire() as silent,
        realtime.wire() as beating,
    ):
        closed = asyncio.create_task(silent.closed())
        while not closed.done():
            await beating.ask("phoenix", "heartbeat")
            await asyncio.sleep(0.1)
        assert closed.result() == (1001, "no heartbeat for 0.6 seconds")
        await beating.ask("phoenix", "heartbeat")


async def test_who_does_not_read_is_dropped_and_holds_nobody_up(realtime_db: Database) -> None:
    limits = replace(Limits(), messages_per_second=10_000, backlog_bytes=1024 * 1024)
    async with serving(realtime_db, limits) as realtime, realtime.wire() as one, realtime.wire() as two:
        stuck = await asyncio.open_connection(*realtime.address)
        stuck[1].write(
            b"GET /realtime/v1/websocket?apikey=sb_publishable_test&vsn=2.0.0 HTTP/1.1\r\nHost: x\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            + _masked('["1","1","realtime:room","phx_join",{}]')
        )
        for wire in (one, two):
            await wire.joined("room")
        await eventually(lambda: realtime.has(channels=3))
        for number in range(100):
            await one.push("room", "broadcast", {"event": f"e{number}", "payload": "x" * 200_000})
            assert (await two.wait("broadcast")).payload["event"] == f"e{number}"
        await eventually(lambda: realtime.has(channels=2, sockets=2))
        stuck[1].close()


def _masked(text: str) -> bytes:
    """A text frame of a client, masked with nothing."""
    data = text.encode()
    assert len(data) < 126
    return bytes((0x81, 0x80 | len(data))) + b"\0\0\0\0" + data


async def test_names(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        for topic in ("", "x" * 256, "a\0b"):
            assert "TopicNameRequired" in (await wire.join(topic))["response"]["reason"]
        await wire.joined("x" * 255)
        await wire.joined("room:{1}/ü 😀")
        for event in ("", "x" * 256, None, 5):
            reply = await wire.ask("x" * 255, "broadcast", {"event": event, "payload": {}})
            assert reply["status"] == "error"


async def test_join_options_of_wrong_types_are_refused(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        for config in ([1], {"broadcast": [1]}, {"presence": "yes"}):
            reply = await wire.ask("room", "phx_join", {"config": config})
            assert reply["response"]["reason"].startswith("InvalidJoinPayload: ")
        reply = await wire.ask("room", "phx_join", {"access_token": 5})
        assert reply["response"]["reason"].startswith("InvalidJoinPayload: ")
        assert json.dumps(await wire.join("room"))
