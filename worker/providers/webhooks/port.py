"""The port of deliveries to addresses that customers chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver answered with a success; what else it said is dropped unread."""

    status: int
    seconds: float


class WebhookSender(Protocol):
    """Posts signed bodies. A delivery may arrive twice, so a header or the body should carry an id."""

    async def deliver(
        self, url: str, body: bytes, secret: str, headers: Mapping[str, str] | None = None
    ) -> Delivered:
        """One attempt.

        Raises ProviderRejected with `webhook.bad_url`, `webhook.forbidden_address`, `webhook.gone` (the
        receiver wants no more), `webhook.redirected` or `webhook.refused`; ProviderUnavailable, also with
        `webhook.unknown_host` or `webhook.bad_certificate`; ProviderTimeout. None says `retry_after`: one
        customer's wish must not make the deliveries of others wait.
        """
        ...
