"""Salesforce's REST API: contacts are upserted as leads or contacts by an External ID that holds our id.

`PATCH /services/data/vXX.0/sobjects/<object>/<field>/<id>` answers 201 (made), 200 or 204 (changed), 300 (the
field is not unique and several have it), 404 (no such field). The header `Sforce-Limit-Info: api-usage=a/b`
tells how much of the day's requests is used.
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from worker.errors import ProviderError, ProviderRateLimited, ProviderRejected
from worker.providers.crm import calling
from worker.providers.crm.port import Access, Checked, Person, Pushed, Receipt
from worker.providers.crm.salesforce_session import PROVIDER, Session
from worker.providers.vendors import faults

VERSION = "v62.0"
BATCH = 100
AT_ONCE = 4

SHARE_LEFT = 0.05
"""So much of a day's requests is left to the customer's other programs."""

LIMIT_SECONDS = 3600.0

_USAGE = re.compile(r"api-usage=(?P<used>\d+)/(?P<limit>\d+)")
_WRONG_FIELDS = {"INVALID_FIELD", "INVALID_TYPE", "INVALID_FIELD_FOR_INSERT_UPDATE"}
_LATER = {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE"}


class Salesforce:
    """`base_url` replaces the customer's own domain and instance, for tests."""

    name = PROVIDER
    batch = BATCH
    is_repeatable = True
    is_offline = False

    def __init__(
        self, base_url: str | None = None, *, connect_timeout: float = 5.0, timeout: float = 30.0
    ) -> None:
        self._base_url = base_url
        self._http = calling.client(connect_timeout, timeout)

    def view(self, settings: Mapping[str, str], person: Person) -> Mapping[str, Any] | None:
        """See the port. A lead must have a last name and a company; the id travels in the address."""
        first, last = calling.names_of(person.name)
        if not (last or person.email):
            return None
        fields = {
            "FirstName": first,
            "LastName": last or person.email,
            "Email": person.email,
            "Phone": person.phone,
            "Title": person.job_title,
            "LeadSource": person.source,
            "Company": (person.company or "Unknown") if settings["object"] == "Lead" else None,
            "HasOptedOutOfEmail": True if person.consent == "withdrawn" else None,
        }
        return {name: value for name, value in fields.items() if value}

    async def check(self, access: Access) -> Checked:
        """See the port: the object has the field, and it is an external id."""
        session = self._session(access)
        target, wanted = access.settings["object"], access.settings["external_id_field"]
        response = await session.call("GET", f"/services/data/{VERSION}/sobjects/{target}/describe")
        body = calling.body_of(response)
        if not response.is_success:
            raise _fault(response, _errors(body))
        found = [field for field in (body or {}).get("fields") or () if str(field.get("name", "")) == wanted]
        if not found or not found[0].get("externalId"):
            raise _no_field()
        return Checked(access.settings["domain"], session.renewed)

    async def push(self, access: Access, people: Sequence[Person]) -> Pushed:
        """See the port."""
        session = self._session(access)
        settings = access.settings
        base = f"/services/data/{VERSION}/sobjects/{settings['object']}/{settings['external_id_field']}"

        async def send(person: Person) -> Receipt:
            body = self.view(settings, person)
            response = await session.call("PATCH", f"{base}/{person.id}", json=body)
            receipt = _receipt(person, response)
            _heed_limit(response)
            return receipt

        try:
            await session.open()
        except ProviderError as error:
            return Pushed([], error)
        receipts, stopped = await calling.each(people, send, at_once=AT_ONCE)
        return Pushed(receipts, stopped, session.renewed)

    async def close(self) -> None:
        await self._http.aclose()

    def _session(self, access: Access) -> Session:
        return Session(self._http, access, self._base_url)


def _receipt(person: Person, response: httpx.Response) -> Receipt:
    body = calling.body_of(response)
    if response.is_success:
        return Receipt(person.id, remote_id=calling.text_of(body, "id") or None)
    errors = _errors(body)
    codes = {code for code, _ in errors}
    is_about_person = response.status_code == 400 and not codes & (_WRONG_FIELDS | _LATER)
    if response.status_code == 300 or is_about_person:
        return Receipt(person.id, "refused", None, *_refusal(response.status_code, errors))
    raise _fault(response, errors)


def _refusal(status: int, errors: Sequence[tuple[str, str]]) -> tuple[str, str]:
    if status == 300:
        return "crm.ambiguous", "Several records in Salesforce have this contact's id; merge them there."
    said = "; ".join(f"{code}: {words}" for code, words in errors)[: calling.LONGEST_DETAIL]
    return "crm.contact_refused", f"Salesforce refused the contact: {said}"


def _heed_limit(response: httpx.Response) -> None:
    """Raises ProviderRateLimited when the day's requests are nearly used up.

    The person of this answer was taken all the same and is sent once more later, which changes nothing.
    """
    usage = _USAGE.search(response.headers.get("sforce-limit-info", ""))
    if usage and int(usage["used"]) >= (1 - SHARE_LEFT) * int(usage["limit"]):
        raise _limited("Nearly all requests of the day to Salesforce are used.")


def _fault(response: httpx.Response, errors: Sequence[tuple[str, str]]) -> ProviderError:
    codes = {code for code, _ in errors}
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        return _limited("All requests of the day to Salesforce are used.")
    if codes & _LATER:
        return faults.unavailable(PROVIDER)
    if response.status_code == 404:
        return _no_field()
    if codes & _WRONG_FIELDS:
        return ProviderRejected(
            "crm.field_refused",
            f"Salesforce does not let us write a field: {errors[0][1]}",
            provider=PROVIDER,
        )
    return calling.fault(PROVIDER, response, "; ".join(words for _, words in errors))


def _no_field() -> ProviderRejected:
    return ProviderRejected(
        "crm.target_missing",
        "Salesforce has no such object with this field as External ID, or does not show it to us.",
        provider=PROVIDER,
    )


def _limited(sentence: str) -> ProviderRateLimited:
    return ProviderRateLimited(
        "provider.rate_limited", sentence, provider=PROVIDER, retry_after=LIMIT_SECONDS
    )


def _errors(body: Any) -> list[tuple[str, str]]:
    """Code and words of each error in the list that Salesforce answers with."""
    listed = body if isinstance(body, list) else []
    return [(calling.text_of(error, "errorCode"), calling.text_of(error, "message")) for error in listed]
