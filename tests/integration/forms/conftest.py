"""``desk``: a fresh database and the cast's workspace as people outside meet it."""

from __future__ import annotations

import pytest

from tests.integration.forms.desk import Desk
from tests.support.actors import Cast
from tests.support.database import Database


@pytest.fixture
def desk(db: Database, cast: Cast) -> Desk:
    return Desk(db, cast)
