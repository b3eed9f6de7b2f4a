"""What the task tests share: a worker with scripted models, starting tasks, and looks at rows."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
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
from worker.domains.tasks import handlers
from worker.domains.tasks.ports import TaskPorts
from worker.domains.tasks.recipes import RECIPES, Recipe
from worker.errors import ProviderRejected
from worker.providers.llm.offline import OfflineChatModel
from worker.providers.llm.port import ChatModel
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

Row = dict[str, Any]
ENDED = ("complete", "failed", "cancelled")
_names = itertools.count(1)


@dataclass
class Workshop:
    """One database; `working` is a worker on it. `named` are the models that can be asked for by name."""

    db: Database
    cast: Cast
    model: ChatModel = field(default_factory=OfflineChatModel)
    named: dict[str, ChatModel] = field(default_factory=dict)
    recipes: Mapping[str, Recipe] = field(default_factory=lambda: RECIPES)

    def pick(self, model: str | None) -> ChatModel:
        if model is None:
            return self.model
        if model not in self.named:
            raise ProviderRejected("llm.model_unavailable", f"This installation cannot use {model}.")
        return self.named[model]

    @asynccontextmanager
    async def working(self, *, listen: bool = True, lease: float = 5.0) -> AsyncIterator[Worker]:
        """A worker that does tasks while the context lasts; `listen=False`: no notification reaches it."""
        dsn = self.db.dsn("lamina_worker")
        options = WorkerOptions(
            worker_id=f"workshop-{next(_names)}",
            lanes={"interactive": 2},
            lease=lease,
            grace=2.0,
            poll=0.2,
            listen_dsn=dsn if listen else None,
        )
        async with Pool(dsn, min_size=1, max_size=6) as pool:
            registry = Registry()
            handlers.register(registry, TaskPorts(pool, self, self.recipes))
            worker = Worker(pool, registry, options)
            async with run(worker):
                yield worker

    async def work_off(self) -> None:
        """Runs everything that is queued, to its end."""
        async with self.working():
            await until(self.is_idle, 40)

    def is_idle(self) -> bool:
        """No task waits or runs; jobs of other domains are not this worker's."""
        return not self.value(
            "select count(*) from public.jobs where kind like 'tasks.%' and gate <> 'closed'"
        )

    def start(self, kind: str, actor: Actor | None = None, **named: Any) -> Row:
        """`public.start_ai_task` as the editor, if nobody else is named; further words are the input."""
        given = {
            "workspace_id": named.pop("workspace_id", self.cast.workspace_id),
            "model": named.pop("model", None),
            "key": named.pop("key", None),
            "brand_id": named.pop("brand_id", None),
        }
        given |= {"kind": kind, "input": Jsonb(named.pop("task_input", named))}
        return self.call(
            actor or self.cast.editor,
            "start_ai_task(%(workspace_id)s, %(kind)s, %(input)s, %(model)s, %(key)s, %(brand_id)s)",
            given,
        )[0]

    async def done(self, kind: str, **named: Any) -> Row:
        """Starts a task, and works until it has ended."""
        started = self.start(kind, **named)
        await self.work_off()
        return self.task(started["id"])

    def task(self, task_id: UUID) -> Row:
        """The task's row, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute("select * from public.ai_tasks where id = %s", (task_id,)).fetchone()
        assert found is not None, f"no task {task_id}"
        return found

    def has_ended(self, task_id: UUID) -> bool:
        return self.task(task_id)["status"] in ENDED

    def call(self, actor: Actor, call: str, given: Any = None) -> list[Row]:
        """Rows of ``public.<call>`` as this user."""
        with self.db.as_user(actor) as cursor:
            cursor.execute(f"select * from public.{call}".encode(), given)
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def value(self, query: str, *parameters: Any) -> Any:
        return self.db.value(query, *parameters)

    def brand(self, **fields: str) -> None:
        """The workspace's voice, set by its marketing."""
        names, marks = ", ".join(fields), ", ".join(f"%({name})s" for name in fields)
        insert = f"insert into public.brands (workspace_id, {names}) values (%(ws)s, {marks})"
        with self.db.as_user(self.cast.marketing) as cursor:
            cursor.execute(insert.encode(), {**fields, "ws": self.cast.workspace_id})

    def sent(self, task: Row, event: str) -> list[Row]:
        """Payloads of this event about the task on its starter's topic, in the order of sending."""
        rows = self.db.rows(
            "select payload, private, extension from realtime.messages where topic = %s and event = %s"
            " order by inserted_at, (payload ->> 'seq')::int",
            f"user:{task['created_by']}",
            event,
        )
        assert all(row[1:] == (True, "broadcast") for row in rows)
        return [row[0] for row in rows if row[0]["task_id"] == str(task["id"])]

    def heard(self, task: Row) -> str:
        """The result as a listener puts it together: a delta with seq 0 begins it anew."""
        text = ""
        for delta in self.sent(task, "task.delta"):
            text = delta["text"] if delta["seq"] == 0 else text + delta["text"]
        return text
