"""The Python package ``realtime``, unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from realtime import AsyncRealtimeChannel, AsyncRealtimeClient, RealtimeSubscribeStates

from tests.integration.realtime.server import PUBLISHABLE, Realtime, eventually, token

ANN, BEN = str(uuid4()), str(uuid4())


class Clients:
    """Makes clients, and closes them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.made: list[AsyncRealtimeClient] = []

    async def visitor(self) -> AsyncRealtimeClient:
        client = AsyncRealtimeClient(self._url, PUBLISHABLE)
        self.made.append(client)
        await client.connect()
        return client

    async def user(self, sub: str) -> AsyncRealtimeClient:
        client = await self.visitor()
        await client.set_auth(token(sub))
        return client


@pytest.fixture
async def clients(realtime: Realtime) -> AsyncIterator[Clients]:
    clients = Clients(realtime.url)
    yield clients
    for client in clients.made:
        client.auto_reconnect = False
        await client.close()


async def subscribed(channel: AsyncRealtimeChannel) -> tuple[RealtimeSubscribeStates, str]:
    """How the first attempt went."""
    answer: asyncio.Future[tuple[RealtimeSubscribeStates, str]] = asyncio.get_running_loop().create_future()

    def tell(state: RealtimeSubscribeStates, error: Exception | None) -> None:
        if not answer.done():
            answer.set_result((state, str(error or "")))

    await channel.subscribe(tell)
    return await answer


async def joined(channel: AsyncRealtimeChannel) -> None:
    assert await subscribed(channel) == (RealtimeSubscribeStates.SUBSCRIBED, "")


def options(
    *, private: bool = False, ack: bool = False, own: bool = False, key: str = "", seen: bool = False
) -> Any:
    return {
        "config": {
            "broadcast": {"ack": ack, "self": own},
            "presence": {"key": key, "enabled": seen},
            "private": private,
        }
    }


async def test_broadcasts(clients: Clients) -> None:
    one, two = await clients.visitor(), await clients.visitor()
    heard: list[Any] = []
    here, there = one.channel("room", options(own=True)), two.channel("room")
    for channel in (here, there):
        channel.on_broadcast("hi", heard.append)
        await joined(channel)
    await here.send_broadcast("hi", {"text": "größe 😀"})
    await eventually(lambda: len(heard) == 2)
    assert {each["payload"]["text"] for each in heard} == {"größe 😀"}


async def test_posts(clients: Clients) -> None:
    ann, ben = await clients.user(ANN), await clients.user(BEN)
    heard: list[Any] = []
    channel = ann.channel(f"user:{ANN}", options(private=True))
    channel.on_broadcast("*", heard.append)
    await joined(channel)
    await channel.http_send("posted", {"n": 1})
    with pytest.raises(Exception, match="permissions to write"):
        await ben.channel(f"user:{ANN}", options(private=True)).http_send("posted", {"n": 2})
    await eventually(lambda: bool(heard))
    assert [each["payload"] for each in heard] == [{"n": 1}]


async def test_private_channels(clients: Clients) -> None:
    ann, ben = await clients.user(ANN), await clients.user(BEN)
    await joined(ann.channel(f"user:{ANN}", options(private=True)))
    state, error = await subscribed(ben.channel(f"user:{ANN}", options(private=True)))
    assert state == RealtimeSubscribeStates.CHANNEL_ERROR
    assert f"You do not have permissions to read from this Channel topic: user:{ANN}" in error


async def test_the_database_is_heard(realtime: Realtime, clients: Clients) -> None:
    ann = await clients.user(ANN)
    heard: list[Any] = []
    channel = ann.channel("news", options(private=True))
    channel.on_broadcast("told", heard.append)
    await joined(channel)
    realtime.send("news", "told", '{"n": 1}')
    await eventually(lambda: bool(heard))
    assert heard[0]["payload"]["n"] == 1
    assert heard[0]["meta"]["id"] == heard[0]["payload"]["id"]


async def test_presence_of_two_users(clients: Clients) -> None:
    ann, ben = await clients.user(ANN), await clients.user(BEN)
    here = ann.channel("hall", options(private=True, key="ann", seen=True))
    there = ben.channel("hall", options(private=True, key="ben", seen=True))
    for channel in (here, there):
        channel.on_presence_sync(lambda: None)
        await joined(channel)
    await here.track({"mood": "calm"})
    await there.track({"mood": "keen"})
    for channel in (here, there):
        await eventually(lambda channel=channel: set(channel.presence_state()) == {"ann", "ben"})  # type: ignore[misc]
    await there.track({"mood": "glad"})
    await eventually(
        lambda: [dict(each)["mood"] for each in here.presence_state().get("ben", [])] == ["glad"]
    )
    await there.untrack()
    await eventually(lambda: set(here.presence_state()) == {"ann"})


async def test_leaving(clients: Clients) -> None:
    client = await clients.visitor()
    states: list[RealtimeSubscribeStates] = []
    channel = client.channel("room")
    await channel.subscribe(lambda state, error: states.append(state))
    await channel.unsubscribe()
    await eventually(lambda: states == [RealtimeSubscribeStates.SUBSCRIBED, RealtimeSubscribeStates.CLOSED])


async def test_a_renewed_token(realtime: Realtime, clients: Clients) -> None:
    client = await clients.visitor()
    await client.set_auth(token(ANN, seconds=3, jti="brief"))
    heard: list[Any] = []
    channel = client.channel("news", options(private=True))
    channel.on_broadcast("*", heard.append)
    await joined(channel)
    await client.set_auth(token(ANN))
    await asyncio.sleep(4.2)
    realtime.send("news")
    await eventually(lambda: bool(heard))


async def test_it_comes_back_by_itself_when_the_server_does(realtime: Realtime, clients: Clients) -> None:
    client = await clients.user(ANN)
    heard: list[Any] = []
    channel = client.channel("news", options(private=True))
    channel.on_broadcast("*", heard.append)
    await joined(channel)
    first = client._ws_connection
    assert first is not None
    first.transport.abort()
    await eventually(lambda: client._ws_connection not in (None, first) and channel.is_joined)
    realtime.send("news")
    await eventually(lambda: bool(heard))
