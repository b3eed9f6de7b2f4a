"""What the offline twin of Stripe is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

API_VERSION = "2026-10-28.endive"
"""The shapes spoken; requests that ask for another version are refused."""


@dataclass(frozen=True, slots=True)
class OfflineStripeConfig:
    """``public_url`` is where the application is mounted, as browsers and the SDK reach it."""

    key: str
    webhook_secret: str
    webhook_url: str
    public_url: str
    file: Path
    """SQLite; made when missing."""
    retry_seconds: tuple[float, ...] = (1, 5, 15, 60, 300, 1800, 7200)
    """Waits between attempts to deliver one event; afterwards it is given up."""
    clock: Callable[[], float] = time.time
