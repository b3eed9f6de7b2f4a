"""What every walk needs: a new user, broadcasts to listen to, and a stopwatch."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from realtime import AsyncRealtimeChannel

from supabase import AsyncClient

POLL_SECONDS = 0.5
"""How often a row is read while no broadcast came: the table is the truth, the broadcast a hint."""


class DemoFailed(Exception):
    """The walk could not go on; the message is for people."""


class Stopwatch:
    """Notes the seconds of named stretches."""

    def __init__(self, timings: dict[str, float]) -> None:
        self._timings = timings

    @asynccontextmanager
    async def __call__(self, name: str) -> AsyncIterator[None]:
        started = monotonic()
        yield
        self._timings[name] = monotonic() - started


async def sign_up(client: AsyncClient) -> str:
    """A new user; the id of their own workspace. Raises DemoFailed."""
    email = f"demo-{secrets.token_hex(4)}@example.com"
    response = await client.auth.sign_up({"email": email, "password": secrets.token_urlsafe(16)})
    if response.session is None:
        raise DemoFailed("Sign-up asks for an e-mail confirmation here; switch it off for the demo.")
    await client.realtime.set_auth(response.session.access_token)
    found = rows(await client.table("workspaces").select("id").limit(1).execute())
    if not found:
        raise DemoFailed("Sign-up made no personal workspace.")
    return str(found[0]["id"])


@asynccontextmanager
async def listening(
    client: AsyncClient, topic: str, events: dict[str, Callable[[dict[str, Any]], None]]
) -> AsyncIterator[AsyncRealtimeChannel]:
    """Calls back with the payload of each broadcast of these names. Raises DemoFailed."""
    channel = client.channel(topic, {"config": {"private": True, "broadcast": None, "presence": None}})
    for event, callback in events.items():
        channel.on_broadcast(event, lambda message, call=callback: call(message["payload"]))  # type: ignore[misc]
    joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_state(state: Any, error: Exception | None) -> None:
        if joined.done():
            return
        if str(getattr(state, "value", state)) == "SUBSCRIBED":
            joined.set_result(None)
        else:
            joined.set_exception(DemoFailed(f"Could not listen to {topic}: {error or state}"))

    await channel.subscribe(on_state)
    await joined
    try:
        yield channel
    finally:
        await client.remove_channel(channel)


def rows(response: Any) -> Any:
    """The data of a response: a list of rows, or one row where one was asked for."""
    return response.data


async def wait(moved: asyncio.Event) -> None:
    """Until something moved, or it is time to look again."""
    try:
        async with asyncio.timeout(POLL_SECONDS):
            await moved.wait()
    except TimeoutError:
        return
