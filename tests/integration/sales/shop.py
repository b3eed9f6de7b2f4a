"""What the sales tests share: a seller's calls, a board, a worker, looks at rows."""

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

from tests.integration.jobs.engine import run, until
from tests.support.actors import Actor, Cast
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.sales import handlers
from worker.domains.sales.ports import SalesPorts
from worker.providers.llm.offline import OfflineChatModel
from worker.providers.llm.port import ChatModel
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

Row = dict[str, Any]
_names = itertools.count(1)
IDLE = "select not exists (select from public.jobs where gate <> 'closed' and kind like 'sales.%')"


def at_once(*calls: Callable[[], object]) -> list[psycopg.Error]:
    """Makes all calls in threads of their own; the database errors they raised."""
    raised: list[psycopg.Error] = []

    def attempt(call: Callable[[], object]) -> None:
        try:
            call()
        except psycopg.Error as error:
            raised.append(error)

    threads = [threading.Thread(target=attempt, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return raised


@dataclass
class Shop:
    """The cast's workspace as its sellers see it."""

    db: Database
    cast: Cast
    model: ChatModel = field(default_factory=OfflineChatModel)

    @property
    def workspace_id(self) -> UUID:
        return self.cast.workspace_id

    def call(self, function: str, actor: Actor | None = None, **named: Any) -> Row:
        """``public.<function>`` as sales or who is named, by argument names without ``p_``: its first row."""
        return self.calls(function, actor, **named)[0]

    def calls(self, function: str, actor: Actor | None = None, **named: Any) -> list[Row]:
        arguments = ", ".join(f"p_{name} => %({name})s" for name in named)
        return self.ask(f"select * from public.{function}({arguments})", actor, **named)

    def ask(self, query: str, actor: Actor | None = None, **named: Any) -> list[Row]:
        """Rows of a statement as this user."""
        with self.db.as_user(actor or self.cast.sales) as cursor:
            cursor.execute(query.encode(), named)
            if cursor.description is None:
                return []
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def all(self, query: str, *parameters: Any) -> list[Row]:
        """Rows by column name, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters or None).fetchall()

    def contact(self, actor: Actor | None = None, **fields: Any) -> UUID:
        return self.insert("contacts", actor, **fields)

    def lead(self, contact_id: UUID, actor: Actor | None = None, **fields: Any) -> UUID:
        return self.insert("leads", actor, contact_id=contact_id, **{"interest": "Nets", **fields})

    def insert(self, table: str, actor: Actor | None = None, **fields: Any) -> UUID:
        """A row through the rights of a user; its id."""
        named = {"workspace_id": self.workspace_id, **fields}
        names, marks = ", ".join(named), ", ".join(f"%({name})s" for name in named)
        row = self.ask(f"insert into public.{table} ({names}) values ({marks}) returning id", actor, **named)
        found: UUID = row[0]["id"]
        return found

    def board(self) -> dict[str, UUID]:
        """Ids of the stages of a new pipeline, by name, and its own by ``pipeline``."""
        made = self.call("create_pipeline", workspace_id=self.workspace_id, name="Nets")
        stages = self.all("select name, id from public.stages where pipeline_id = %s", made["id"])
        return {"pipeline": made["id"], **{row["name"]: row["id"] for row in stages}}

    def deal(self, title: str = "Nets", actor: Actor | None = None, **named: Any) -> Row:
        return self.call("create_deal", actor, workspace_id=self.workspace_id, title=title, **named)

    def move(
        self,
        deal_id: UUID,
        stage_id: UUID,
        after: UUID | None = None,
        actor: Actor | None = None,
        **named: Any,
    ) -> Row:
        return self.call("move_deal", actor, deal_id=deal_id, stage_id=stage_id, after_deal_id=after, **named)

    def column(self, stage_id: UUID) -> list[str]:
        """Titles of a stage's deals from top to bottom."""
        rows = self.all("select title from public.deals where stage_id = %s order by rank", stage_id)
        return [row["title"] for row in rows]

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """A worker that does sales' jobs while the context lasts; without its schedule."""
        dsn = self.db.dsn("lamina_worker")
        lanes = {"interactive": 2, "bulk": 2}
        options = WorkerOptions(worker_id=f"shop-{next(_names)}", lanes=lanes, lease=5.0, grace=2.0, poll=0.2)
        async with Pool(dsn, min_size=1, max_size=6) as pool:
            registry = Registry()
            handlers.register(registry, SalesPorts(pool, self.model))
            worker = Worker(pool, registry, options)
            async with run(worker):
                yield worker

    async def work_off(self) -> None:
        """Runs everything that is queued, to its end."""
        async with self.working():
            await until(lambda: bool(self.db.value(IDLE)), 40)

    async def sweep(self) -> None:
        """What the schedule does each minute."""
        self.db.admin.execute("select app.enqueue('sales.sweep_scores')")
        await self.work_off()
