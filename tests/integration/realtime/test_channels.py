"""Channels of raw sockets: joining, leaving, heartbeat, broadcasts, in both versions of the protocol."""

from __future__ import annotations

import pytest

from tests.integration.realtime.server import Realtime
from tests.integration.realtime.wire import binary_push

versions = pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])


@versions
async def test_heartbeat(realtime: Realtime, version: str) -> None:
    async with realtime.wire(version=version) as wire:
        assert await wire.ask("phoenix", "heartbeat") == {"status": "ok", "response": {}}


@versions
async def test_a_broadcast_reaches_the_others_and_not_its_sender(realtime: Realtime, version: str) -> None:
    async with realtime.wire(version=version) as one, realtime.wire(version=version) as two:
        await one.joined("room")
        await two.joined("room")
        await one.push("room", "broadcast", {"type": "broadcast", "event": "hi", "payload": {"ü": "😀"}})
        got = await two.wait("broadcast")
        assert got.topic == "realtime:room"
        assert got.payload == {"type": "broadcast", "event": "hi", "payload": {"ü": "😀"}}
        assert await one.settle() == []


@versions
async def test_self_and_ack(realtime: Realtime, version: str) -> None:
    async with realtime.wire(version=version) as wire:
        await wire.joined("room", broadcast={"self": True, "ack": True})
        reply = await wire.ask("room", "broadcast", {"event": "hi", "payload": {"n": 1}})
        assert reply == {"status": "ok", "response": {}}
        assert (await wire.wait("broadcast")).payload["payload"] == {"n": 1}


async def test_leaving_ends_delivery(realtime: Realtime) -> None:
    async with realtime.wire() as one, realtime.wire() as two:
        await one.joined("room")
        await two.joined("room")
        assert await two.ask("room", "phx_leave") == {"status": "ok", "response": {}}
        assert (await two.wait("phx_close")).ref == two.join_refs["realtime:room"]
        await one.push("room", "broadcast", {"event": "hi", "payload": {}})
        await one.settle()
        assert await two.settle() == []


async def test_joining_again_replaces_the_channel(realtime: Realtime) -> None:
    async with realtime.wire() as one, realtime.wire() as two:
        await one.joined("room")
        await two.joined("room")
        first = two.join_refs["realtime:room"]
        await two.joined("room")
        assert (await two.wait("phx_close")).join_ref == first
        await one.push("room", "broadcast", {"event": "hi", "payload": {}})
        assert (await two.wait("broadcast")).payload["event"] == "hi"
        assert await two.settle() == []


async def test_rooms_are_apart(realtime: Realtime) -> None:
    async with realtime.wire() as one, realtime.wire() as two:
        await one.joined("room")
        await two.joined("other")
        await one.push("room", "broadcast", {"event": "hi", "payload": {}})
        await one.settle()
        assert await two.settle() == []


async def test_binary_and_json_broadcasts_of_version_2(realtime: Realtime) -> None:
    async with realtime.wire() as one, realtime.wire() as two, realtime.wire(version="1.0.0") as old:
        for wire in (one, two, old):
            await wire.joined("room")
        await one.socket.send(binary_push("room", "bytes", b"\x00\xff"))
        await one.socket.send(binary_push("room", "json", b'{"n": 1}', encoding=1))
        assert (await two.wait("broadcast")).payload["payload"] == b"\x00\xff"
        assert (await two.wait("broadcast")).payload["payload"] == {"n": 1}
        assert (await old.wait("broadcast")).payload["event"] == "json"


async def test_a_binary_broadcast_is_acknowledged(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("room", broadcast={"ack": True})
        await wire.socket.send(binary_push("room", "bytes", b"\x00", ref="ref-7"))
        assert (await wire.wait("phx_reply", ref="ref-7")).payload["status"] == "ok"


async def test_storing_is_refused(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("room")
        await wire.socket.send(binary_push("room", "e", b"\x00", ref="r", meta='{"persist": true}'))
        reply = (await wire.wait("phx_reply", ref="r")).payload
        assert reply["status"] == "error"
        assert "realtime.send" in reply["response"]["error"]


async def test_what_was_not_joined_is_unmatched(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        reply = await wire.ask("room", "broadcast", {"event": "hi", "payload": {}})
        assert reply == {"status": "error", "response": {"reason": "unmatched topic"}}
        assert (await wire.ask("room", "phx_leave"))["status"] == "ok"


async def test_postgres_changes_are_refused_clearly(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        reply = await wire.join("room", postgres_changes=[{"event": "*", "schema": "public"}])
        assert reply["status"] == "error"
        assert reply["response"]["reason"].startswith("PostgresChangesNotSupported: ")


async def test_health_counts(realtime: Realtime) -> None:
    async with realtime.wire() as wire, realtime.http() as http:
        await wire.joined("room", broadcast={"replication_ready": True})
        await wire.wait("system")
        async with http.get("/realtime/v1/api/health") as answer:
            assert answer.status == 200
            assert await answer.json() == {"healthy": True, "sockets": 1, "channels": 1}


async def test_goodbye(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("room")
        await realtime.stop()
        assert await wire.closed() == (1001, "the server stops")
