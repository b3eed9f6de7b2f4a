"""``office``: a fresh database, the cast, and everything a campaign needs."""

from __future__ import annotations

import pytest

from tests.integration.marketing.office import Office
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest.fixture
def office(db: Database, cast: Cast) -> Office:
    return Office(db, cast)
