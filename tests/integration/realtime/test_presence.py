"""Presence between sockets."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.integration.realtime.server import Realtime, token
from tests.integration.realtime.wire import Wire

ANN, BEN = str(uuid4()), str(uuid4())


def seen(key: str) -> dict[str, Any]:
    return {"key": key, "enabled": True}


def said(metas: Any) -> dict[str, list[dict[str, Any]]]:
    """Without the references."""
    hidden = ("phx_ref", "phx_ref_prev")
    return {
        key: [{name: value for name, value in meta.items() if name not in hidden} for meta in entry["metas"]]
        for key, entry in metas.items()
    }


async def track(wire: Wire, topic: str, **payload: Any) -> Any:
    return await wire.ask(topic, "presence", {"type": "presence", "event": "track", "payload": payload})


async def test_two_users_see_each_other_come_change_and_go(realtime: Realtime) -> None:
    async with realtime.wire() as ann:
        await ann.joined("room", presence=seen("ann"))
        assert (await ann.wait("presence_state")).payload == {}
        assert (await track(ann, "room", mood="calm"))["status"] == "ok"
        assert said((await ann.wait("presence_diff")).payload["joins"]) == {"ann": [{"mood": "calm"}]}
        async with realtime.wire(version="1.0.0") as ben:
            await ben.joined("room", presence=seen("ben"))
            assert said((await ben.wait("presence_state")).payload) == {"ann": [{"mood": "calm"}]}
            await track(ben, "room", mood="keen")
            await ben.wait("presence_diff")
            assert said((await ann.wait("presence_diff")).payload["joins"]) == {"ben": [{"mood": "keen"}]}
            await track(ann, "room", mood="glad")
            diff = (await ben.wait("presence_diff")).payload
            assert said(diff["leaves"]) == {"ann": [{"mood": "calm"}]}
            assert said(diff["joins"]) == {"ann": [{"mood": "glad"}]}
            before, after = diff["leaves"]["ann"]["metas"][0], diff["joins"]["ann"]["metas"][0]
            assert after["phx_ref_prev"] == before["phx_ref"] != after["phx_ref"]
        await ann.wait("presence_diff")
        assert said((await ann.wait("presence_diff")).payload["leaves"]) == {"ben": [{"mood": "keen"}]}


async def test_untracking_and_leaving(realtime: Realtime) -> None:
    async with realtime.wire() as ann, realtime.wire() as ben:
        for wire, key in ((ann, "ann"), (ben, "ben")):
            await wire.joined("room", presence=seen(key))
        await track(ann, "room")
        assert (await ann.ask("room", "presence", {"event": "untrack"}))["status"] == "ok"
        await ben.wait("presence_diff")
        assert said((await ben.wait("presence_diff")).payload["leaves"]) == {"ann": [{}]}
        await track(ann, "room")
        await ann.ask("room", "phx_leave")
        await ben.wait("presence_diff")
        assert said((await ben.wait("presence_diff")).payload["leaves"]) == {"ann": [{}]}


async def test_one_person_with_two_tabs(realtime: Realtime) -> None:
    async with realtime.wire() as one, realtime.wire() as two:
        for wire in (one, two):
            await wire.joined("room", presence=seen("ann"))
        await track(one, "room", tab=1)
        await track(two, "room", tab=2)
        await one.ask("room", "phx_leave")
        async with realtime.wire() as other:
            await other.joined("room", presence=seen("ben"))
            assert said((await other.wait("presence_state")).payload) == {"ann": [{"tab": 2}]}


async def test_whoever_did_not_ask_for_presence_gets_none_until_they_track(realtime: Realtime) -> None:
    async with realtime.wire() as ann, realtime.wire() as ben:
        await ann.joined("room", presence=seen("ann"))
        await ben.joined("room")
        await track(ann, "room")
        assert await ben.settle() == []
        await track(ben, "room")
        assert list((await ben.wait("presence_state")).payload) == ["ann"]
        await ben.wait("presence_diff")


async def test_private_presence_needs_its_own_rights(realtime: Realtime) -> None:
    async with realtime.wire() as ann, realtime.wire() as ben:
        await ann.joined("hall", token(ANN), private=True, presence=seen("ann"))
        assert (await track(ann, "hall"))["status"] == "ok"
        topic = f"whisper:{BEN}"
        await ben.joined(topic, token(BEN), private=True, presence=seen("ben"))
        reply = await track(ben, topic)
        assert reply["status"] == "error"
        assert reply["response"]["reason"].startswith("Unauthorized: ")
        assert await ben.settle() == []


async def test_nonsense_is_refused(realtime: Realtime) -> None:
    async with realtime.wire() as ann:
        await ann.joined("room")
        for payload in ({"event": "dance"}, {}, {"event": "track", "payload": [1]}):
            assert (await ann.ask("room", "presence", payload))["status"] == "error"
        assert (await track(ann, "room"))["status"] == "ok"
