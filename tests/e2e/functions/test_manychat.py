"""The door of ManyChat on the running platform: what it refuses; that it keeps once and acknowledges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from scripts.stack.settings import StackSettings
from scripts.stack.state import State
from tests.support.actors import Actor, sign_up

AT_ONCE = 50
ACK = {
    "version": "v2",
    "content": {"type": "whatsapp", "messages": [{"type": "text", "text": "OK, bien reçu"}]},
}


@dataclass(frozen=True)
class Channel:
    id: str
    secret: str
    owner: Actor

    def post(self, door: httpx.Client, body: Any, *, secret: str | None = None) -> httpx.Response:
        headers = {"x-lamina-secret": self.secret if secret is None else secret}
        return door.post(f"/manychat?channel={self.id}", json=body, headers=headers)


@pytest.fixture(scope="module")
def door(stack: State) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{stack.url}/functions/v1", timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def database(stack: State) -> Iterator[psycopg.Connection]:
    with psycopg.connect(stack.dsn("supabase_admin"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def channel(database: psycopg.Connection) -> Channel:
    """Of a new person's own workspace on plan free; it has no key, so nothing leaves this machine."""
    owner = sign_up(database, "whatsapp")
    with database.transaction():
        database.execute("set local role authenticated")
        database.execute("select set_config('request.jwt.claims', %s, true)", (json.dumps(owner.claims()),))
        row = database.execute(
            "select public.create_channel(w.id, 'WhatsApp') from public.workspaces as w"
        ).fetchone()
    assert row is not None
    return Channel(row[0]["channel_id"], row[0]["secret"], owner)


def person() -> str:
    return str(uuid4().int)[:12]


def contact(subscriber: str, text: str, **more: Any) -> dict[str, Any]:
    """As ManyChat sends full contact data, shortened."""
    moment = "2026-11-21T08:00:00+00:00"
    return {
        "id": subscriber,
        "last_input_text": text,
        "last_interaction": moment,
        "language": "French",
        **more,
    }


def kept(database: psycopg.Connection, subscriber: str) -> list[str]:
    """What this person wrote, in order."""
    rows = database.execute(
        "select m.content from public.messages as m join public.contact_identities as i using (contact_id)"
        " where i.subscriber_id = %s and m.role = 'user' order by m.seq",
        (subscriber,),
    )
    return [text for (text,) in rows]


def test_a_message_is_acknowledged_and_kept_once(
    door: httpx.Client, database: psycopg.Connection, channel: Channel
) -> None:
    someone = person()
    for _ in range(3):
        response = channel.post(door, contact(someone, "Vos horaires, Zoë 😀 ?"))
        assert (response.status_code, response.json()) == (200, ACK)
    assert kept(database, someone) == ["Vos horaires, Zoë 😀 ?"]


@pytest.mark.parametrize(
    ("secret", "body", "status", "code"),
    [
        ("", None, 401, "channel.unauthorised"),
        ("guessed", None, 401, "channel.unauthorised"),
        (None, {"id": "x", "text": "y"}, 400, "channel.bad_message"),
        (None, {"text": "y"}, 400, "channel.bad_message"),
        (None, {"id": "1", "text": "x" * 70_000}, 413, "channel.body_too_large"),
    ],
)
def test_what_it_refuses(
    door: httpx.Client,
    database: psycopg.Connection,
    channel: Channel,
    secret: str | None,
    body: Any,
    status: int,
    code: str,
) -> None:
    someone = person()
    response = channel.post(door, body or contact(someone, "Hello"), secret=secret)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert set(response.json()) == {"code", "message"}
    assert kept(database, someone) == []


def test_what_comes_without_words_is_kept_and_answered(
    door: httpx.Client, database: psycopg.Connection, channel: Channel
) -> None:
    someone = person()
    photo = contact(someone, "https://many.example.test/u/photo.jpg")
    for body in (photo, photo, {"id": someone}):
        response = channel.post(door, body)
        assert response.status_code == 200
        (said,) = response.json()["content"]["messages"]
        assert said["text"] == "Je ne lis que du texte pour l’instant."
    assert kept(database, someone) == ["[image]", "[attachment]"]


def test_clients_cannot_reach_behind_the_door(stack: State, channel: Channel) -> None:
    message = {"subscriber_id": "1", "text": "x"}
    body = {"p_channel_id": channel.id, "p_secret": channel.secret, "p_message": message}
    rpc = f"{stack.url}/rest/v1/rpc/receive_manychat"
    for headers in ({}, {"apikey": stack.publishable_key}):
        response = httpx.post(rpc, json=body, headers=headers, trust_env=False)
        assert response.status_code in (401, 403, 404), response.text


def test_two_within_a_moment_make_one_conversation_in_order(
    stack: State, database: psycopg.Connection, channel: Channel
) -> None:
    """The second is sent before the first is answered."""
    someone = person()
    bodies = [contact(someone, text, message_id=text) for text in ("First", "Second")]
    statuses = asyncio.run(_staggered(stack, channel, bodies))
    assert statuses == [200, 200]
    assert sorted(kept(database, someone)) == ["First", "Second"]
    conversations = database.execute(
        "select count(*) from public.conversations join public.contact_identities using (contact_id)"
        " where subscriber_id = %s",
        (someone,),
    ).fetchone()
    assert conversations == (1,)


async def _staggered(stack: State, channel: Channel, bodies: list[dict[str, Any]]) -> list[int]:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:

        async def one(number: int, body: dict[str, Any]) -> int:
            await asyncio.sleep(number * 0.1)
            url = f"{stack.url}/functions/v1/manychat?channel={channel.id}"
            headers = {"x-lamina-secret": channel.secret}
            return (await client.post(url, json=body, headers=headers)).status_code

        return await asyncio.gather(*(one(number, body) for number, body in enumerate(bodies)))


def test_many_at_once_are_each_kept_once(
    stack: State, database: psycopg.Connection, channel: Channel
) -> None:
    """Messages of as many people, each twice, all in flight together. Beyond the plan they are kept too."""
    people = [person() for _ in range(AT_ONCE)]
    bodies = [contact(someone, f"From {someone}") for someone in people] * 2
    statuses = asyncio.run(_all(stack, channel, bodies))
    assert statuses == [200] * 2 * AT_ONCE
    assert [kept(database, someone) for someone in people] == [[f"From {someone}"] for someone in people]


async def _all(stack: State, channel: Channel, bodies: list[dict[str, Any]]) -> list[int]:
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as client:
        url = f"{stack.url}/functions/v1/manychat?channel={channel.id}"
        headers = {"x-lamina-secret": channel.secret}
        answers = await asyncio.gather(*(client.post(url, json=body, headers=headers) for body in bodies))
    return [answer.status_code for answer in answers]


def test_the_log_has_a_line_for_each_message_and_no_secret(
    door: httpx.Client, settings: StackSettings, channel: Channel
) -> None:
    words = f"Private {uuid4().hex}"
    channel.post(door, contact(person(), words))
    log = (Path(settings.lamina_state_dir) / "logs" / "functions.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if channel.id in line]
    assert {line["event"] for line in lines} == {"manychat message"}
    assert lines[-1]["outcome"] in ("accepted", "unavailable")
    assert channel.secret not in log
    assert words not in log
