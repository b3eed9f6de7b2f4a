"""What the notifications domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.db.pool import Database
from worker.providers.email.port import Address, Mailer


@dataclass(frozen=True, slots=True)
class NotificationPorts:
    """Everything the handlers use; ``site_url`` is the frontend's address, ``link_url`` the functions'."""

    db: Database
    mailer: Mailer
    sender: Address
    reply_to: Address | None
    site_url: str
    link_url: str
