"""One socket and the hub, without network and database."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from scripts.stack.realtime.config import Claims, Limits, RealtimeConfig
from scripts.stack.realtime.database import Message
from scripts.stack.realtime.hub import Hub
from scripts.stack.realtime.joining import Refused, Replay
from scripts.stack.realtime.protocol import Frame, broadcast
from scripts.stack.realtime.rights import EVERYTHING, Rights
from scripts.stack.realtime.session import Door, Session
from scripts.stack.realtime.tasks import end_tasks


class FakeStore:
    """Gives the rights that the test says, by role."""

    def __init__(self) -> None:
        self.by_role: dict[str, Rights] = {}
        self.is_away = False
        self.asked = 0

    async def rights(self, topic: str, claims: Claims, headers: Mapping[str, str]) -> Rights:
        self.asked += 1
        if self.is_away:
            raise Refused("UnableToConnectToProject: away")
        return self.by_role.get(claims["role"], Rights())

    async def replay(self, topic: str, replay: Replay) -> list[Message]:
        return []

    async def wait_until_listening(self) -> bool:
        return not self.is_away


class World:
    """A hub with sessions; what each was sent."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.hub, self.store = Hub(), FakeStore()
        self.config = RealtimeConfig("", self._verify, {"key": "anon"}, limits or Limits())

    @staticmethod
    def _verify(token: str) -> Claims:
        role, _, expiry = token.partition(":")
        return {"role": role, "exp": float(expiry or "inf")}

    def session(self) -> tuple[Session, list[Frame]]:
        sent: list[Frame] = []
        return Session(self.config, self.store, self.hub, Door("key", {}), sent.append), sent


def frame(event: str, payload: Any = None, topic: str = "realtime:room", ref: str = "9") -> Frame:
    return Frame(topic, event, payload or {}, ref, "1")


def join(token: str | None = None, topic: str = "realtime:room", **config: Any) -> Frame:
    return frame("phx_join", {"config": config, "access_token": token}, topic, ref="1")


def statuses(sent: list[Frame]) -> list[Any]:
    return [each.payload.get("status") for each in sent if each.event == "phx_reply"]


async def test_rights_are_asked_once_and_again_with_a_new_token() -> None:
    world = World()
    world.store.by_role = {"user": EVERYTHING, "other": EVERYTHING}
    session, sent = world.session()
    await session.receive(join("user", private=True))
    for _ in range(5):
        await session.receive(frame("broadcast", {"event": "e"}))
    await session.receive(frame("access_token", {"access_token": "user"}))
    assert world.store.asked == 1
    await session.receive(frame("access_token", {"access_token": "other"}))
    assert world.store.asked == 2
    assert statuses(sent) == ["ok"]


async def test_a_public_channel_asks_nobody() -> None:
    world = World()
    session, sent = world.session()
    await session.receive(join())
    assert (world.store.asked, statuses(sent)) == (0, ["ok"])


async def test_a_database_that_is_away_refuses_and_ends_at_refresh() -> None:
    world = World()
    world.store.by_role = {"user": EVERYTHING}
    session, sent = world.session()
    world.store.is_away = True
    await session.receive(join("user", private=True))
    assert sent.pop().payload["response"] == {"reason": "UnableToConnectToProject: away"}
    world.store.is_away = False
    await session.receive(join("user", private=True))
    world.store.is_away = True
    await session.receive(frame("access_token", {"access_token": "other"}))
    assert [each.event for each in sent[-2:]] == ["system", "phx_close"]
    await session.receive(join(broadcast={"replication_ready": True}))
    assert sent[-2].payload["message"] == "Replication connection was not established in time"


async def test_who_may_only_send_does_not_hear() -> None:
    world = World()
    world.store.by_role = {
        "mute": Rights(frozenset(["presence"]), frozenset(["broadcast"])),
        "user": EVERYTHING,
    }
    mute, to_mute = world.session()
    user, to_user = world.session()
    await mute.receive(join("mute", private=True))
    await user.receive(join("user", private=True))
    await mute.receive(frame("broadcast", {"event": "from mute", "payload": 1}))
    await user.receive(frame("broadcast", {"event": "from user", "payload": 1}))
    assert [each.event for each in to_mute] == ["phx_reply"]
    assert to_user[-1] == broadcast("room", "from mute", 1)


async def test_tokens_run_out() -> None:
    world = World()
    session, sent = world.session()
    await session.receive(join("user:1000", topic="realtime:a"))
    await session.receive(join("user:2000", topic="realtime:b"))
    await session.receive(join(topic="realtime:c"))
    session.end_expired(999.0)
    assert len(sent) == 3
    session.end_expired(1500.0)
    assert [(each.topic, each.event) for each in sent[3:]] == [
        ("realtime:a", "system"),
        ("realtime:a", "phx_close"),
    ]
    assert sent[3].payload["message"] == "Token has expired 500 seconds ago"
    assert world.hub.count() == 2


async def test_a_socket_that_goes_takes_its_channels_along() -> None:
    world = World()
    one, _ = world.session()
    two, to_two = world.session()
    await two.receive(join(presence={"key": "two", "enabled": True}))
    await one.receive(join(presence={"key": "one", "enabled": True}))
    await one.receive(frame("presence", {"event": "track", "payload": {}}))
    one.close()
    assert to_two[-1].event == "presence_diff"
    assert list(to_two[-1].payload["leaves"]) == ["one"]
    assert world.hub.count() == 1


async def test_limits_by_socket() -> None:
    world = World(replace(Limits(), channels=2, messages_per_second=3))
    session, sent = world.session()
    for name in "abc":
        await session.receive(join(topic=f"realtime:{name}"))
    assert statuses(sent) == ["ok", "ok", "error"]
    for _ in range(4):
        await session.receive(frame("broadcast", {"event": "e"}, "realtime:a"))
    assert sent[-2].payload["message"] == "Too many messages per second"
    await session.receive(frame("phx_leave", {}, "realtime:b"))
    await session.receive(frame("heartbeat", {}, "phoenix"))
    assert statuses(sent)[-2:] == ["ok", "ok"]


async def test_unknown_events_are_refused() -> None:
    session, sent = World().session()
    await session.receive(join())
    await session.receive(frame("shout"))
    assert sent[-1].payload["response"] == {"reason": "Unknown event: shout"}


def test_claims_must_have_role_and_expiry() -> None:
    claims: list[Claims] = [
        {},
        {"role": "user"},
        {"exp": 1},
        {"role": 5, "exp": 1},
        {"role": "user", "exp": "soon"},
    ]
    for each in claims:
        config = RealtimeConfig("", lambda token, each=each: each, {})  # type: ignore[misc]
        with pytest.raises(Exception, match="are required in JWT"):
            config.claims("token")


async def test_tasks_end_even_if_a_cancellation_gets_lost() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    async def failing() -> None:
        raise ValueError("why")

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        failures = await end_tasks(tasks)
    assert [str(failure) for failure in failures] == ["why"]
