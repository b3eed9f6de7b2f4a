"""Private channels: row-level security on realtime.messages decides, for each "may" a "may not"."""

from __future__ import annotations

import time
from uuid import uuid4

import jwt

from tests.integration.realtime.server import PUBLISHABLE, SECRET, SERVICE, Realtime, token
from tests.integration.realtime.wire import Wire

ANN, BEN = str(uuid4()), str(uuid4())


def refused(topic: str) -> dict[str, object]:
    reason = f"Unauthorized: You do not have permissions to read from this Channel topic: {topic}"
    return {"status": "error", "response": {"reason": reason}}


async def test_the_owner_may_join(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined(f"user:{ANN}", token(ANN), private=True)


async def test_another_user_may_not(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        assert await wire.join(f"user:{ANN}", token(BEN), private=True) == refused(f"user:{ANN}")


async def test_a_visitor_may_not(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        assert await wire.join(f"user:{ANN}", PUBLISHABLE, private=True) == refused(f"user:{ANN}")
        assert await wire.join("news", private=True) == refused("news")


async def test_a_server_may(realtime: Realtime) -> None:
    async with realtime.wire(key=SERVICE) as wire:
        await wire.joined(f"user:{ANN}", private=True)


async def test_a_secret_key_in_a_join_does_not_count(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        assert await wire.join("news", SERVICE, private=True) == refused("news")


async def test_an_unknown_role_may_not(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        reply = await wire.join("news", token(ANN, role="supabase_admin"), private=True)
        assert reply == refused("news")


async def test_a_bad_token_may_not(realtime: Realtime) -> None:
    roleless = jwt.encode({"sub": ANN, "exp": time.time() + 60}, SECRET, algorithm="HS256")
    endless = jwt.encode({"sub": ANN, "role": "authenticated"}, SECRET, algorithm="HS256")
    bad = {
        token(ANN, seconds=-5): "expired",
        token(ANN) + "x": "",
        "nonsense": "",
        roleless: "Fields `role` and `exp` are required in JWT",
        endless: "Fields `role` and `exp` are required in JWT",
    }
    async with realtime.wire() as wire:
        for is_private in (False, True):
            for text, why in bad.items():
                reply = await wire.join("news", text, private=is_private)
                assert reply["status"] == "error"
                assert reply["response"]["reason"].startswith("InvalidJWTToken: ")
                assert why in reply["response"]["reason"]


async def test_who_may_only_listen_hears_and_may_not_speak(realtime: Realtime) -> None:
    async with realtime.wire() as ann, realtime.wire() as ben:
        await ann.joined("news", token(ANN), private=True, broadcast={"ack": True})
        await ben.joined("news", token(BEN), private=True)
        reply = await ann.ask("news", "broadcast", {"event": "hi", "payload": {}})
        assert reply["status"] == "error"
        assert reply["response"]["reason"].startswith("Unauthorized: ")
        realtime.send("news")
        for wire in (ann, ben):
            assert (await wire.wait("broadcast")).payload["event"] == "news"
        assert await ben.settle() == []


async def test_who_may_speak_is_heard(realtime: Realtime) -> None:
    async with realtime.wire() as ann, realtime.wire() as ben:
        for wire, who in ((ann, ANN), (ben, BEN)):
            await wire.joined("hall", token(who), private=True)
        await ann.push("hall", "broadcast", {"event": "hi", "payload": {"n": 1}})
        assert (await ben.wait("broadcast")).payload["payload"] == {"n": 1}


async def test_private_and_public_rooms_of_one_name_are_apart(realtime: Realtime) -> None:
    async with realtime.wire() as ann, realtime.wire() as visitor:
        await ann.joined("hall", token(ANN), private=True)
        await visitor.joined("hall")
        await ann.push("hall", "broadcast", {"event": "inside", "payload": {}})
        realtime.send("hall", "secret")
        await visitor.push("hall", "broadcast", {"event": "outside", "payload": {}})
        assert (await ann.wait("broadcast")).payload["event"] == "secret"
        assert await ann.settle() == []
        assert await visitor.settle() == []


async def test_a_policy_that_fails_refuses_and_harms_nothing(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        assert await wire.join("broken", token(ANN), private=True) == refused("broken")
        await wire.joined("news", token(ANN), private=True)


async def test_probes_leave_nothing_behind(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("hall", token(ANN), private=True)
    assert realtime.db.value("select count(*) from realtime.messages") == 0


async def test_policies_see_what_the_platform_shows_them(realtime: Realtime) -> None:
    realtime.db.admin.execute(
        "create policy seen on realtime.messages for select to anon using ("
        " (select realtime.topic()) = 'seen'"
        " and current_setting('request.jwt.claims')::jsonb ->> 'role' = 'anon'"
        " and current_setting('request.jwt.claim.role') = 'anon' and current_user = 'anon'"
        " and extension in ('broadcast', 'presence') and topic = 'seen'"
        " and current_setting('request.headers')::jsonb ->> 'x-tenant' = 'a')"
    )
    async with Wire(realtime.wire().url, "2.0.0", {"x-tenant": "a", "cookie": "b"}) as wire:
        await wire.joined("seen", private=True)
    async with realtime.wire() as wire:
        assert await wire.join("seen", private=True) == refused("seen")
