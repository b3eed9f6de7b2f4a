"""What the social tests share: a worker that reads from a scripted platform, and looks at rows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from tests.integration.jobs.engine import run, until
from tests.support.actors import Actor, Cast
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.social import handlers
from worker.domains.social.ports import SocialPorts
from worker.errors import ProviderError
from worker.providers.social.port import Platform, Reading, Wanted
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

Row = dict[str, Any]
_names = itertools.count(1)


@dataclass
class ScriptedReader:
    """Gives `replies` in order, the last one for ever; X costs as it does."""

    replies: list[Reading | ProviderError] = field(default_factory=list)
    asked: list[Wanted] = field(default_factory=list)
    name: str = "platforms"
    tokenless: tuple[Platform, ...] = ("github", "x")

    def needs_token(self, platform: Platform) -> bool:
        return platform not in self.tokenless

    def pace_of(self, wanted: Wanted) -> tuple[str, float, float]:
        return f"{wanted.platform}:test", 100.0, 50

    def cost_microusd(self, wanted: Wanted) -> int:
        return {"user": 10_000, "post": 5_000}[wanted.kind] if wanted.platform == "x" else 0

    async def read(self, wanted: Wanted) -> Reading:
        self.asked.append(wanted)
        reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
        if isinstance(reply, ProviderError):
            raise reply
        return reply

    async def close(self) -> None:
        """Nothing is open."""


class Unscheduled(Registry):
    """Nothing happens by the clock, which could strike in the middle of a test."""

    def every(self, name: str, cron: str, kind: str) -> None:
        assert (name, kind) == ("social-sweep", "social.sweep")


@dataclass
class Lookout:
    """One database; `work_off` is a worker on it that reads with `reader`."""

    db: Database
    cast: Cast
    reader: ScriptedReader = field(default_factory=ScriptedReader)

    async def work_off(self) -> None:
        """Does every job of the domain that may run now."""
        dsn = self.db.dsn("lamina_worker")
        options = WorkerOptions(
            worker_id=f"lookout-{next(_names)}", lanes={"outbound": 4, "bulk": 1}, lease=5.0, grace=2.0,
            poll=0.2, listen_dsn=dsn,
        )  # fmt: skip
        async with Pool(dsn, min_size=1, max_size=6) as pool:
            registry = Unscheduled()
            handlers.register(registry, SocialPorts(pool, self.reader, jitter=lambda: 0.0))
            async with run(Worker(pool, registry, options)):
                await until(self.is_idle, 40)

    def is_idle(self) -> bool:
        return not self.value(
            "select count(*) from public.jobs where kind like 'social.%' and gate in ('open', 'ordered')"
        )

    def add(
        self, platform: str = "github", kind: str = "repo", subject: str = "cast/play",
        actor: Actor | None = None, **more: Any,
    ) -> Row:  # fmt: skip
        """`public.add_social_account` as the editor, if nobody else is named."""
        given = {"workspace_id": self.cast.workspace_id, "platform": platform, "kind": kind, **more}
        return self.call(actor or self.cast.editor, "add_social_account", subject=subject, **given)[0]

    async def added(self, *args: Any, **more: Any) -> Row:
        """An account that was read once, as the reader's script has it."""
        account = self.add(*args, **more)
        await self.work_off()
        return self.account(account["id"])

    def call(self, actor: Actor | None, function: str, **named: Any) -> list[Row]:
        """Rows of ``public.<function>`` by named arguments without `p_`; None is a visitor."""
        marks = ", ".join(f"p_{name} => %({name})s" for name in named)
        with self.db.as_user(actor) if actor else self.db.as_anon() as cursor:
            cursor.execute(f"select * from public.{function}({marks})".encode(), named)
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def metrics(self, actor: Actor | None = None) -> list[Row]:
        """`get_social_metrics` of the cast's workspace, as the viewer if nobody is named."""
        return self.call(actor or self.cast.viewer, "get_social_metrics", workspace_id=self.cast.workspace_id)

    def account(self, account_id: UUID) -> Row:
        return self.row("select * from public.social_accounts where id = %s", account_id)

    def snapshots(self, account_id: UUID) -> list[Row]:
        return self.all(
            "select * from public.social_snapshots where account_id = %s order by day", account_id
        )

    def due(self, account_id: UUID, hours: int = 25) -> None:
        """As if its last try had been so long ago."""
        self.db.admin.execute(
            "update public.social_accounts set next_try_at = now() where id = %s", (account_id,)
        )
        self.db.admin.execute(
            "update public.social_snapshots set taken_at = taken_at - make_interval(hours => %s),"
            " day = day - 1 where account_id = %s",
            (hours, account_id),
        )

    def jobs(self) -> list[Row]:
        return self.all(
            "select * from public.jobs where kind = 'social.refresh_account' and gate <> 'closed' order by id"
        )

    def spent(self) -> int:
        return int(self.value("select coalesce(sum(spent_microusd), 0) from public.social_spending"))

    def row(self, query: str, *parameters: Any) -> Row:
        (found,) = self.all(query, *parameters)
        return found

    def all(self, query: str, *parameters: Any) -> list[Row]:
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        return self.db.value(query, *parameters)


def now() -> datetime:
    return datetime.now(UTC)
