"""What the sites domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.db.pool import Database
from worker.providers.storage.port import ObjectStorage


@dataclass(frozen=True, slots=True)
class SitePorts:
    """Everything the handlers use."""

    db: Database
    storage: ObjectStorage
