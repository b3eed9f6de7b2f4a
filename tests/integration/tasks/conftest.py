"""``workshop``: a fresh database and the cast, ready for a worker."""

from __future__ import annotations

import pytest

from tests.integration.tasks.workshop import Workshop
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once, and each delta is sent."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)
    monkeypatch.setattr("worker.domains.tasks.running.FLUSH_SECONDS", 0.0)


@pytest.fixture
def workshop(db: Database, cast: Cast) -> Workshop:
    """With the offline model."""
    return Workshop(db, cast)
