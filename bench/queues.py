"""Draining, enqueueing, pick-up and fairness."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import procrastinate
import psycopg
from pgqueuer import AsyncpgDriver, PgQueuer
from pgqueuer import Queries as PgQueuerQueries
from pgqueuer.domain.types import QueueExecutionMode

from bench.harness import Measure, Result, empty, in_turn, migrated, new_workspace, result
from scripts.stack.cluster import Cluster
from worker.db.pool import Database
from worker.runtime.job import Job, JobContext
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.outcome import DONE, Outcome
from worker.runtime.registry import Registry

KIND = "bench.work"
CLAIMED_AT_ONCE = 400
NOTIFYING_INSERT = (
    "with made as (insert into jobs (payload) values ('{}') returning id)"
    " select pg_notify('work', id::text) from made"
)
TAKE_ONE = "delete from jobs where id in (select id from jobs order by id limit 1 for update skip locked) returning id"


def measure(cluster: Cluster, rounds: int) -> list[Result]:
    """All of this file."""
    bench = Queues(cluster)
    return [*bench.drain(rounds), bench.enqueue(rounds), bench.pick_up(rounds), bench.fairness(rounds)]


class Queues:
    """Each system in a database of its own on one server."""

    def __init__(self, cluster: Cluster) -> None:
        self.ours = migrated(cluster, "ours")
        self.worker = cluster.dsn("ours", user="lamina_worker")
        self.raw = empty(cluster, "raw")
        self.pgqueuer = empty(cluster, "pgqueuer")
        self.procrastinate = empty(cluster, "procrastinate")
        with psycopg.connect(self.ours, autocommit=True) as admin:
            admin.execute(
                "insert into app.job_kinds (kind, lane, max_attempts) values (%s, 'bulk', 5)", (KIND,)
            )
        with psycopg.connect(self.raw, autocommit=True) as admin:
            admin.execute(
                "create table jobs (id bigint generated always as identity primary key, payload jsonb)"
            )
            admin.execute(
                "create table messages (id bigint generated always as identity primary key, visible_at timestamptz"
                " not null default now(), reads int not null default 0, sent_at timestamptz default now(), payload jsonb)"
            )
            admin.execute("create index on messages (visible_at)")
        asyncio.run(self._install_pgqueuer())
        self._install_procrastinate()

    async def _install_pgqueuer(self) -> None:
        connection = await asyncpg.connect(self._url(self.pgqueuer))
        await PgQueuerQueries(AsyncpgDriver(connection)).install()
        await connection.close()

    def _install_procrastinate(self) -> None:
        app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=self.procrastinate))
        with app.open():
            app.schema_manager.apply_schema()

    @staticmethod
    def _url(dsn: str) -> str:
        parts = psycopg.conninfo.conninfo_to_dict(dsn)
        return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"

    def drain(self, rounds: int) -> list[Result]:
        """Jobs per second from a full queue to an empty one, one process."""
        peers: dict[str, Measure] = {
            "raw delete, batch 100": lambda: self._drain_raw(20_000),
            "pgmq's read + delete, batch 100": lambda: self._drain_messages(20_000),
            "pgqueuer, batch 100": lambda: asyncio.run(self._drain_pgqueuer(5_000)),
            "procrastinate, concurrency 10": lambda: asyncio.run(self._drain_procrastinate(1_000)),
        }
        samples = in_turn(rounds, lambda: asyncio.run(self._drain_ours(20_000)), peers)
        at_20k = result(
            "queue drain, 20,000 jobs", "jobs/s", samples, "≥ 2 × pgqueuer and ≥ 0.6 × pgmq",
            lambda m: m["lamina"] >= 2 * m["pgqueuer, batch 100"] and m["lamina"] >= 0.6 * m["pgmq's read + delete, batch 100"],
        )  # fmt: skip
        sizes = {
            size: in_turn(1, lambda size=size: asyncio.run(self._drain_ours(size)))
            for size in (2_000, 200_000)
        }
        growth = [result(f"queue drain, {size:,} jobs", "jobs/s", taken) for size, taken in sizes.items()]
        return [at_20k, *growth]

    async def _drain_ours(self, jobs: int) -> float:
        with psycopg.connect(self.ours, autocommit=True) as admin:
            admin.execute("truncate public.jobs cascade")
            admin.execute("select app.enqueue(%s) from generate_series(1, %s)", (KIND, jobs))
            admin.execute("vacuum analyze public.jobs")
        left, finished = jobs, asyncio.Event()

        async def work(job: Job, ctx: JobContext) -> Outcome:
            nonlocal left
            left -= 1
            if not left:
                finished.set()
            return DONE

        async with Database(self.worker, min_size=3, max_size=6) as db:
            worker = self._worker(db, work, CLAIMED_AT_ONCE)
            began = time.perf_counter()
            running = asyncio.create_task(worker.run())
            await finished.wait()
            while len(worker.leases):
                await asyncio.sleep(0.001)
            took = time.perf_counter() - began
            worker.stop()
            await running
        with psycopg.connect(self.ours) as admin:
            assert admin.execute(
                "select count(*) from public.jobs where status = 'succeeded'"
            ).fetchone() == (jobs,)
        return jobs / took

    def _worker(
        self, db: Database, work: Callable[[Job, JobContext], Awaitable[Outcome]], slots: int
    ) -> Worker:
        registry = Registry()
        registry.add(KIND, work)
        return Worker(
            db, registry, WorkerOptions(worker_id="bench", lanes={"bulk": slots}, listen_dsn=self.worker)
        )

    def _drain_raw(self, jobs: int) -> float:
        with psycopg.connect(self.raw, autocommit=True) as connection:
            connection.execute("insert into jobs (payload) select '{}' from generate_series(1, %s)", (jobs,))
            began, left = time.perf_counter(), jobs
            while left:
                cursor = connection.execute(
                    "delete from jobs where id in"
                    " (select id from jobs order by id limit 100 for update skip locked) returning id"
                )
                left -= len(cursor.fetchall())
            return jobs / (time.perf_counter() - began)

    def _drain_messages(self, jobs: int) -> float:
        """pgmq's way in statements of our own: the embedded server cannot install the extension."""
        with psycopg.connect(self.raw, autocommit=True) as connection:
            connection.execute(
                "insert into messages (payload) select '{}' from generate_series(1, %s)", (jobs,)
            )
            began, left = time.perf_counter(), jobs
            while left:
                cursor = connection.execute(
                    "update messages as m set visible_at = clock_timestamp() + interval '30 s', reads = m.reads + 1"
                    " from (select id from messages where visible_at <= clock_timestamp() order by id limit 100"
                    " for update skip locked) as due where m.id = due.id returning m.id, m.reads, m.sent_at, m.payload"
                )
                ids = [row[0] for row in cursor.fetchall()]
                connection.execute("delete from messages where id = any(%s)", (ids,))
                left -= len(ids)
            return jobs / (time.perf_counter() - began)

    async def _drain_pgqueuer(self, jobs: int) -> float:
        connection = await asyncpg.connect(self._url(self.pgqueuer))
        queue = PgQueuer(AsyncpgDriver(connection))
        await queue.qm.queries.enqueue(["work"] * jobs, [None] * jobs, [0] * jobs)

        @queue.entrypoint("work")
        async def work(job: Any) -> None:
            return None

        began = time.perf_counter()
        await queue.qm.run(batch_size=100, mode=QueueExecutionMode.drain)
        took = time.perf_counter() - began
        await connection.close()
        return jobs / took

    async def _drain_procrastinate(self, jobs: int) -> float:
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=self.procrastinate, max_size=12)
        )

        @app.task(name="work")
        async def work() -> None:
            return None

        async with app.open_async():
            await work.batch_defer_async(*[{} for _ in range(jobs)])
            began = time.perf_counter()
            await app.run_worker_async(concurrency=10, wait=False, install_signal_handlers=False)
            return jobs / (time.perf_counter() - began)

    def enqueue(self, rounds: int) -> Result:
        """Jobs per second, one by one through one connection."""
        peers: dict[str, Measure] = {
            "raw insert": lambda: self._one_by_one(self.raw, "insert into jobs (payload) values ('{}')"),
            "pgmq's send": lambda: self._one_by_one(
                self.raw, "insert into messages (payload) values ('{}') returning id"
            ),
            "pgqueuer": lambda: asyncio.run(self._enqueue_pgqueuer()),
            "procrastinate": lambda: asyncio.run(self._enqueue_procrastinate()),
        }
        ours = f"select app.enqueue('{KIND}')"
        samples = in_turn(rounds, lambda: self._one_by_one(self.ours, ours), peers)
        return result(
            "enqueue, one by one",
            "jobs/s",
            samples,
            "≥ 0.6 × raw insert",
            lambda m: m["lamina"] >= 0.6 * m["raw insert"],
        )

    def _one_by_one(self, dsn: str, query: str, jobs: int = 2_000) -> float:
        with psycopg.connect(dsn, autocommit=True) as connection:
            began = time.perf_counter()
            for _ in range(jobs):
                connection.execute(query.encode())
            return jobs / (time.perf_counter() - began)

    async def _enqueue_pgqueuer(self, jobs: int = 1_000) -> float:
        connection = await asyncpg.connect(self._url(self.pgqueuer))
        queries = PgQueuerQueries(AsyncpgDriver(connection))
        began = time.perf_counter()
        for _ in range(jobs):
            await queries.enqueue("work", None)
        took = time.perf_counter() - began
        await queries.clear_queue()
        await connection.close()
        return jobs / took

    async def _enqueue_procrastinate(self, jobs: int = 500) -> float:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self.procrastinate))

        @app.task(name="work")
        async def work() -> None:
            return None

        async with app.open_async():
            began = time.perf_counter()
            for _ in range(jobs):
                await work.defer_async()
            return jobs / (time.perf_counter() - began)

    def pick_up(self, rounds: int) -> Result:
        """Milliseconds from the enqueueing statement's start to the handler's."""
        samples = in_turn(
            rounds,
            lambda: asyncio.run(self._pick_up_ours()),
            {"raw LISTEN/NOTIFY": lambda: asyncio.run(self._pick_up_raw())},
        )
        return result(
            "pick-up, median of 200",
            "ms",
            samples,
            "≤ 1.5 × raw LISTEN/NOTIFY",
            lambda m: m["lamina"] <= 1.5 * m["raw LISTEN/NOTIFY"],
        )

    async def _pick_up_ours(self, jobs: int = 200) -> float:
        started: asyncio.Queue[float] = asyncio.Queue()

        async def work(job: Job, ctx: JobContext) -> Outcome:
            started.put_nowait(time.perf_counter())
            return DONE

        with psycopg.connect(self.ours, autocommit=True) as admin:
            admin.execute("truncate public.jobs cascade")
        waits: list[float] = []
        async with (
            Database(self.worker, min_size=3, max_size=6) as db,
            await psycopg.AsyncConnection.connect(self.ours, autocommit=True) as client,
        ):
            worker = self._worker(db, work, 4)
            running = asyncio.create_task(worker.run())
            await asyncio.sleep(0.5)
            for _ in range(jobs):
                began = time.perf_counter()
                await client.execute(f"select app.enqueue('{KIND}')".encode())
                waits.append(await started.get() - began)
                await asyncio.sleep(0.01)
            worker.stop()
            await running
        return 1000 * sorted(waits)[len(waits) // 2]

    async def _pick_up_raw(self, jobs: int = 200) -> float:
        """An insert that notifies, and a listener that then takes the row: the least a queue can do."""
        waits: list[float] = []
        connect = psycopg.AsyncConnection.connect
        async with (
            await connect(self.raw, autocommit=True) as listener,
            await connect(self.raw, autocommit=True) as taker,
            await connect(self.raw, autocommit=True) as client,
        ):
            heard: asyncio.Queue[str] = asyncio.Queue()
            await listener.execute("listen work")

            async def hear() -> None:
                async for notify in listener.notifies():
                    heard.put_nowait(notify.payload)

            hearing = asyncio.create_task(hear())
            await asyncio.sleep(0.1)
            for _ in range(jobs):
                began = time.perf_counter()
                sending = asyncio.create_task(client.execute(NOTIFYING_INSERT))
                await asyncio.wait_for(heard.get(), 5)
                await taker.execute(TAKE_ONE)
                waits.append(time.perf_counter() - began)
                await sending
                await asyncio.sleep(0.01)
            hearing.cancel()
        return 1000 * sorted(waits)[len(waits) // 2]

    def fairness(self, rounds: int) -> Result:
        """Milliseconds until the first job of B starts, with 10,000 jobs of A before it; a job takes 20 ms."""
        slots, job_ms = 4, 20
        samples = in_turn(rounds, lambda: asyncio.run(self._first_of_b(slots, job_ms / 1000)))
        limit = 2 * slots * job_ms
        return result(
            "fairness: B's first job behind 10,000 of A",
            "ms",
            samples,
            f"≤ {limit} ms (2 × slots × a job's time)",
            lambda m: m["lamina"] <= limit,
        )

    async def _first_of_b(self, slots: int, seconds: float) -> float:
        first, second = self._two_workspaces()
        with psycopg.connect(self.ours, autocommit=True) as admin:
            admin.execute("truncate public.jobs cascade")
            admin.execute("select app.enqueue(%s, %s) from generate_series(1, 10000)", (KIND, first))
        started: dict[Any, float] = {}
        busy = asyncio.Event()

        async def work(job: Job, ctx: JobContext) -> Outcome:
            started.setdefault(job.workspace_id, time.perf_counter())
            busy.set()
            await asyncio.sleep(seconds)
            return DONE

        async with Database(self.worker, min_size=3, max_size=6) as db:
            worker = self._worker(db, work, slots)
            running = asyncio.create_task(worker.run())
            await busy.wait()
            await asyncio.sleep(0.3)
            began = time.perf_counter()
            with psycopg.connect(self.ours, autocommit=True) as client:
                client.execute("select app.enqueue(%s, %s)", (KIND, second))
            while second not in started:
                await asyncio.sleep(0.001)
            waited = started[second] - began
            worker.stop()
            worker.stop()
            await running
        return 1000 * waited

    def _two_workspaces(self) -> list[Any]:
        with psycopg.connect(self.ours, autocommit=True) as admin:
            return [new_workspace(admin) for _ in range(2)]
