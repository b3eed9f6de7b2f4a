"""``desk``: a fresh database, the cast, a channel of theirs and ManyChat's side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.messaging.desk import Desk
from tests.support.actors import Cast
from tests.support.database import Database
from tests.support.manychat import running_manychat


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest_asyncio.fixture
async def desk(db: Database, cast: Cast, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_manychat() as manychat:
        yield Desk(db, cast, manychat, tmp_path)
