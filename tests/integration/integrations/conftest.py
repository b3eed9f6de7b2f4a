"""``office``: a fresh database, the cast, and the vendors' side."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.integrations.office import Office
from tests.support.actors import Cast
from tests.support.crms import running_crms
from tests.support.database import Database


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest_asyncio.fixture
async def office(db: Database, cast: Cast) -> AsyncIterator[Office]:
    async with running_crms() as vendor:
        yield Office(db, cast, vendor)
