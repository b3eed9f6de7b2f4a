"""``desk``: a fresh database with the cast and one authored text of the editor."""

from __future__ import annotations

import pytest

from tests.integration.content.desk import Desk
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture
def desk(db: Database, cast: Cast) -> Desk:
    return Desk(db, cast)
