"""What the service domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.db.pool import Database
from worker.providers.sentiment.port import SentimentRater


@dataclass(frozen=True, slots=True)
class ServicePorts:
    """Everything the handlers use."""

    db: Database
    rater: SentimentRater
