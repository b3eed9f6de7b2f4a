"""What the marketing tests share: contacts, segments, campaigns, a mailer to watch, a worker."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.jobs.engine import run, until
from tests.support.actors import Actor, Cast
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.marketing import handlers
from worker.domains.marketing.ports import MarketingPorts
from worker.providers.email.port import Address, Mail, Sent
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

SENDER = Address("mail@example.test", "Lamina")
LINKS = "https://api.example.test/functions/v1"
EVERYBODY = {"all": []}
Row = dict[str, Any]
_names = itertools.count(1)


class WatchedMailer:
    """Takes every message; ``before`` is called with each and may raise."""

    name = "watched"
    offline = False

    def __init__(self, before: Callable[[Mail], None] = lambda mail: None) -> None:
        self.sent: list[Mail] = []
        self.before = before

    async def start(self) -> None: ...

    async def send(self, message: Mail, *, idempotency_key: str) -> Sent:
        self.before(message)
        self.sent.append(message)
        return Sent(f"id-{idempotency_key}", "queued")

    async def close(self) -> None: ...

    def addresses(self) -> list[str]:
        return sorted(mail.to.email for mail in self.sent)


@dataclass
class Office:
    """The cast's workspace, ready to send campaigns as fast as it can."""

    db: Database
    cast: Cast
    mailer: WatchedMailer = field(default_factory=WatchedMailer)

    def __post_init__(self) -> None:
        self.db.admin.execute(
            "insert into public.marketing_settings"
            " (workspace_id, sender_name, postal_address, reply_to, mails_per_second)"
            " values (%s, 'Morvan & Co', '1 Quai du Port, Brest', 'hello@morvan.test', 1000)",
            (self.cast.workspace_id,),
        )

    @asynccontextmanager
    async def working(self, **options: Any) -> AsyncIterator[Worker]:
        """A worker that runs the domain's jobs while the context lasts."""
        dsn = self.db.dsn("lamina_worker")
        given = {"lanes": {"bulk": 4}, "lease": 5.0, "grace": 2.0, "poll": 0.2, **options}
        async with Pool(dsn, min_size=1, max_size=8) as pool:
            registry = Registry()
            handlers.register(registry, MarketingPorts(pool, self.mailer, SENDER, None, LINKS))
            worker = Worker(
                pool, registry, WorkerOptions(worker_id=f"office-{next(_names)}", listen_dsn=dsn, **given)
            )
            async with run(worker):
                yield worker

    async def work_off(self) -> None:
        """Runs every job of the domain that is queued, to its end."""
        async with self.working():
            await until(self.is_idle, 40)

    def is_idle(self) -> bool:
        """Nothing waits or runs that this worker can do soon; numbers are counted when their time comes."""
        left = (
            "select from public.jobs where gate <> 'closed' and kind ~ '^marketing' and kind !~ 'roll_up$'"
            " and run_at < now() + interval '1 min'"
        )
        return bool(self.db.value(f"select not exists ({left})"))

    def contact(self, who: str, /, **columns: Any) -> UUID:
        """A contact who agreed to campaigns at <who>@people.test, unless ``columns`` say otherwise."""
        given = {
            "workspace_id": self.cast.workspace_id,
            "name": who.title(),
            "email": f"{who}@people.test",
            "email_consent": "granted",
            **columns,
        }
        marks = ", ".join(f"%({column})s" for column in given)
        query = f"insert into public.contacts ({', '.join(given)}) values ({marks}) returning id"
        row = self.db.admin.execute(query.encode(), given).fetchone()
        assert row is not None
        found: UUID = row[0]
        return found

    def people(self, count: int) -> None:
        """So many contacts who agreed: p000@people.test and on."""
        self.db.admin.execute(
            "insert into public.contacts (workspace_id, name, email, email_consent)"
            " select %s, 'P' || n, format('p%%s@people.test', lpad(n::text, 5, '0')), 'granted'"
            " from generate_series(0, %s - 1) as n",
            (self.cast.workspace_id, count),
        )

    def segment(self, filter_: Any = EVERYBODY) -> UUID:
        """A kept segment, made by the marketer."""
        return self.insert("segments", name="Chosen", filter=Jsonb(filter_))

    def campaign(self, segment: UUID | None = None, **columns: Any) -> UUID:
        """A draft, made by the marketer."""
        given = {"name": "Spring", "subject": "Hello {{first_name|you}}", "body": "It is spring.", **columns}
        return self.insert("campaigns", segment_id=segment or self.segment(), **given)

    def insert(self, table: str, actor: Actor | None = None, **columns: Any) -> UUID:
        """As a browser writes a row."""
        given = {"workspace_id": self.cast.workspace_id, **columns}
        marks = ", ".join(f"%({column})s" for column in given)
        query = f"insert into public.{table} ({', '.join(given)}) values ({marks}) returning id"
        with self.db.as_user(actor or self.cast.marketing) as cursor:
            row = cursor.execute(query.encode(), given).fetchone()
        assert row is not None
        found: UUID = row[0]
        return found

    def update(self, table: str, row_id: UUID, actor: Actor | None = None, **columns: Any) -> int:
        """As a browser changes a row; how many were."""
        sets = ", ".join(f"{column} = %({column})s" for column in columns)
        with self.db.as_user(actor or self.cast.marketing) as cursor:
            query = f"update public.{table} set {sets} where id = %(id)s"
            return cursor.execute(query.encode(), {**columns, "id": row_id}).rowcount

    def call(self, function: str, *arguments: Any, actor: Actor | None = None) -> Any:
        """``public.<function>`` as this user: the first column of its first row."""
        marks = ", ".join(["%s"] * len(arguments))
        with self.db.as_user(actor or self.cast.marketing) as cursor:
            row = cursor.execute(f"select public.{function}({marks})".encode(), arguments).fetchone()
        assert row is not None
        return row[0]

    def door(self, function: str, *arguments: Any) -> Any:
        """The same as the functions behind links call it."""
        marks = ", ".join(["%s"] * len(arguments))
        with self.db.as_service() as cursor:
            row = cursor.execute(f"select public.{function}({marks})".encode(), arguments).fetchone()
        assert row is not None
        return row[0]

    def preview(self, filter_: Any, actor: Actor | None = None) -> Row:
        found: Row = self.call("preview_segment", self.cast.workspace_id, Jsonb(filter_), actor=actor)
        return found

    def send(self, campaign_id: UUID) -> None:
        """Scheduled for now."""
        self.call("schedule_campaign", campaign_id)

    def act(self, campaign_id: UUID, act: str) -> None:
        self.call("act_on_campaign", campaign_id, act)

    def status(self, campaign_id: UUID) -> str:
        return str(self.db.value("select status from public.campaigns where id = %s", campaign_id))

    def recipients(self, campaign_id: UUID) -> list[Row]:
        """By address, read as superuser."""
        return self.all(
            "select * from public.campaign_recipients where campaign_id = %s order by email", campaign_id
        )

    def states(self, campaign_id: UUID) -> dict[str, int]:
        """How many recipients are in each state."""
        return dict(
            self.db.rows(
                "select status, count(*) from public.campaign_recipients where campaign_id = %s group by 1",
                campaign_id,
            )
        )

    def stats(self, campaign_id: UUID) -> Row:
        """Counted now."""
        self.db.admin.execute("select app.roll_up_campaign(%s)", (campaign_id,))
        (found,) = self.all("select * from public.campaign_stats where campaign_id = %s", campaign_id)
        return found

    def all(self, query: str, *parameters: Any) -> list[Row]:
        """Rows by column name, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters or None).fetchall()
