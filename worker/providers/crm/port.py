"""The port of every system that contacts are sent to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from worker.errors import ProviderError

Consent = Literal["granted", "withdrawn", "unknown"]
Fate = Literal["synced", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Token:
    """What a vendor gave for the credentials, and where it is good."""

    value: str
    instance_url: str


@dataclass(frozen=True, slots=True)
class Access:
    """A connection's settings and credentials, as `app.connection_fields` lists them by kind."""

    settings: Mapping[str, str]
    credentials: Mapping[str, str] = field(repr=False)
    token: Token | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """A contact. `consent` is for e-mail; `is_known`: the system has taken this contact before."""

    id: UUID
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    company: str | None = None
    job_title: str | None = None
    source: str | None = None
    country: str | None = None
    lifecycle: str = "subscriber"
    consent: Consent = "unknown"
    consent_at: datetime | None = None
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one person; `has_unsubscribed`: the person said so there, after consenting here.

    `unknown` is only for systems that are not repeatable: it may have been counted.
    """

    person_id: UUID
    fate: Fate = "synced"
    remote_id: str | None = None
    code: str | None = None
    message: str | None = None
    has_unsubscribed: bool = False


@dataclass(frozen=True, slots=True)
class Pushed:
    """Receipts in any order; people without one were not sent, because of `stopped`.

    `token` is one that was got meanwhile, to be kept.
    """

    receipts: Sequence[Receipt]
    stopped: ProviderError | None = None
    token: Token | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """Settings and credentials are good; `account` is what is behind them, for people."""

    account: str
    token: Token | None = None


class Crm(Protocol):
    """One vendor, for all connections to it."""

    @property
    def name(self) -> str: ...

    @property
    def batch(self) -> int:
        """At most so many people are pushed at once."""
        ...

    @property
    def is_repeatable(self) -> bool:
        """Whether sending the same twice leaves what sending it once leaves."""
        ...

    @property
    def is_offline(self) -> bool: ...

    def view(self, settings: Mapping[str, str], person: Person) -> Mapping[str, Any] | None:
        """What of the person is sent, so that only a change of it is; None: nothing. Pure."""
        ...

    async def check(self, access: Access) -> Checked:
        """Asks the vendor; changes nothing there. Raises a ProviderError."""
        ...

    async def push(self, access: Access, people: Sequence[Person]) -> Pushed:
        """Sends people with a view. Does not raise a ProviderError: it is in `stopped`.

        `stopped` is ProviderRateLimited or ProviderUnavailable (later), ProviderAuthError or
        ProviderRejected (a person must act: nothing of this connection can be sent).
        """
        ...

    async def close(self) -> None:
        """Releases connections; it cannot be used afterwards."""
        ...
