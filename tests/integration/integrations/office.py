"""What the tests of integrations share: connections, contacts, a worker, events that others sign."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.jobs.engine import run, until
from tests.support.actors import Actor, Cast
from tests.support.crms import FakeCrms
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.integrations import handlers as integrations
from worker.domains.integrations.ports import IntegrationPorts
from worker.providers.crm.google_analytics import GoogleAnalytics
from worker.providers.crm.mailchimp import Mailchimp
from worker.providers.crm.port import Crm
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

KEY = "0123456789abcdef0123456789abcdef-us21"
SETTINGS: dict[str, dict[str, Any]] = {
    "mailchimp": {"list_id": "abc1234567"},
    "salesforce": {
        "domain": "acme.my.salesforce.com",
        "object": "Lead",
        "external_id_field": "Lamina_Id__c",
    },
    "google_analytics": {"measurement_id": "G-ABCD1234"},
    "generic": {"fields": {"external_id": "customer.id", "email": "customer.mail", "name": "customer.name"}},
}
CREDENTIALS: dict[str, dict[str, str]] = {
    "mailchimp": {"api_key": KEY},
    "salesforce": {"client_id": "client-0123456789", "client_secret": "secret-0123456789"},
    "google_analytics": {"api_secret": "s3cret_0123456789"},
    "generic": {},
}
LANES = {"interactive": 2, "bulk": 2, "ingest": 2}
Row = dict[str, Any]
_names = itertools.count(1)


@dataclass
class Office:
    """One workspace; ``vendor`` is the other side of its connections."""

    db: Database
    cast: Cast
    vendor: FakeCrms

    def connect(self, kind: str = "mailchimp", **changes: Any) -> Row:
        """A connection: {connection_id, secret?}."""
        given = (changes.get("settings", SETTINGS[kind]), changes.get("credentials", CREDENTIALS[kind]))
        actor = changes.get("actor", self.cast.admin)
        found: Row = self.call(
            actor, "create_connection", self.cast.workspace_id, kind, kind.title(), *map(Jsonb, given)
        )["create_connection"]
        return found

    def contact(self, email: str | None, *, consent: str = "granted", **more: Any) -> UUID:
        """A contact as of a minute ago, which the lag does not hold back."""
        names = ["workspace_id", "email", "email_consent", "updated_at", *more]
        marks = ["%s", "%s", "%s", "now() - interval '1 minute'", *["%s"] * len(more)]
        query = f"insert into public.contacts ({', '.join(names)}) values ({', '.join(marks)}) returning id"
        found: UUID = self.db.value(query, self.cast.workspace_id, email, consent, *more.values())
        return found

    def change(self, contact_id: UUID, **columns: Any) -> None:
        """As a member does, half a minute ago."""
        sets = ", ".join(f"{name} = %s" for name in columns)
        with self.db.admin.transaction():
            self.db.admin.execute("alter table public.contacts disable trigger user")
            self.db.admin.execute(
                f"update public.contacts set {sets}, updated_at = now() - interval '30 seconds'"
                " where id = %s".encode(),
                (*columns.values(), contact_id),
            )
            self.db.admin.execute("alter table public.contacts enable trigger user")

    @asynccontextmanager
    async def working(self, **options: Any) -> AsyncIterator[Worker]:
        """A worker that runs this domain's jobs while the context lasts."""
        dsn = self.db.dsn("lamina_worker")
        given = {"lanes": LANES, "lease": 5.0, "grace": 2.0, "poll": 0.2, **options}
        crms: list[Crm] = [
            Mailchimp(self.vendor.url, connect_timeout=2, timeout=5),
            GoogleAnalytics(self.vendor.url, connect_timeout=2, timeout=5),
        ]
        async with Pool(dsn, min_size=1, max_size=10) as pool:
            registry = Registry()
            integrations.register(registry, IntegrationPorts(pool, {crm.name: crm for crm in crms}))
            name = f"office-{next(_names)}"
            worker = Worker(pool, registry, WorkerOptions(worker_id=name, listen_dsn=dsn, **given))
            async with run(worker):
                yield worker
        for crm in crms:
            await crm.close()

    async def work_off(self) -> None:
        """Runs everything that may run now, to its end."""
        async with self.working():
            await until(self.is_idle, 40)

    def is_idle(self) -> bool:
        """Nothing runs or is due that this worker can do."""
        left = (
            "select not exists (select from public.jobs where gate <> 'closed' and kind ~ '^integrations'"
            " and (status = 'running' or run_at <= now()))"
        )
        return bool(self.db.value(left))

    def sync(self, connection_id: str, *, is_full: bool = False) -> int:
        return int(self.call(self.cast.admin, "sync_connection", connection_id, is_full)["sync_connection"])

    def forget_waits(self) -> None:
        """Time passes: what waits for later is due."""
        self.db.admin.execute("update public.connections set next_try_at = null")
        self.db.admin.execute("update public.jobs set run_at = now(), gate = 'open' where gate = 'timed'")

    def send(self, made: Row, body: Any, *, at: float | None = None, secret: str | None = None) -> str:
        """An event as the other system signs it; ``body`` is text or becomes JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        header = signed(secret or made["secret"], text, at=at)
        return self.receive(made["connection_id"], header, text)

    def receive(self, connection_id: str, header: str | None, text: str) -> str:
        with self.db.as_service() as cursor:
            cursor.execute("select public.receive_inbound(%s, %s, %s)", (connection_id, header, text))
            row = cursor.fetchone()
        assert row is not None
        return str(row[0])

    def call(self, actor: Actor, function: str, *arguments: Any) -> Row:
        """Calls ``public.<function>`` as this user: its first row."""
        marks = ", ".join(["%s"] * len(arguments))
        with self.db.as_user(actor) as cursor:
            cursor.execute(f"select * from public.{function}({marks})".encode(), arguments)
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            return dict(zip(names, cursor.fetchone() or (), strict=True))

    def refusal(self, actor: Actor, function: str, *arguments: Any) -> tuple[str | None, str | None]:
        """SQLSTATE and code with which the call fails."""
        with pytest.raises(psycopg.Error) as caught:
            self.call(actor, function, *arguments)
        return caught.value.sqlstate, caught.value.diag.message_detail

    def all(self, query: str, *parameters: Any) -> list[Row]:
        """Rows by column name, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters or None).fetchall()

    def connection(self, connection_id: str) -> Row:
        (found,) = self.all("select * from public.connections where id = %s", connection_id)
        return found

    def records(self) -> dict[UUID, Row]:
        """By contact."""
        return {row["contact_id"]: row for row in self.all("select * from public.connection_records")}

    def statuses(self) -> list[str]:
        return sorted(row["status"] for row in self.records().values())


def signed(secret: str, text: str, *, at: float | None = None) -> str:
    """The header, made by another implementation than the one under test."""
    stamp = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.{text}".encode(), hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
