"""Mailchimp's Marketing API 3.0 (https://mailchimp.com/developer/marketing/api/).

People with consent become members of an audience. Who is new goes in batches that change no existing member;
everyone else by PUT with `status_if_new`, which leaves the status of a member alone: who unsubscribed there
is never subscribed again. Who withdrew consent here is unsubscribed there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from worker.errors import ProviderError, ProviderRejected
from worker.providers.crm import calling
from worker.providers.crm.port import Access, Checked, Person, Pushed, Receipt
from worker.providers.vendors import faults

PROVIDER = "mailchimp"
BATCH = 500
"""Members that one request may hold."""
AT_ONCE = 4
"""Mailchimp closes the door at ten connections of one key."""

_KEY = re.compile(r"[0-9a-f]{32}-(?P<dc>[a-z]{2}[0-9]{1,3})")


class Mailchimp:
    """`base_url` replaces the host that a key names, for tests."""

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
        """See the port."""
        if not person.email or person.consent == "unknown":
            return None
        if person.consent == "withdrawn":
            return {"status": "unsubscribed"}
        return {"email_address": person.email.strip(), **_profile(person), "status_if_new": "subscribed"}

    async def check(self, access: Access) -> Checked:
        """See the port."""
        response = await self._call(access, "GET", "", params={"fields": "name"})
        if response.is_success:
            return Checked(calling.text_of(calling.body_of(response), "name"))
        raise _fault(response)

    async def push(self, access: Access, people: Sequence[Person]) -> Pushed:
        """See the port."""
        receipts: list[Receipt] = []
        first = _newcomers(people)
        try:
            if first:
                receipts = await self._push_new(access, first)
        except ProviderError as error:
            return Pushed(receipts, error)
        done = {receipt.person_id for receipt in receipts}

        async def send(person: Person) -> Receipt:
            return await self._push_one(access, person)

        rest = [person for person in people if person.id not in done]
        more, stopped = await calling.each(rest, send, at_once=AT_ONCE)
        return Pushed([*receipts, *more], stopped)

    async def close(self) -> None:
        await self._http.aclose()

    async def _push_new(self, access: Access, people: Sequence[Person]) -> list[Receipt]:
        """Of those the batch settled; members that exist already are left to be asked one by one."""
        members = [
            {"email_address": _address(person), "status": "subscribed", **_profile(person)}
            for person in people
        ]
        body = {"members": members, "update_existing": False}
        response = await self._call(access, "POST", "", json=body, params={"skip_merge_validation": "true"})
        if not response.is_success:
            raise _fault(response)
        answer = calling.body_of(response)
        if not isinstance(answer, dict):
            raise faults.bad_response(PROVIDER)
        by_address = {_address(person).lower(): person for person in people}
        return _receipts(answer, by_address)

    async def _push_one(self, access: Access, person: Person) -> Receipt:
        path = f"/members/{hashlib.md5(_address(person).lower().encode(), usedforsecurity=False).hexdigest()}"
        withdrawn = person.consent == "withdrawn"
        response = await self._call(
            access,
            "PATCH" if withdrawn else "PUT",
            path,
            json=self.view(access.settings, person),
            params={"skip_merge_validation": "true"},
        )
        if withdrawn and response.status_code == 404:
            return Receipt(person.id)
        if response.is_success:
            return _settled(person, calling.body_of(response))
        return _refused(person, response)

    async def _call(self, access: Access, method: str, path: str, **request: Any) -> httpx.Response:
        key = access.credentials.get("api_key", "")
        match = _KEY.fullmatch(key)
        if match is None:
            raise faults.unauthorised(PROVIDER)
        base = self._base_url or f"https://{match['dc']}.api.mailchimp.com"
        url = f"{base.rstrip('/')}/3.0/lists/{access.settings['list_id']}{path}"
        return await calling.call(self._http, PROVIDER, method, url, auth=("lamina", key), **request)


def _newcomers(people: Sequence[Person]) -> list[Person]:
    """Whom a batch may add: with consent, not known, the first with their address."""
    found: dict[str, Person] = {}
    for person in people:
        if person.consent == "granted" and not person.is_known:
            found.setdefault(_address(person).lower(), person)
    return list(found.values())


def _receipts(answer: Mapping[str, Any], by_address: Mapping[str, Person]) -> list[Receipt]:
    """From the answer to a batch: `new_members` with their ids, `errors` with `error_code` each."""
    receipts = []
    for member in answer.get("new_members") or ():
        person = by_address.get(calling.text_of(member, "email_address").lower())
        if person is not None:
            receipts.append(Receipt(person.id, remote_id=calling.text_of(member, "id") or None))
    for error in answer.get("errors") or ():
        person = by_address.get(calling.text_of(error, "email_address").lower())
        if person is not None and calling.text_of(error, "error_code") != "ERROR_CONTACT_EXISTS":
            said = calling.text_of(error, "error")
            receipts.append(Receipt(person.id, "refused", None, *_refusal(said)))
    return receipts


def _settled(person: Person, member: Any) -> Receipt:
    """A member that is not subscribed there in spite of consent here is said to be so."""
    remote_id = calling.text_of(member, "id") or None
    if person.consent == "withdrawn" or calling.text_of(member, "status") != "unsubscribed":
        return Receipt(person.id, remote_id=remote_id)
    is_later = _is_later(calling.text_of(member, "last_changed"), person.consent_at)
    return Receipt(person.id, "refused", remote_id, *_unsubscribed(), has_unsubscribed=is_later)


def _is_later(changed: str, consent_at: datetime | None) -> bool:
    """Whether the person unsubscribed after consenting; without a time of consent it counts."""
    if consent_at is None:
        return True
    try:
        return datetime.fromisoformat(changed) > consent_at
    except (ValueError, TypeError):
        return False


def _refused(person: Person, response: httpx.Response) -> Receipt:
    """A 400 is about this person. Raises for everything else, which is about the connection."""
    if response.status_code != 400:
        raise _fault(response)
    body = calling.body_of(response)
    said = " ".join((calling.text_of(body, "title"), calling.text_of(body, "detail")))
    return Receipt(person.id, "refused", None, *_refusal(said))


def _refusal(said: str) -> tuple[str, str]:
    if re.search(r"compliance state|permanently deleted|forgotten", said, re.I):
        return _unsubscribed()
    return "crm.contact_refused", f"Mailchimp refused the contact: {said.strip()}"


def _unsubscribed() -> tuple[str, str]:
    return "crm.unsubscribed", "The person left the audience at Mailchimp; only they can subscribe again."


def _fault(response: httpx.Response) -> ProviderError:
    if response.status_code == 404:
        return ProviderRejected(
            "crm.target_missing", "Mailchimp has no such audience for this key.", provider=PROVIDER
        )
    return calling.fault(PROVIDER, response, calling.text_of(calling.body_of(response), "detail"))


def _address(person: Person) -> str:
    return (person.email or "").strip()


def _profile(person: Person) -> dict[str, Any]:
    """Merge fields that every audience has from the start."""
    first, last = calling.names_of(person.name)
    language = {"language": person.language} if person.language else {}
    return {"merge_fields": {"FNAME": first, "LNAME": last}, **language}
