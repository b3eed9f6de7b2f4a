"""Broadcasts by POST."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

from scripts.stack.realtime.config import Limits
from tests.integration.realtime.server import PUBLISHABLE, SERVICE, Realtime, serving, token
from tests.support.database import Database

ANN, BEN = str(uuid4()), str(uuid4())
PATH = "/realtime/v1/api/broadcast"


async def post(
    realtime: Realtime, path: str, body: Any, key: str = PUBLISHABLE, bearer: str = "", **more: str
) -> Any:
    """Status, and the body's error if any."""
    headers = {"apikey": key, **({"authorization": f"Bearer {bearer}"} if bearer else {}), **more}
    data = body if isinstance(body, bytes) else json.dumps(body)
    headers.setdefault("content-type", "application/json")
    async with realtime.http() as http, http.post(path, data=data, headers=headers) as answer:
        assert answer.headers["access-control-allow-origin"] == "*"
        return answer.status, (await answer.json())["error"] if answer.status >= 400 else ""


def message(topic: str = "room", private: bool = False, payload: Any = None) -> dict[str, Any]:
    return {"topic": topic, "event": "hi", "payload": payload or {"n": 1}, "private": private}


async def test_a_list(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("room")
        assert await post(realtime, PATH, {"messages": [message(), message("other"), message()]}) == (202, "")
        for _ in range(2):
            assert (await wire.wait("broadcast")).payload == {
                "type": "broadcast",
                "event": "hi",
                "payload": {"n": 1},
            }
        assert await wire.settle() == []


async def test_one_with_names_of_any_kind(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("a/b:{1} ü%2F")
        path = f"{PATH}/a%2Fb%3A%7B1%7D%20%C3%BC%252F/events/e%2F1"
        assert await post(realtime, path, [1, 2]) == (202, "")
        assert (await wire.wait("broadcast")).payload == {
            "type": "broadcast",
            "event": "e/1",
            "payload": [1, 2],
        }


async def test_bytes(realtime: Realtime) -> None:
    async with realtime.wire() as wire:
        await wire.joined("room")
        kind = {"content-type": "application/octet-stream"}
        assert await post(realtime, f"{PATH}/room/events/e", b"\x00\xff", **kind) == (202, "")
        assert (await wire.wait("broadcast")).payload["payload"] == b"\x00\xff"


async def test_private_needs_the_right_to_send(realtime: Realtime) -> None:
    async with realtime.wire() as ann:
        await ann.joined(f"user:{ANN}", token(ANN), private=True)
        path = f"{PATH}/user:{ANN}/events/e"
        denied = f"Unauthorized: You do not have permissions to write to this Channel topic: user:{ANN}"
        assert await post(realtime, f"{path}?private=true", {}) == (403, denied)
        assert await post(realtime, f"{path}?private=true", {}, bearer=token(BEN)) == (403, denied)
        body = {"messages": [message(), message(f"user:{ANN}", private=True)]}
        assert await post(realtime, PATH, body, bearer=token(BEN)) == (403, denied)
        assert await post(realtime, path, {}, bearer=token(ANN)) == (202, "")
        assert await ann.settle() == []
        assert await post(realtime, f"{path}?private=true", {}, bearer=token(ANN)) == (202, "")
        assert await post(realtime, f"{path}?private=true", {}, key=SERVICE) == (202, "")
        assert await post(realtime, f"{path}?private=true", {}, key=SERVICE, bearer=SERVICE) == (202, "")
        for _ in range(3):
            await ann.wait("broadcast")


async def test_bad_credentials(realtime: Realtime) -> None:
    for key, bearer in (("", ""), ("no", ""), (PUBLISHABLE, "no"), (PUBLISHABLE, token(ANN, seconds=-5))):
        status, error = await post(realtime, PATH, {"messages": [message()]}, key=key, bearer=bearer)
        assert status == 401
        assert error.startswith("Unauthorized: ")


async def test_bad_bodies(realtime: Realtime) -> None:
    bodies: tuple[Any, ...] = (
        b"x",
        b"",
        b'{"messages": {}}',
        [],
        {"messages": [1]},
        {"messages": [{"topic": "t", "event": "e"}]},
        {"messages": [message(topic="")]},
        {"messages": [{**message(), "event": 5}]},
        b'{"messages": [{"topic": "t", "event": "e", "payload": NaN}]}',
        b"[" * 50_000,
    )
    for body in bodies:
        assert (await post(realtime, PATH, body))[0] == 422
    one = f"{PATH}/room/events/e"
    assert (await post(realtime, one, b"x"))[0] == 422
    assert (await post(realtime, f"{one}?persist=true", {}))[0] == 422
    assert (await post(realtime, one, b"x", **{"content-type": "text/plain"}))[0] == 415
    assert (await post(realtime, f"{PATH}/{'x' * 256}/events/e", {}))[0] == 422


async def test_limits(realtime: Realtime, realtime_db: Database) -> None:
    status, error = await post(realtime, PATH, {"messages": [message(), message(payload="x" * 300_000)]})
    assert (status, error) == (422, "Payload size exceeds 262144 bytes")
    assert (await post(realtime, PATH, {"messages": [message(payload="x" * 1_200_000)]}))[0] == 413
    async with serving(realtime_db, replace(Limits(), messages_per_second=2)) as slow:
        assert (await post(slow, PATH, {"messages": [message()] * 3}))[0] == 429
        assert (await post(slow, PATH, {"messages": [message()] * 2}))[0] == 202


async def test_a_browser_may_ask(realtime: Realtime) -> None:
    headers = {"origin": "http://a", "access-control-request-headers": "apikey,x-more"}
    async with realtime.http() as http, http.options(PATH, headers=headers) as answer:
        assert answer.status == 204
        assert answer.headers["access-control-allow-headers"] == "apikey,x-more"
