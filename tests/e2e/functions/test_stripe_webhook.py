"""The door of Stripe's webhooks on the running platform: what it refuses; that it keeps each event once."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from scripts.stack.settings import StackSettings
from scripts.stack.state import State
from tests.support.stripe_events import encoded, signature, snapshot, thin, webhook_secret

AT_ONCE = 50
MEBIBYTE = 1024 * 1024
NO_EFFECT = "topup.created"
"""A type that nothing follows from."""


@pytest.fixture(scope="module")
def secret(stack: State) -> str:
    return webhook_secret(stack)


@pytest.fixture(scope="module")
def door(stack: State) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{stack.url}/functions/v1", timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def database(stack: State) -> Iterator[psycopg.Connection]:
    with psycopg.connect(stack.db_url, autocommit=True) as connection:
        yield connection


def kept(database: psycopg.Connection, events: list[str]) -> list[tuple[str, str, int]]:
    """Id, type and number of jobs of the stored ones."""
    return database.execute(
        "select e.event_id, e.type,"
        " (select count(*) from public.jobs as j where j.args ->> 'event_id' = e.event_id)"
        " from app.stripe_events as e where e.event_id = any(%s)",
        (events,),
    ).fetchall()


def send(door: httpx.Client, body: bytes, said: str | None) -> httpx.Response:
    return door.post("/stripe", content=body, headers={} if said is None else {"stripe-signature": said})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("no header", "stripe.signature_missing"),
        ("garbage", "stripe.signature_malformed"),
        ("forged", "stripe.signature_invalid"),
        ("stale", "stripe.signature_stale"),
        ("early", "stripe.signature_stale"),
        ("truncated", "stripe.signature_invalid"),
        ("written anew", "stripe.signature_invalid"),
    ],
)
def test_what_stripe_did_not_sign_is_refused(
    door: httpx.Client, database: psycopg.Connection, secret: str, change: str, code: str
) -> None:
    event = snapshot("invoice.paid", {"id": "in_1", "object": "invoice"})
    body, now = encoded(event), int(time.time())
    sent = {"truncated": body[:-2], "written anew": json.dumps(event).encode()}.get(change, body)
    said = {
        "no header": None,
        "garbage": "v1",
        "forged": signature(body, "whsec_guessed"),
        "stale": signature(body, secret, now - 301),
        "early": signature(body, secret, now + 330),
    }.get(change, signature(body, secret))
    response = send(door, sent, said)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert set(response.json()) == {"code", "message"}
    assert kept(database, [event["id"]]) == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"object":"event"}', b"\xff\xfe", b"id=evt_1"])
def test_a_signed_body_that_is_no_event_is_refused(door: httpx.Client, secret: str, body: bytes) -> None:
    response = send(door, body, signature(body, secret))
    assert (response.status_code, response.json()["code"]) == (400, "stripe.event_malformed")


def test_a_large_body_is_refused_with_or_without_a_length(door: httpx.Client, secret: str) -> None:
    body = encoded(snapshot(NO_EFFECT, {"padding": "x" * MEBIBYTE}))
    headers = {"stripe-signature": signature(body, secret)}
    whole = door.post("/stripe", content=body, headers=headers)
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    chunked = door.post("/stripe", content=pieces, headers=headers)
    for response in (whole, chunked):
        assert (response.status_code, response.json()["code"]) == (413, "stripe.body_too_large")
    below = encoded(snapshot(NO_EFFECT, {"padding": "x" * (MEBIBYTE // 2 - 2000)}))
    assert send(door, below, signature(below, secret)).status_code == 200


def test_a_sender_that_breaks_off_harms_nobody(door: httpx.Client, stack: State, secret: str) -> None:
    head = b"POST /functions/v1/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", stack.ports["functions"])) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(10)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"stripe.body_incomplete" in answer
    body = encoded(snapshot(NO_EFFECT, {}))
    assert send(door, body, signature(body, secret)).status_code == 200


def test_other_methods_are_refused(door: httpx.Client) -> None:
    for method in ("GET", "PUT", "DELETE"):
        response = door.request(method, "/stripe")
        assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_an_event_is_kept_once_with_one_job(
    door: httpx.Client, database: psycopg.Connection, secret: str
) -> None:
    about = {
        "id": f"in_{uuid4().hex}",
        "object": "invoice",
        "customer": f"cus_{uuid4().hex}",
        "note": "Zoë 😀",
    }
    event = snapshot("invoice.paid", about)
    body = encoded(event)
    for _ in range(3):
        response = send(door, body, signature(body, secret))
        assert (response.status_code, response.json()) == (200, {"received": True})
    assert kept(database, [event["id"]]) == [(event["id"], "invoice.paid", 1)]


def test_a_thin_event_passes(door: httpx.Client, database: psycopg.Connection, secret: str) -> None:
    kind = "v1.billing.meter.error_report_triggered"
    event = thin(kind, {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"})
    body = encoded(event)
    assert send(door, body, signature(body, secret)).status_code == 200
    assert kept(database, [event["id"]]) == [(event["id"], kind, 1)]


def test_many_at_once_are_each_kept_once(stack: State, database: psycopg.Connection, secret: str) -> None:
    """Fifty different ones and fifty times the same, all in flight together."""
    same = snapshot("invoice.paid", {"id": f"in_{uuid4().hex}", "customer": f"cus_{uuid4().hex}"})
    events = [snapshot("invoice.paid", {"id": f"in_{uuid4().hex}"}) for _ in range(AT_ONCE)]
    statuses = asyncio.run(_all_at_once(stack, secret, [*events, *[same] * AT_ONCE]))
    assert statuses == [200] * 2 * AT_ONCE
    wanted = sorted((event["id"], "invoice.paid", 1) for event in [*events, same])
    assert sorted(kept(database, [event["id"] for event in [*events, same]])) == wanted


async def _all_at_once(stack: State, secret: str, events: list[dict[str, object]]) -> list[int]:
    limits = httpx.Limits(max_connections=len(events))
    async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as client:

        async def one(event: dict[str, object]) -> int:
            body = encoded(event)
            headers = {"stripe-signature": signature(body, secret)}
            url = f"{stack.url}/functions/v1/stripe"
            return (await client.post(url, content=_slowly(body), headers=headers)).status_code

        return await asyncio.gather(*(one(event) for event in events))


async def _slowly(body: bytes) -> AsyncIterator[bytes]:
    """In two pieces, so that bodies of all deliveries are open at the same time."""
    yield body[:100]
    await asyncio.sleep(0)
    yield body[100:]


@pytest.mark.parametrize("key", ["publishable", "none"])
def test_clients_cannot_reach_behind_the_door(stack: State, database: psycopg.Connection, key: str) -> None:
    event = snapshot(NO_EFFECT, {})
    headers = {"apikey": stack.publishable_key} if key == "publishable" else {}
    rpc = f"{stack.url}/rest/v1/rpc/receive_stripe_event"
    response = httpx.post(rpc, json={"p_event": event}, headers=headers)
    assert response.status_code in (401, 403, 404), response.text
    assert kept(database, [event["id"]]) == []


def test_the_log_has_a_line_for_each_delivery_and_no_secret(
    door: httpx.Client, settings: StackSettings, secret: str
) -> None:
    event = snapshot(NO_EFFECT, {"email": f"{uuid4().hex}@example.test"})
    body = encoded(event)
    send(door, body, signature(body, secret))
    send(door, body, signature(body, secret))
    log = (Path(settings.lamina_state_dir) / "logs" / "functions.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if event["id"] in line]
    assert [(line["type"], line["outcome"]) for line in lines] == [
        (NO_EFFECT, "ignored"),
        (NO_EFFECT, "duplicate"),
    ]
    assert secret not in log
    assert event["data"]["object"]["email"] not in log
