"""``house``: a fresh database, the cast and a bucket, ready for a worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.knowledge.house import BUCKET, House
from tests.support.actors import Cast
from tests.support.database import Database
from worker.sandbox import ProcessSandbox, SandboxLimits


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest.fixture
def house(db: Database, cast: Cast, tmp_path: Path) -> House:
    """With the offline providers; documents are read in this process."""
    return House(db, tmp_path / BUCKET)


@pytest_asyncio.fixture
async def guarded(house: House) -> AsyncIterator[House]:
    """The same with the real sandbox, for files that nobody trusts."""
    sandbox = ProcessSandbox(SandboxLimits(cpu_seconds=5, wall_seconds=60))
    house.sandbox = sandbox
    yield house
    await sandbox.close()
