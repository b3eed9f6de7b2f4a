"""What the integrations domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from worker.db.pool import Database
from worker.providers.crm.port import Crm


@dataclass(frozen=True, slots=True)
class IntegrationPorts:
    """Everything the handlers use; `crms` by kind of connection."""

    db: Database
    crms: Mapping[str, Crm]
