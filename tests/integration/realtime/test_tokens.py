"""Tokens are renewed, run out, or give less than before."""

from __future__ import annotations

from uuid import uuid4

from tests.integration.realtime.server import PUBLISHABLE, Realtime, token
from tests.integration.realtime.wire import Wire

ANN, BEN = str(uuid4()), str(uuid4())


async def ended(wire: Wire, topic: str) -> str:
    """Why the channel ended."""
    system = await wire.wait("system", topic=topic)
    assert system.payload["status"] == "error"
    assert system.payload["extension"] == "system"
    assert system.payload["channel"] == topic
    assert (await wire.wait("phx_close", topic=topic)).ref == wire.join_refs[f"realtime:{topic}"]
    return str(system.payload["message"])


async def test_an_expired_token_ends_the_channel_and_no_other(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("news", token(ANN, seconds=2), private=True)
        await wire.joined("hall", token(ANN), private=True)
        assert (await ended(wire, "news")).startswith("Token has expired ")
        realtime.send("hall")
        realtime.send("news")
        assert (await wire.wait("broadcast")).topic == "realtime:hall"
        assert await wire.settle() == []


async def test_a_renewed_token_keeps_it(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("news", token(ANN, seconds=2), private=True)
        await wire.joined("hall", token(ANN, seconds=2), private=True)
        await wire.push("news", "access_token", {"access_token": token(ANN)})
        await ended(wire, "hall")
        realtime.send("news")
        assert (await wire.wait("broadcast")).topic == "realtime:news"


async def test_a_bad_token_ends_the_channel(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("news", token(ANN), private=True)
        await wire.push("news", "access_token", {"access_token": token(ANN, seconds=-5)})
        assert "expired" in await ended(wire, "news")


async def test_another_users_token_ends_what_they_may_not_hear(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined(f"user:{ANN}", token(ANN), private=True)
        await wire.push(f"user:{ANN}", "access_token", {"access_token": token(BEN)})
        assert "permission" in await ended(wire, f"user:{ANN}")


async def test_rights_that_were_taken_end_the_channel_at_the_next_token(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("hall", token(ANN), private=True)
        realtime.db.admin.execute(
            "alter policy hall_select on realtime.messages using"
            " ((select realtime.topic()) = 'hall' and extension = 'presence')"
        )
        await wire.push("hall", "access_token", {"access_token": token(ANN, jti="2")})
        assert (
            await ended(wire, "hall") == "You no longer have permission to read from this Channel topic: hall"
        )


async def test_rights_that_were_given_count_from_the_next_token(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("news", token(ANN), private=True, broadcast={"ack": True})
        realtime.db.admin.execute("alter policy hall_insert on realtime.messages with check (true)")
        assert (await wire.ask("news", "broadcast", {"event": "e", "payload": {}}))["status"] == "error"
        await wire.push("news", "access_token", {"access_token": token(ANN, jti="2")})
        assert (await wire.ask("news", "broadcast", {"event": "e", "payload": {}}))["status"] == "ok"


async def test_a_key_and_nothing_are_not_tokens(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("news", token(ANN), private=True)
        await wire.push("news", "access_token", {"access_token": PUBLISHABLE})
        await wire.push("news", "access_token", {"access_token": None})
        assert await wire.settle() == []
        realtime.send("news")
        await wire.wait("broadcast")


async def test_a_wrong_key_opens_no_socket(realtime: Realtime) -> None:
    async with realtime.http() as http:
        for query, status in (("apikey=no", 401), ("", 401), (f"apikey={PUBLISHABLE}&vsn=3.0.0", 400)):
            async with http.get(f"/realtime/v1/websocket?{query}") as answer:
                assert answer.status == status
                assert (await answer.json())["error"]
