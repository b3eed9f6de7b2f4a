"""Everything the twin remembers, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Obj = dict[str, Any]
"""One of Stripe's objects; ``object`` is its kind, ``id`` unique among all kinds."""

SCHEMA = Path(__file__).with_name("schema.sql")
ANSWERS_KEPT_SECONDS = 24 * 3600.0
"""Stripe forgets idempotency keys after at least that long (docs.stripe.com/api/idempotent_requests)."""


class Store:
    """Belongs to one thread. A killed process loses nothing that was committed."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.executescript(SCHEMA.read_text("utf-8"))

    def close(self) -> None:
        """Releases the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def get(self, id: str) -> Obj | None:
        """A copy of one's own."""
        row = self._db.execute("select body from objects where id = ?", (id,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, thing: Obj, id: str | None = None) -> None:
        """Adds or replaces; ``id`` for the kinds that have none of their own."""
        self._db.execute(
            "insert into objects (id, kind, body) values (?, ?, ?)"
            " on conflict (id) do update set body = excluded.body",
            (id or thing["id"], thing["object"], json.dumps(thing)),
        )

    def all(self, kind: str) -> list[Obj]:
        """Newest first, as Stripe lists."""
        rows = self._db.execute("select body from objects where kind = ? order by seq desc", (kind,))
        return [json.loads(body) for (body,) in rows]

    def recall(self, key: str) -> tuple[str, str] | None:
        """The request (method, address and parameters) and the answer's body of an idempotency key."""
        row: tuple[str, str] | None = self._db.execute(
            "select request, body from answers where key = ?", (key,)
        ).fetchone()
        return row

    def remember(self, key: str, request: str, body: str, now: float) -> None:
        """Keeps an answer, and forgets old ones."""
        self._db.execute("delete from answers where at < ?", (now - ANSWERS_KEPT_SECONDS,))
        self._db.execute("insert into answers values (?, ?, ?, ?)", (key, request, body, now))

    def send(self, event_id: str, due_at: float) -> None:
        """An event shall be delivered (again)."""
        self._db.execute(
            "insert into deliveries (event_id, due_at) values (?, ?)"
            " on conflict (event_id) do update set attempts = 0, due_at = excluded.due_at",
            (event_id, due_at),
        )

    def due(self, now: float, count: int) -> list[tuple[str, int]]:
        """Events to be delivered now, oldest first, with the attempts so far."""
        return self._db.execute(
            "select event_id, attempts from deliveries where due_at <= ? order by due_at, rowid limit ?",
            (now, count),
        ).fetchall()

    def next_due(self) -> float | None:
        """When the next delivery is due."""
        due: float | None = self._db.execute("select min(due_at) from deliveries").fetchone()[0]
        return due

    def attempted(self, event_id: str, due_at: float | None) -> None:
        """One more attempt was made; None: there will be no other."""
        self._db.execute(
            "update deliveries set attempts = attempts + 1, due_at = ? where event_id = ?", (due_at, event_id)
        )
