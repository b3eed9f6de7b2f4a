"""What the messaging tests share: a channel with its secret, a worker, and looks at rows."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.jobs.engine import run, until
from tests.integration.knowledge.house import InProcess
from tests.support.actors import Actor, Cast
from tests.support.database import Database
from tests.support.manychat import FakeManyChat
from worker.db.pool import Database as Pool
from worker.domains.knowledge import handlers as knowledge
from worker.domains.knowledge.ports import KnowledgePorts
from worker.domains.messaging import handlers as messaging
from worker.domains.messaging.ports import MessagingPorts
from worker.providers.chat.manychat import ManyChatChannel
from worker.providers.chat.port import ChatChannel
from worker.providers.embeddings.offline import OfflineEmbedder
from worker.providers.llm.offline import OfflineChatModel
from worker.providers.llm.port import ChatModel
from worker.providers.storage.offline import FolderStorage
from worker.providers.webhooks.sender import HttpxWebhookSender
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

KEY = "1234567:0123456789abcdef0123456789abcdef"
LANES = {"interactive": 4, "outbound": 4, "bulk": 2, "ingest": 1}
Row = dict[str, Any]
_names = itertools.count(1)
_numbers = itertools.count(1)


@dataclass
class Desk:
    """One workspace with one channel, whose vendor is ``manychat``."""

    db: Database
    cast: Cast
    manychat: FakeManyChat
    folder: Any
    model: ChatModel = field(default_factory=OfflineChatModel)
    chat: ChatChannel | None = None
    channel_id: UUID = field(init=False)
    secret: str = field(init=False)

    def __post_init__(self) -> None:
        made = self.call(self.cast.admin, "create_channel", self.cast.workspace_id, "WhatsApp", KEY)
        self.channel_id, self.secret = (
            UUID(made["create_channel"]["channel_id"]),
            made["create_channel"]["secret"],
        )

    @asynccontextmanager
    async def working(self, **options: Any) -> AsyncIterator[Worker]:
        """A worker that runs the jobs of knowledge and messaging while the context lasts."""
        dsn = self.db.dsn("lamina_worker")
        given = {"lanes": LANES, "lease": 5.0, "grace": 2.0, "poll": 0.2, **options}
        chat = self.chat or ManyChatChannel(self.manychat.url, connect_timeout=2, timeout=2)
        async with Pool(dsn, min_size=1, max_size=10) as pool:
            registry = Registry()
            storage = FolderStorage(self.folder)
            knowledge.register(
                registry, KnowledgePorts(pool, OfflineEmbedder(), self.model, storage, InProcess())
            )
            sender = HttpxWebhookSender(timeout=2, connect_timeout=1, loopback=True)
            messaging.register(registry, MessagingPorts(pool, chat, sender))
            worker = Worker(
                pool, registry, WorkerOptions(worker_id=f"desk-{next(_names)}", listen_dsn=dsn, **given)
            )
            async with run(worker):
                yield worker
        await chat.close()

    async def work_off(self) -> None:
        """Runs everything that is queued, to its end."""
        async with self.working():
            await until(self.is_idle, 40)

    def is_idle(self) -> bool:
        """Nothing waits or runs that this worker can do."""
        left = "select not exists (select from public.jobs where gate <> 'closed' and kind ~ '^(know|mess)')"
        return bool(self.db.value(left))

    def receive(self, text: str, *, subscriber: str = "77", secret: str | None = None, **more: str) -> Row:
        """As the door calls it: {outcome, text}. Each call is another message unless ``more`` says which."""
        message = {"subscriber_id": subscriber, "text": text, **more}
        if not more.keys() & {"message_id", "last_interaction"}:
            message["message_id"] = f"m-{next(_numbers)}"
        return self.receive_plain(message, secret=secret)

    def receive_plain(self, message: Row, *, secret: str | None = None) -> Row:
        with self.db.as_service() as cursor:
            cursor.execute(
                "select public.receive_manychat(%s, %s, %s)",
                (self.channel_id, secret or self.secret, Jsonb(message)),
            )
            row = cursor.fetchone()
        assert row is not None
        found: Row = row[0]
        return found

    def call(self, actor: Actor, function: str, *arguments: Any) -> Row:
        """Calls ``public.<function>`` as this user: its first row."""
        marks = ", ".join(["%s"] * len(arguments))
        with self.db.as_user(actor) as cursor:
            cursor.execute(f"select * from public.{function}({marks})".encode(), arguments)
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            return dict(zip(names, cursor.fetchone() or (), strict=True))

    def all(self, query: str, *parameters: Any) -> list[Row]:
        """Rows by column name, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters or None).fetchall()

    def messages(self) -> list[Row]:
        return self.all("select * from public.messages order by seq")

    def deliveries(self) -> list[Row]:
        return self.all("select * from public.message_deliveries order by created_at, id")

    def delivery(self) -> Row:
        """The only one."""
        (found,) = self.deliveries()
        return found

    def channel(self) -> Row:
        (found,) = self.all("select * from public.channels where id = %s", self.channel_id)
        return found

    async def reach(self, status: str) -> Row:
        """The only delivery, once it has this status."""
        await until(lambda: [row["status"] for row in self.deliveries()] == [status])
        return self.delivery()
