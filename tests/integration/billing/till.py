"""What the tests of the billing worker share: a workspace that buys, Stripe's side, real workers."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from tests.integration.billing.their_side import Event, Row, TheirSide
from tests.integration.jobs.engine import run, until
from tests.support.actors import Actor, Cast
from tests.support.database import Database
from tests.support.offline_stripe import KEY, Twin
from worker.db.pool import Database as Pool
from worker.domains.billing import handlers
from worker.domains.billing.ports import BillingPorts
from worker.domains.billing.reconcile import Report, reconcile
from worker.providers.payments.port import Payments
from worker.providers.payments.select import payments
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry
from worker.settings import ProviderSettings

PAGE = "https://app.example/paid"
BACK = "https://app.example/prices"
_names = itertools.count(1)


def settings(url: str, **changes: Any) -> ProviderSettings:
    """Of a worker beside the twin at this address."""
    given: dict[str, Any] = {"stripe_secret_key": SecretStr(KEY), "stripe_api_base": url}
    return ProviderSettings(_env_file=None, **(given | changes))


class Till:
    """One workspace, on plan Free at first; ``owner`` pays."""

    def __init__(self, db: Database, cast: Cast, twin: Twin) -> None:
        self.db, self.owner, self.stripe = db, cast.owner, TheirSide(twin)
        self.workspace_id: UUID = cast.workspace_id

    @asynccontextmanager
    async def adapter(self, **changes: Any) -> AsyncIterator[Payments]:
        """The real one, for this twin."""
        adapter = payments(settings(self.stripe.twin.url, **changes))
        try:
            yield adapter
        finally:
            await adapter.close()

    @asynccontextmanager
    async def working(self, through: Payments | None = None, *, grace: float = 2.0) -> AsyncIterator[Worker]:
        """A worker with the billing domain's handlers, without its schedules."""
        dsn = self.db.dsn("lamina_worker")
        options = WorkerOptions(
            worker_id=f"till-{next(_names)}",
            lanes={"interactive": 2, "billing": 4, "bulk": 1},
            lease=5.0,
            grace=grace,
            poll=0.1,
            listen_dsn=dsn,
        )
        async with self.adapter() as own, Pool(dsn, min_size=1, max_size=8) as pool:
            real, registry = Registry(), Registry()
            handlers.register(real, BillingPorts(pool, through or own))
            for kind, handler in real.handlers.items():
                registry.add(kind, handler)
            worker = Worker(pool, registry, options)
            async with run(worker):
                yield worker

    async def work_off(self, through: Payments | None = None) -> None:
        """Runs everything that is queued, to its end."""
        async with self.working(through):
            await until(self.is_idle, 40)

    async def settle(self) -> None:
        """Everything queued is done and every event of Stripe's is in, until nothing follows any more."""
        async with self.working():
            while True:
                await until(self.is_idle, 40)
                if not self.feed(self.stripe.new_events()):
                    return

    async def reconcile(self, *, dry_run: bool = False, through: Payments | None = None) -> Report:
        """As the job of the night and the command line do."""
        since = datetime.now(UTC) - timedelta(days=40)
        async with self.adapter() as own, Pool(self.db.dsn("lamina_worker")) as pool:
            return await reconcile(pool, through or own, dry_run=dry_run, since=since)

    def is_idle(self) -> bool:
        """No job of the domain waits or runs; notices may have begun others."""
        waits = "select from public.jobs where gate <> 'closed' and kind like 'billing.%'"
        return bool(self.db.value(f"select not exists ({waits})"))

    def feed(self, events: Iterable[Event]) -> list[str]:
        """Through the door of the webhooks; what it said to each."""
        said = []
        for event in events:
            with self.db.as_service() as cursor:
                cursor.execute("select public.receive_stripe_event(%s)", (Jsonb(event),))
                said.append(str((cursor.fetchone() or ("",))[0]))
        return said

    def call(self, function: str, actor: Actor | None = None, **named: Any) -> list[Row]:
        """``public.<function>`` with arguments without their ``p_``, for this workspace."""
        named = {"workspace_id": self.workspace_id, **named}
        arguments = sql.SQL(", ").join(
            sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder(name)) for name in named
        )
        query = sql.SQL("select * from public.{}({})").format(sql.Identifier(function), arguments)
        with self.db.as_user(actor or self.owner) as cursor:
            cursor.execute(query, named)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def rows(self, query: str, *parameters: Any) -> list[Row]:
        """By column name, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters or None).fetchall()

    def row(self, query: str, *parameters: Any) -> Row:
        """The only one."""
        found = self.rows(query, *parameters)
        assert len(found) == 1, f"{len(found)} rows: {query}"
        return found[0]

    def session(self, session_id: UUID) -> Row:
        return self.row("select * from public.billing_sessions where id = %s", session_id)

    def subscription(self) -> Row:
        """The only one of the workspace, with its plan."""
        return self.row(
            "select s.*, v.plan from public.subscriptions as s"
            " left join public.plan_versions as v on v.id = s.plan_version_id where s.workspace_id = %s",
            self.workspace_id,
        )

    def plan(self) -> str:
        """The one in force."""
        return str(self.db.value("select plan from app.terms_of(%s)", self.workspace_id))

    def notices(self) -> list[str]:
        """Their kinds, oldest first."""
        return [row["kind"] for row in self.rows("select kind from public.billing_notices order by id")]

    def credits(self, metric: str = "requests") -> int:
        """Bought and not used."""
        query = "select coalesce(sum(remaining), 0) from app.credits where metric = %s"
        return int(self.db.value(query, metric))

    def use(self, quantity: int, metric: str = "requests") -> int:
        """At once; the ledger's entry."""
        return int(self.db.value("select app.consume(%s, %s, %s)", self.workspace_id, metric, quantity))

    def start_checkout(self, plan: str = "professional", interval: str = "month") -> UUID:
        """Begun, not yet opened; the session."""
        return self._begin("start_checkout", plan=plan, interval=interval, success_url=PAGE, cancel_url=BACK)

    def buy_pack(self, pack: str = "requests_1000") -> UUID:
        """The same for credits."""
        return self._begin("buy_credit_pack", pack=pack, success_url=PAGE, cancel_url=BACK)

    def change_plan(self, plan: str, interval: str = "month") -> UUID:
        """Begun, not yet done."""
        return self._begin("change_plan", plan=plan, interval=interval)

    def open_portal(self) -> UUID:
        """Begun, not yet opened."""
        return self._begin("open_portal", return_url=BACK)

    async def pay(self, session_id: UUID) -> None:
        """Opens the page and presses the button; the events wait at Stripe."""
        await self.work_off()
        session = self.session(session_id)
        assert session["status"] == "open", session
        self.stripe.press(session["url"], "pay")

    async def subscribe(self, plan: str = "professional", interval: str = "month") -> Row:
        """A subscription with everything that follows."""
        await self.pay(self.start_checkout(plan, interval))
        await self.settle()
        assert self.plan() == plan
        return self.subscription()

    def _begin(self, function: str, **named: Any) -> UUID:
        return UUID(str(self.call(function, **named)[0]["id"]))
