"""The port every chat channel fulfils."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Texts for one person, shown one after another and sent by one request.

    At most `blocks.MESSAGES_AT_ONCE` texts of at most `blocks.TEXT_LIMIT` characters: `blocks.split` and
    `blocks.batches` make them of an answer. `message_tag` is the vendor's reason to write after 24 hours.
    """

    subscriber_id: str
    texts: tuple[str, ...]
    message_tag: str | None = None


@dataclass(frozen=True, slots=True)
class SendReceipt:
    """The vendor took the messages; that the person got them is not known. Offline: nobody got them."""

    messages: int
    is_offline: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The account behind a key, as the vendor calls it."""

    id: str
    name: str


class ChatChannel(Protocol):
    """Sends to people who wrote before. The key belongs to a workspace and comes with every call."""

    @property
    def name(self) -> str: ...

    async def send(self, page_key: str, request: SendRequest) -> SendReceipt:
        """Sends once and never again by itself: the vendor would deliver a repeated request twice.

        Nothing was delivered: ProviderRateLimited and ProviderUnavailable (try again), ProviderAuthError,
        and ProviderRejected with one of `chat.window_closed`, `chat.template_needed`,
        `chat.channel_refused`, `chat.unknown_contact`, `chat.refused`, `chat.bad_message` (final).
        Perhaps it was: DeliveryUnknown.
        """
        ...

    async def check(self, page_key: str) -> Page:
        """Whose key it is; sends nothing. Raises a ProviderError, ProviderAuthError for a wrong key."""
        ...

    async def close(self) -> None:
        """Releases connections; the channel cannot be used afterwards."""
        ...
