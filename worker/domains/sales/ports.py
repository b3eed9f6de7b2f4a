"""What the sales domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.db.pool import Database
from worker.providers.llm.port import ChatModel


@dataclass(frozen=True, slots=True)
class SalesPorts:
    """Everything the handlers use. `model` is asked for opinions only, never for a score."""

    db: Database
    model: ChatModel
