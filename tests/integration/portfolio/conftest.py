"""``gallery``: a fresh database, the cast, a bucket, a portfolio that is public."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.portfolio.gallery import Gallery
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest.fixture
def gallery(db: Database, cast: Cast, tmp_path: Path) -> Gallery:
    """The editor's username is Edith; her portfolio shows the team's works."""
    made = Gallery(db, cast, tmp_path / "buckets")
    made.name(cast.editor, "Edith")
    made.run(
        "insert into public.portfolios (workspace_id, title, is_public) values (%s, 'Ed', true)", made.ws
    )
    return made
