"""``lookout``: a fresh database and the cast."""

from __future__ import annotations

import pytest

from tests.integration.social.lookout import Lookout
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture
def lookout(db: Database, cast: Cast) -> Lookout:
    return Lookout(db, cast)
