"""Google Analytics 4 by the Measurement Protocol: a change of a contact's lifecycle becomes an event.

`POST /mp/collect?measurement_id=…&api_secret=…` always answers 2xx, whatever becomes of the event, and counts
what comes twice twice. `/debug/mp/collect` checks the shape of an event, but neither secret nor measurement
id. Names of events are those Google recommends for leads. No name, address or id of ours is sent: `client_id`
is made from a hash of the contact's id.
https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx

from worker.errors import ProviderError, ProviderRejected
from worker.providers.crm import calling
from worker.providers.crm.port import Access, Checked, Person, Pushed, Receipt
from worker.providers.vendors import faults

PROVIDER = "google_analytics"
EU_URL = "https://region1.google-analytics.com"

EVENTS = {
    "lead": "generate_lead",
    "qualified": "qualify_lead",
    "customer": "close_convert_lead",
    "lost": "close_unconvert_lead",
}
"""By lifecycle; a mere subscriber is no event."""


class GoogleAnalytics:
    """One event a request: `client_id` belongs to a request, and every contact has its own."""

    name = PROVIDER
    batch = 1
    is_repeatable = False
    is_offline = False

    def __init__(self, base_url: str, *, connect_timeout: float = 5.0, timeout: float = 30.0) -> None:
        self._base_url = base_url
        self._http = calling.client(connect_timeout, timeout)

    def view(self, settings: Mapping[str, str], person: Person) -> Mapping[str, Any] | None:
        """See the port. Only the stage counts: other changes of a contact are no event."""
        event = EVENTS.get(person.lifecycle)
        return {"event": event} if event else None

    async def check(self, access: Access) -> Checked:
        """See the port. A wrong secret cannot be told: Google checks shapes only."""
        body = body_of(Person(_NOBODY, lifecycle="lead"))
        url = f"{self._base(access)}/debug/mp/collect"
        response = await calling.call(
            self._http, PROVIDER, "POST", url, params=_query(access), json=_strict(body)
        )
        if not response.is_success:
            raise calling.fault(PROVIDER, response)
        said = calling.body_of(response)
        if not isinstance(said, dict):
            raise faults.bad_response(PROVIDER)
        if messages := said.get("validationMessages"):
            words = calling.text_of(messages[0], "description")
            raise ProviderRejected(
                "crm.event_refused", f"Google Analytics refused the event: {words}", provider=PROVIDER
            )
        return Checked(access.settings["measurement_id"])

    async def push(self, access: Access, people: Sequence[Person]) -> Pushed:
        """See the port."""
        receipts: list[Receipt] = []
        for person in people:
            try:
                receipts.append(await self._push_one(access, person))
            except ProviderError as error:
                return Pushed(receipts, error)
        return Pushed(receipts)

    async def close(self) -> None:
        await self._http.aclose()

    async def _push_one(self, access: Access, person: Person) -> Receipt:
        """Raises only when the event was surely not taken."""
        url = f"{self._base(access)}/mp/collect"
        try:
            response = await self._http.post(url, params=_query(access), json=body_of(person))
        except calling.NOT_SENT as error:
            raise faults.unavailable(PROVIDER) from error
        except httpx.HTTPError:
            return Receipt(person.id, "unknown", None, *_lost())
        if response.is_success:
            return Receipt(person.id)
        if response.status_code in (408, 429, 503):
            raise calling.fault(PROVIDER, response)
        if response.status_code >= 500:
            return Receipt(person.id, "unknown", None, *_lost())
        return Receipt(person.id, "refused", None, *_refusal(response.status_code))

    def _base(self, access: Access) -> str:
        is_eu = access.settings.get("region") == "eu" and _is_google(self._base_url)
        return (EU_URL if is_eu else self._base_url).rstrip("/")


_NOBODY = UUID(int=0)


def _lost() -> tuple[str, str]:
    return "crm.outcome_unknown", "Nobody knows whether Google Analytics took the event; it is not repeated."


def _refusal(status: int) -> tuple[str, str]:
    return "crm.event_refused", f"Google Analytics refused the event ({status})."


def body_of(person: Person) -> dict[str, Any]:
    """The request for a person with a view."""
    number = int.from_bytes(hashlib.sha256(person.id.bytes).digest()[:8])
    params = {"session_id": str(number % 10**10), "engagement_time_msec": 1}
    if person.source:
        params["lead_source"] = person.source[:100]
    return {
        "client_id": f"{number % 10**10}.{number // 10**10}",
        "consent": {"ad_user_data": "DENIED", "ad_personalization": "DENIED"},
        "events": [{"name": EVENTS[person.lifecycle], "params": params}],
    }


def _strict(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "validation_behavior": "ENFORCE_RECOMMENDATIONS"}


def _query(access: Access) -> dict[str, str]:
    return {
        "measurement_id": access.settings["measurement_id"],
        "api_secret": access.credentials["api_secret"],
    }


def _is_google(url: str) -> bool:
    return url.rstrip("/") == "https://www.google-analytics.com"
