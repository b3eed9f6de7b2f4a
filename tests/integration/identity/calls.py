"""How the identity tests call the API's functions and what they expect of a refusal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from tests.support.actors import Actor
from tests.support.database import Cursor, Database


def call(cursor: Cursor, function: str, *arguments: Any) -> dict[str, Any]:
    """Calls ``public.<function>`` and gives its one row by column name."""
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(arguments))
    query = sql.SQL("select * from {}({})").format(sql.Identifier("public", function), marks)
    row = cursor.execute(query, arguments).fetchone()
    assert row is not None
    assert cursor.description is not None
    return dict(zip([column.name for column in cursor.description], row, strict=True))


@contextmanager
def refused(status: int, code: str) -> Iterator[None]:
    """The block fails with this HTTP status and stable code, and with a sentence for people."""
    with pytest.raises(psycopg.Error) as caught:
        yield
    diagnosis = caught.value.diag
    assert (caught.value.sqlstate, diagnosis.message_detail) == (f"PT{status}", code)
    assert (diagnosis.message_primary or "").endswith(".")


@contextmanager
def denied() -> Iterator[None]:
    """The block fails for want of a GRANT or by a policy's WITH CHECK."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        yield


def role_of(db: Database, workspace_id: UUID, user: Actor) -> str | None:
    """A member's role, None for no member."""
    role: str | None = db.value(
        "select role from public.workspace_members where workspace_id = %s and user_id = %s",
        workspace_id,
        user.user_id,
    )
    return role


def personal_workspace(db: Database, user: Actor) -> UUID:
    """The workspace that came with the user."""
    found: UUID = db.value(
        "select id from public.workspaces where created_by = %s and kind = 'personal'", user.user_id
    )
    return found


@contextmanager
def meanwhile(db: Database, action: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Starts ``action`` and enters the block once it waits for a lock; joins it after the block.

    The list holds what the action raised, to be read after the block.
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    _wait_for_lock(db)
    yield raised
    thread.join(timeout=30)
    assert not thread.is_alive()


def _wait_for_lock(db: Database) -> None:
    deadline = time.monotonic() + 30
    waiting = "select count(*) from pg_stat_activity where datname = %s and wait_event_type = 'Lock'"
    while db.value(waiting, db.name) == 0:
        assert time.monotonic() < deadline, "nobody waits for a lock"
        time.sleep(0.01)
