"""``school``: a fresh database, the cast and a bucket; the editor teaches, the viewer learns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.knowledge.house import BUCKET, House
from tests.integration.learning.school import School
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest.fixture
def school(db: Database, cast: Cast, tmp_path: Path) -> School:
    """With the offline providers."""
    return School(House(db, tmp_path / BUCKET), cast)
