"""``shop``: a fresh database and the cast, ready to sell."""

from __future__ import annotations

import pytest

from tests.integration.sales.shop import Shop
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest.fixture
def shop(db: Database, cast: Cast) -> Shop:
    return Shop(db, cast)
