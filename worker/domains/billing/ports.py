"""What the billing domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.db.pool import Database
from worker.providers.payments.port import Payments


@dataclass(frozen=True, slots=True)
class BillingPorts:
    """Everything the handlers use."""

    db: Database
    payments: Payments
