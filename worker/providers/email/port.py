"""The port every mailer fulfils, and the message it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Literal, Protocol

from worker.errors import ProviderRejected
from worker.providers.email import rules

ROW_ARGUMENT = "lamina_id"
"""Under this name a message's `row_id` travels with it and comes back with its events."""

RECIPIENT_REFUSED = "email.recipient_refused"
"""The one refusal that says something about the address."""

RECIPIENT_DEFERRED = "email.recipient_deferred"
"""A mailbox refused for the moment: nobody else's matter."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox and who it belongs to; a domain in another script is kept in its ASCII form.

    Raises ProviderRejected (email.address_invalid).
    """

    email: str
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "email", rules.checked_address(self.email))
        object.__setattr__(self, "name", rules.one_line(self.name))

    @classmethod
    def parse(cls, text: str) -> Address:
        """From ``name@example.org`` or ``Name <name@example.org>``."""
        name, address = parseaddr(text)
        return cls(address, name)

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]

    @property
    def is_ascii(self) -> bool:
        """Whether any mail server can take it; otherwise it needs SMTPUTF8 (RFC 6531)."""
        return self.email.isascii()


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person. What cannot be part of a message raises ProviderRejected here.

    ``row_id`` comes back with the provider's events, so it must not tell anything about a person.
    ``headers`` are further ones such as List-Unsubscribe, in printable ASCII.
    """

    row_id: str
    to: Address
    sender: Address
    subject: str
    text: str
    html: str | None = None
    reply_to: Address | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", rules.one_line(self.subject))
        if not self.subject or not self.text.strip():
            raise ProviderRejected("email.empty", "A message needs a subject and a text.", provider="email")
        rules.check_headers(self.headers)
        rules.check_categories(self.categories)


@dataclass(frozen=True, slots=True)
class Sent:
    """``queued``: events will tell what became of it. ``sent``: handed over, nothing more will be heard."""

    provider_message_id: str | None
    state: Literal["queued", "sent"]


class Mailer(Protocol):
    """Hands messages to whoever delivers them."""

    @property
    def name(self) -> str: ...

    @property
    def offline(self) -> bool:
        """True when nothing leaves for the recipient: shown to users."""
        ...

    async def start(self) -> None:
        """Looks at what can be known before the first message.

        Raises ConfigurationError when it can never work, another ProviderError when it does not work now.
        """
        ...

    async def send(self, message: Mail, *, idempotency_key: str) -> Sent:
        """Hands over one message.

        Raises DeliveryUnknown when the message may have been taken although no answer came: sending it again
        may deliver it twice. After any other ProviderError it was not taken. Where the provider lets a
        repeated message be recognised, the same key makes it the same message.
        """
        ...

    async def close(self) -> None:
        """Releases connections."""
        ...
