"""What the tests of notifications share: people with confirmed addresses, a mailer to watch, a worker."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.jobs.engine import run, until
from tests.support.actors import Actor
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.notifications import handlers
from worker.domains.notifications.ports import NotificationPorts
from worker.providers.email.port import Address, Mail, Mailer, Sent
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

DOORS = "https://project.example.test/functions/v1"
SITE = "https://app.example.test"
SENDER = Address("lamina@example.test", "Lamina")
Row = dict[str, Any]
_names = itertools.count(1)


class WatchedMailer:
    """Takes every message, unless told to fail: each of ``faults`` is raised once, in order."""

    name = "watched"
    offline = False

    def __init__(self, *faults: Exception) -> None:
        self.sent: list[Mail] = []
        self.faults = list(faults)
        self.tried = 0

    async def start(self) -> None: ...

    async def send(self, message: Mail, *, idempotency_key: str) -> Sent:
        self.tried += 1
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(message)
        return Sent(f"id-{idempotency_key}", "queued")

    async def close(self) -> None: ...


@dataclass
class Post:
    """One database and its mailer; `work_off` is a worker on both."""

    db: Database
    mailer: Mailer = field(default_factory=WatchedMailer)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """A worker that runs the domain's jobs while the context lasts."""
        dsn = self.db.dsn("lamina_worker")
        options = WorkerOptions(
            worker_id=f"post-{next(_names)}", lanes={"outbound": 4, "bulk": 1},
            lease=5.0, grace=2.0, poll=0.2, listen_dsn=dsn,
        )  # fmt: skip
        async with Pool(dsn, min_size=1, max_size=8) as pool:
            registry = Registry()
            handlers.register(registry, NotificationPorts(pool, self.mailer, SENDER, None, SITE, DOORS))
            async with run(Worker(pool, registry, options)) as worker:
                yield worker

    async def work_off(self) -> None:
        """Runs every job of the domain that is queued, to its end."""
        async with self.working():
            await until(self.is_idle, 40)

    def is_idle(self) -> bool:
        return not self.db.value(
            "select count(*) from public.jobs where kind like 'notifications.%' and gate <> 'closed'"
        )

    def confirm(self, actor: Actor) -> None:
        """The user confirms the address, as the platform's auth server notes it."""
        self.as_auth("update auth.users set email_confirmed_at = now() where id = %s", actor.user_id)

    def as_auth(self, statement: str, *parameters: Any) -> None:
        """As the role that owns auth.users."""
        owner = self.db.value(
            "select tableowner from pg_tables where schemaname = 'auth' and tablename = 'users'"
        )
        with self.db.admin.transaction():
            self.db.admin.execute(sql.SQL("set local role {}").format(sql.Identifier(owner)))
            self.db.admin.execute(statement.encode(), parameters)

    def notify(self, actor: Actor, key: str = "once", kind: str = "mention", **data: Any) -> UUID | None:
        """Tells a user something, as a function of another domain does."""
        found: UUID | None = self.db.value(
            "select app.notify(%s, %s, null, null, %s, %s)", kind, actor.user_id, key, Jsonb(data)
        )
        return found

    def row(self, notification_id: UUID | None) -> Row:
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(
                "select * from public.notifications where id = %s", (notification_id,)
            ).fetchone()
        assert found is not None
        return found

    def of(self, actor: Actor) -> list[Row]:
        """What a user was told, oldest first, without the welcome."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                "select * from public.notifications where user_id = %s and kind <> 'welcome'"
                " order by created_at",
                (actor.user_id,),
            ).fetchall()

    def status(self, notification_id: UUID | None) -> str:
        return str(self.row(notification_id)["status"])

    def job(self, notification_id: UUID | None) -> Row:
        """The newest job that sends it."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(
                "select * from public.jobs where subject_id = %s order by id desc", (notification_id,)
            ).fetchone()
        assert found is not None
        return found
