"""What the portfolio domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.db.pool import Database
from worker.providers.storage.port import ObjectStorage


@dataclass(frozen=True, slots=True)
class PortfolioPorts:
    """Everything the handlers use; `site_url` is the frontend's address."""

    db: Database
    storage: ObjectStorage
    site_url: str
