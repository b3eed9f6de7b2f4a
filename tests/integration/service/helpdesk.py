"""What the service tests share: members who open tickets, a contact who writes, a worker, looks at rows."""

from __future__ import annotations

import itertools
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.jobs.engine import run, until
from tests.support.actors import Actor, Cast
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.messaging import handlers as messaging
from worker.domains.messaging.ports import MessagingPorts
from worker.domains.service import handlers as service
from worker.domains.service.ports import ServicePorts
from worker.providers.chat.offline import OfflineChatChannel
from worker.providers.sentiment.lexicon import LexiconRater
from worker.providers.sentiment.port import SentimentRater
from worker.providers.webhooks.sender import HttpxWebhookSender
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

Row = dict[str, Any]
_names = itertools.count(1)
_numbers = itertools.count(1)
IDLE = "select not exists (select from public.jobs where gate <> 'closed' and kind ~ '^(service|messaging)')"


def at_once(*calls: Callable[[], object]) -> list[psycopg.Error]:
    """Makes all calls in threads of their own; the database errors they raised."""
    raised: list[psycopg.Error] = []

    def run(call: Callable[[], object]) -> None:
        try:
            call()
        except psycopg.Error as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return raised


@dataclass
class Helpdesk:
    """The cast's workspace as a support team sees it."""

    db: Database
    cast: Cast
    chat: OfflineChatChannel = field(default_factory=OfflineChatChannel)
    rater: SentimentRater = field(default_factory=LexiconRater)

    def call(self, actor: Actor, function: str, **named: Any) -> Row:
        """``public.<function>`` as this user, by argument names without ``p_``: its first row."""
        return self.calls(actor, function, **named)[0]

    def calls(self, actor: Actor, function: str, **named: Any) -> list[Row]:
        arguments = ", ".join(f"p_{name} => %({name})s" for name in named)
        with self.db.as_user(actor) as cursor:
            cursor.execute(f"select * from public.{function}({arguments})".encode(), named)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def ticket(self, actor: Actor | None = None, subject: str = "Late parcel", **named: Any) -> Row:
        """A new one, opened by support if nobody else is named."""
        given = {"workspace_id": self.cast.workspace_id, "subject": subject, **named}
        return self.call(actor or self.cast.support, "create_ticket", **given)

    def move(self, ticket: Row, status: str, actor: Actor | None = None) -> Row:
        return self.call(
            actor or self.cast.support, "set_ticket_status", ticket_id=ticket["id"], status=status
        )

    def say(self, ticket: Row, kind: str, body: str, **named: Any) -> Row:
        given = {"ticket_id": ticket["id"], "kind": kind, "body": body, **named}
        return self.call(self.cast.support, "add_ticket_message", **given)

    def now(self, ticket: Row) -> Row:
        """The ticket's row as it is now."""
        (found,) = self.all("select * from public.tickets where id = %s", ticket["id"])
        return found

    def timeline(self, ticket: Row, actor: Actor | None = None, **named: Any) -> list[Row]:
        return self.calls(actor or self.cast.support, "ticket_timeline", ticket_id=ticket["id"], **named)

    def all(self, query: str, *parameters: Any) -> list[Row]:
        """Rows by column name, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters or None).fetchall()

    def events(self, ticket: Row, kind: str) -> list[tuple[str | None, str | None]]:
        """What changed, from and to, in order."""
        rows = self.all(
            "select * from public.ticket_events where ticket_id = %s and kind = %s order by created_at",
            ticket["id"],
            kind,
        )
        return [(row["from_value"], row["to_value"]) for row in rows]

    def told(self, kind: str) -> list[UUID]:
        """Who was notified of it."""
        rows = self.all("select user_id from public.notifications where kind = %s order by created_at", kind)
        return [row["user_id"] for row in rows]

    def promise(self, priority: str = "normal", first: int | None = 60, resolution: int | None = 480) -> None:
        """As an admin sets it, in minutes."""
        with self.db.as_user(self.cast.admin) as cursor:
            cursor.execute(
                "insert into public.sla_policies"
                " (workspace_id, priority, first_response_minutes, resolution_minutes)"
                " values (%s, %s, %s, %s)",
                (self.cast.workspace_id, priority, first, resolution),
            )

    def pass_time(self, ticket: Row, minutes: int) -> None:
        """Moves all moments of a ticket into the past."""
        moments = "created_at status_at first_response_due_at first_responded_at resolution_due_at stopped_at"
        changes = ", ".join(f"{name} = {name} - make_interval(mins => %(m)s)" for name in moments.split())
        query = f"update public.tickets set {changes} where id = %(id)s"
        self.db.admin.execute(query.encode(), {"m": minutes, "id": ticket["id"]})

    def channel(self) -> tuple[UUID, str]:
        """A WhatsApp channel and its secret."""
        made = self.call(
            self.cast.admin, "create_channel", workspace_id=self.cast.workspace_id, name="WhatsApp"
        )
        return UUID(made["create_channel"]["channel_id"]), made["create_channel"]["secret"]

    def write(self, channel: tuple[UUID, str], text: str, subscriber: str = "77", **more: str) -> UUID:
        """A contact writes on the channel; their conversation."""
        message = {"subscriber_id": subscriber, "text": text, "message_id": f"m-{next(_numbers)}", **more}
        with self.db.as_service() as cursor:
            cursor.execute("select public.receive_manychat(%s, %s, %s)", (*channel, Jsonb(message)))
        found: UUID = self.db.value(
            "select conversation_id from public.messages where role = 'user' order by seq desc limit 1"
        )
        return found

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """A worker that runs the jobs of service and messaging while the context lasts."""
        dsn = self.db.dsn("lamina_worker")
        async with Pool(dsn, min_size=1, max_size=8) as pool:
            registry = Registry()
            service.register(registry, ServicePorts(pool, self.rater))
            sender = HttpxWebhookSender(timeout=2, connect_timeout=1, loopback=True)
            messaging.register(registry, MessagingPorts(pool, self.chat, sender))
            options = WorkerOptions(
                worker_id=f"helpdesk-{next(_names)}",
                lanes={"interactive": 2, "outbound": 2, "bulk": 4},
                lease=5.0,
                grace=2.0,
                poll=0.2,
                listen_dsn=dsn,
            )
            worker = Worker(pool, registry, options)
            async with run(worker):
                yield worker

    async def work_off(self) -> None:
        """Runs everything of service and messaging that is queued, to its end."""
        async with self.working():
            await until(lambda: bool(self.db.value(IDLE)), 40)
