"""The twin's one Stripe account during one request: its objects, and the events of their changes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from scripts.stack.payments.config import API_VERSION
from scripts.stack.payments.errors import missing, unreferenced
from scripts.stack.payments.expand import embed
from scripts.stack.payments.store import Obj, Store

NAMES = {
    "billing.meter": "meter",
    "checkout.session": "checkout.session",
    "billing_portal.session": "billing portal session",
    "v2.core.event": "event",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """The API request that caused events; empty for what people do on pages."""

    id: str | None = None
    idempotency_key: str | None = None


class Account:
    """Used inside a transaction of the store. ``now`` is whole seconds, as everywhere at Stripe."""

    def __init__(self, store: Store, public_url: str, now: int, origin: Origin) -> None:
        self.store, self.public_url, self.now = store, public_url, now
        self.origin = origin

    def find(self, kind: str, id: str | None) -> Obj | None:
        """None when there is no such object."""
        found = self.store.get(id) if id else None
        return found if found and found["object"] == kind else None

    def get(self, kind: str, id: str) -> Obj:
        """The object of the address. Raises 404 ``resource_missing``."""
        found = self.find(kind, id)
        if found is None:
            raise missing(NAMES.get(kind, kind), id)
        return found

    def refer(self, kind: str, id: str, param: str) -> Obj:
        """The object that a parameter names. Raises 400 ``resource_missing``."""
        found = self.find(kind, id)
        if found is None or found.get("deleted"):
            raise unreferenced(NAMES.get(kind, kind), id, param)
        return found

    def all(self, kind: str) -> list[Obj]:
        """Newest first."""
        return self.store.all(kind)

    def save(self, thing: Obj, event: str | None = None) -> Obj:
        """Keeps it; an ``.updated`` event tells what the changed fields were before."""
        before = self.store.get(thing["id"]) if event and event.endswith(".updated") else None
        self.store.put(thing)
        if event:
            changed = {name: was for name, was in (before or {}).items() if thing.get(name) != was}
            self.emit(event, thing, changed)
        return thing

    def emit(self, kind: str, thing: Obj, previous: Obj | None = None) -> Obj:
        """A snapshot event, on its way to the webhook once the transaction is committed."""
        data: Obj = {"object": embed(self.find, thing)}
        if previous:
            data["previous_attributes"] = previous
        return self._send(
            {
                "id": new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": self.now,
                "data": data,
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": self.origin.id, "idempotency_key": self.origin.idempotency_key},
                "type": kind,
            }
        )

    def emit_thin(self, event: Obj) -> Obj:
        """An event of the v2 API; its ``data`` is not delivered but has to be fetched."""
        return self._send(event)

    def _send(self, event: Obj) -> Obj:
        self.store.put(event)
        self.store.send(event["id"], self.now)
        return event


def new_id(prefix: str) -> str:
    """Random, with Stripe's prefix of the kind."""
    return f"{prefix}_{secrets.token_hex(12)}"
