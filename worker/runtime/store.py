"""The engine's statements, one method each; every method is one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from worker.db.pool import Connection, Database
from worker.db.queries import load_queries
from worker.runtime.job import Job
from worker.runtime.verdict import Verdict

SQL = load_queries(__package__, "queries.sql")


class LaneStats(NamedTuple):
    """``oldest_seconds``: how long the oldest of them has been due."""

    lane: str
    status: str
    jobs: int
    oldest_seconds: float


class JobStore:
    """``public.jobs`` as one worker sees it. Raises psycopg.OperationalError while Postgres is away."""

    def __init__(self, db: Database, worker_id: str, kinds: Sequence[str], lease_seconds: float) -> None:
        self.db = db
        self.worker_id = worker_id
        self.lease_seconds = lease_seconds
        self.answered_at: float | None = None
        """By the monotonic clock: when Postgres last answered a claim or a heartbeat."""

        self._kinds = list(kinds)

    async def claim(self, quotas: Mapping[str, int]) -> list[Job]:
        """Leases up to ``quotas[lane]`` jobs of each lane; committed when it returns."""
        parameters = {
            "worker_id": self.worker_id,
            "lanes": list(quotas),
            "limits": list(quotas.values()),
            "kinds": self._kinds,
            "lease_seconds": self.lease_seconds,
        }
        async with self.db.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(SQL["claim"], parameters)
            rows = await cursor.fetchall()
        self.answered_at = monotonic()
        return [Job(*row) for row in rows]

    async def heartbeat(self, connection: Connection, attempts: Mapping[int, int]) -> dict[int, bool]:
        """Job id → attempt in; id → is to be cancelled out; ids that are missing are lost."""
        parameters = {
            "worker_id": self.worker_id,
            "ids": list(attempts),
            "attempts": list(attempts.values()),
            "lease_seconds": self.lease_seconds,
        }
        cursor = await connection.execute(SQL["heartbeat"], parameters)
        alive = dict(await cursor.fetchall())
        self.answered_at = monotonic()
        return alive

    async def finish(self, connection: Connection, verdicts: Sequence[Verdict]) -> set[int]:
        """Ends attempts on the caller's connection; returns the ids that were still ours."""
        ids, attempts, endings, codes, messages, delays = zip(*verdicts, strict=True)
        parameters: dict[str, Any] = {
            "worker_id": self.worker_id,
            "ids": list(ids),
            "attempts": list(attempts),
        }
        name = "finish_done"
        if any(ending != "done" for ending in endings):
            name = "finish"
            parameters |= {"endings": list(endings), "codes": list(codes), "messages": list(messages)}
            parameters["delays"] = list(delays)
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(SQL[name], parameters)
            return {row[0] for row in await cursor.fetchall()}

    async def report_progress(self, job: Job, stage: str, progress: float) -> None:
        """Shows members stage and progress."""
        await self._value(
            "report_progress",
            {
                "worker_id": self.worker_id,
                "id": job.id,
                "attempt": job.attempt,
                "stage": stage,
                "progress": progress,
            },
        )

    async def pause_provider(self, provider: str, until: datetime, reason: str) -> None:
        """Holds back the provider's jobs."""
        await self._value("pause_provider", {"provider": provider, "until": until, "reason": reason})

    async def seconds_to_next(self, lanes: Sequence[str]) -> float | None:
        """Until a waiting job or paused provider comes due, by the server's clock; None: nothing waits."""
        seconds = await self._value("seconds_to_next", {"lanes": list(lanes)})
        return None if seconds is None else float(seconds)

    async def fire_schedule(self, name: str, tick: datetime, kind: str) -> int | None:
        """The new job's id; None when another worker made this tick."""
        job_id = await self._value("fire_schedule", {"name": name, "tick": tick, "kind": kind})
        return None if job_id is None else int(job_id)

    async def notify(self, lanes: Sequence[str]) -> None:
        """Wakes other workers."""
        await self._value("notify", {"lanes": list(lanes)})

    async def stats(self) -> list[LaneStats]:
        """Unfinished jobs by lane and status."""
        async with self.db.connection() as connection:
            cursor = await connection.execute(SQL["job_stats"])
            return [LaneStats(*row) for row in await cursor.fetchall()]

    async def _value(self, name: str, parameters: dict[str, Any]) -> Any:
        async with self.db.connection() as connection:
            cursor = await connection.execute(SQL[name], parameters)
            row = await cursor.fetchone()
        return None if row is None else row[0]
