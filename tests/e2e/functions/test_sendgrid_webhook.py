"""The door of SendGrid's events: signed batches reach the message they are about, and nothing else does."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scripts.stack.cluster import free_port
from scripts.stack.parts import server_environment
from scripts.stack.state import State
from tests.support.clusters import PROJECT
from tests.support.functions import project_with, serving

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
HEADER = "X-Twilio-Email-Event-Webhook-"


@pytest.fixture(scope="module")
def door(stack: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Our function, with a key set, before the running platform."""
    project = project_with(tmp_path_factory.mktemp("door"), {})
    for name in ("_shared", "sendgrid"):
        shutil.copytree(PROJECT / "supabase/functions" / name, project / "supabase/functions" / name)
    environment = server_environment(stack) | {"SENDGRID_WEBHOOK_PUBLIC_KEY": PUBLIC}
    with serving(project, free_port(), environment) as client:
        yield client


@pytest.fixture(scope="module")
def database(stack: State) -> Iterator[psycopg.Connection]:
    with psycopg.connect(stack.db_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def told(database: psycopg.Connection) -> UUID:
    """A message that the provider has taken."""
    row = database.execute(
        "insert into public.notifications (email, kind, locale, dedupe_key, status)"
        " values (%s, 'invitation', 'en', %s, 'sent') returning id",
        (f"{uuid4().hex}@example.test", uuid4().hex),
    ).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


def event(told: UUID, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "event": kind, "lamina_id": str(told), "timestamp": int(time.time()), "sg_event_id": uuid4().hex,
        "email": f"{told.hex}@example.test", "ip": "192.0.2.1", **more,
    }  # fmt: skip


def send(
    door: httpx.Client, body: bytes, *, signed: bytes | None = None, at: int | None = None
) -> httpx.Response:
    moment = str(at or int(time.time()))
    signature = KEY.sign(moment.encode() + (body if signed is None else signed), ec.ECDSA(hashes.SHA256()))
    headers = {f"{HEADER}Signature": base64.b64encode(signature).decode(), f"{HEADER}Timestamp": moment}
    return door.post("sendgrid", content=body, headers=headers)


def reach(database: psycopg.Connection, told: UUID, status: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        row = database.execute("select status from public.notifications where id = %s", (told,)).fetchone()
        if row == (status,):
            return
        assert time.monotonic() < deadline, row
        time.sleep(0.1)


def test_signed_events_reach_their_message_once(
    door: httpx.Client, database: psycopg.Connection, told: UUID
) -> None:
    batch = [event(told, "delivered"), event(told, "bounce", status="5.1.1", reason="Zoë ist unbekannt")]
    body = json.dumps(batch, ensure_ascii=False).encode() + b"\r\n"
    for _ in range(3):
        response = send(door, body)
        assert (response.status_code, response.json()) == (200, {"received": True}), response.text
    reach(database, told, "bounced")
    batches = "select events from app.mail_batches where events::text like %s"
    kept = database.execute(batches, (f"%{told}%",)).fetchall()
    assert len(kept) == 1
    assert "192.0.2.1" not in str(kept)
    reason = "select reason from app.suppressions where email = %s"
    assert database.execute(reason, (f"{told.hex}@example.test",)).fetchone() == ("bounced",)


def test_what_sendgrid_did_not_sign_changes_nothing(
    door: httpx.Client, database: psycopg.Connection, told: UUID
) -> None:
    body = json.dumps([event(told, "bounce", status="5.1.1")]).encode()
    forged = send(door, body, signed=body + b" ")
    old = send(door, body, at=int(time.time()) - 2 * 24 * 3600)
    bare = door.post("sendgrid", content=body)
    codes = [(each.status_code, each.json()["code"]) for each in (forged, old, bare)]
    assert codes == [
        (400, "sendgrid.signature_invalid"),
        (400, "sendgrid.signature_stale"),
        (400, "sendgrid.signature_malformed"),
    ]
    delivered = json.dumps([event(told, "delivered")]).encode()
    assert send(door, delivered).status_code == 200
    reach(database, told, "delivered")


def test_without_a_key_nothing_is_believed(stack: State) -> None:
    response = httpx.post(f"{stack.url}/functions/v1/sendgrid", content=b"[]", trust_env=False, timeout=30)
    assert (response.status_code, response.json()["code"]) == (503, "sendgrid.not_configured")
