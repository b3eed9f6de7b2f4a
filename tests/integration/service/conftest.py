"""``desk``: a fresh database and the cast, as a support team."""

from __future__ import annotations

import pytest

from tests.integration.service.helpdesk import Helpdesk
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest.fixture
def desk(db: Database, cast: Cast) -> Helpdesk:
    return Helpdesk(db, cast)
