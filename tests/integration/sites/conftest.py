"""``studio``: a fresh database and the cast, ready to make sites."""

from __future__ import annotations

import pytest

from tests.integration.sites.studio import Studio
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture
def studio(db: Database, cast: Cast) -> Studio:
    """Everything is done as the marketing, if nobody else is named."""
    return Studio(db, cast)
