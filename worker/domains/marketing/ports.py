"""What the marketing domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.db.pool import Database
from worker.providers.email.port import Address, Mailer


@dataclass(frozen=True, slots=True)
class MarketingPorts:
    """Everything the handlers use; ``link_url`` is the address below which the functions are reached."""

    db: Database
    mailer: Mailer
    sender: Address
    reply_to: Address | None
    link_url: str
