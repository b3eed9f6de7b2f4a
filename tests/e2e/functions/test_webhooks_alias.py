"""/webhooks/stripe is the same door as /stripe: what one has kept is a duplicate at the other."""

from __future__ import annotations

import httpx
import psycopg
import pytest

from scripts.stack.state import State
from tests.support.stripe_events import encoded, signature, snapshot, webhook_secret


def post(stack: State, name: str, body: bytes, said: str) -> httpx.Response:
    address = f"{stack.url}/functions/v1/{name}"
    return httpx.post(address, content=body, headers={"stripe-signature": said}, timeout=30, trust_env=False)


def test_both_addresses_keep_an_event_once(stack: State) -> None:
    event = snapshot("topup.created", {"id": "tu_alias", "object": "topup"})
    body = encoded(event)
    said = signature(body, webhook_secret(stack))
    for name in ("webhooks/stripe", "stripe", "webhooks/stripe"):
        response = post(stack, name, body, said)
        assert (response.status_code, response.json()) == (200, {"received": True})
    with psycopg.connect(stack.db_url) as connection:
        kept = connection.execute(
            "select count(*) from app.stripe_events where event_id = %s", (event["id"],)
        ).fetchone()
    assert kept == (1,)


def test_it_asks_for_the_same_signature(stack: State) -> None:
    response = post(stack, "webhooks/stripe", b"{}", "v1")
    assert (response.status_code, response.json()["code"]) == (400, "stripe.signature_malformed")


@pytest.mark.parametrize("name", ["webhooks", "webhooks/paypal", "webhooks/stripe/more"])
def test_nobody_else_is_behind_it(stack: State, name: str) -> None:
    response = post(stack, name, b"{}", "v1")
    assert (response.status_code, response.json()["code"]) == (404, "webhooks.unknown")
