"""``post``: a fresh database and a mailer to watch."""

from __future__ import annotations

import pytest

from tests.integration.notifications.post import Post, WatchedMailer
from tests.support.actors import Actor
from tests.support.database import Database


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest.fixture
def mailer() -> WatchedMailer:
    return WatchedMailer()


@pytest.fixture
def post(db: Database, mailer: WatchedMailer) -> Post:
    return Post(db, mailer)


@pytest.fixture
def ada(post: Post) -> Actor:
    """A user with a confirmed address, whose welcome is not waiting any more."""
    actor = post.db.sign_up("ada", full_name="Ada Lovelace")
    post.confirm(actor)
    post.db.admin.execute("delete from public.jobs")
    return actor
