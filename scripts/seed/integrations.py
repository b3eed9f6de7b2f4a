"""A connection of the example team: its ERP sends a customer, signed as the ERP would."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import httpx

from scripts.seed.person import Person, SeedFailed

NAME = "ERP"
SETTINGS = {
    "fields": {
        "external_id": "customer.number",
        "email": "customer.mail",
        "name": "customer.contact",
        "company": "customer.company",
        "country": "customer.country",
    }
}
EVENT = {
    "id": "erp-2026-0001",
    "customer": {
        "number": 10471,
        "mail": "j.devries@havendienst.example",
        "contact": "Joke de Vries",
        "company": "Havendienst Noord",
        "country": "NL",
    },
}


def plant_connection(owner: Person, url: str, workspace_id: str) -> int:
    """1 when it was not there before. Raises SeedFailed."""
    if owner.rows("connections", workspace_id=workspace_id, name=NAME):
        return 0
    made = owner.rpc(
        "create_connection", workspace_id=workspace_id, kind="generic", name=NAME, settings=SETTINGS
    )
    text = json.dumps(EVENT)
    stamp = int(time.time())
    digest = hmac.new(made["secret"].encode(), f"{stamp}.{text}".encode(), hashlib.sha256).hexdigest()
    try:
        answer = httpx.post(
            f"{url}/functions/v1/inbound?connection={made['connection_id']}",
            content=text,
            headers={"Content-Type": "application/json", "Lamina-Signature": f"t={stamp},v1={digest}"},
            timeout=30,
        )
    except httpx.HTTPError as error:
        raise SeedFailed("The ERP's event did not reach the function inbound.") from error
    if not answer.is_success:
        raise SeedFailed(f"The function inbound refused the ERP's event: HTTP {answer.status_code}.")
    return 1
