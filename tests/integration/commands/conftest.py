"""A database and the offline twin of Stripe, for commands that need both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.database import Database
from tests.support.till import Till, open_till


@pytest.fixture
def till(db: Database, tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    with open_till(db, tmp_path, free_port, monkeypatch) as till:
        yield till


@pytest.fixture
def stocked(till: Till) -> Till:
    """The plans are at the twin."""
    assert till.run("plans", "push").exit_code == 0
    return till
