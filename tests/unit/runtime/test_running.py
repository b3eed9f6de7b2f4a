"""One attempt, whatever its handler does: the slot comes back, and the lease is let go or ended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import AsyncConnection

from tests.unit.runtime.scripted import ScriptedStore, attempt
from worker.runtime.attempt import Attempt, Leases
from worker.runtime.job import Job, JobContext
from worker.runtime.options import WorkerOptions
from worker.runtime.outcome import DONE, Done, Fail, Outcome, ProviderDown
from worker.runtime.registry import Handler, Registry
from worker.runtime.running import Runner
from worker.runtime.slots import Slots
from worker.runtime.verdict import Stop


class Bench:
    """A runner of one handler."""

    def __init__(self, handler: Handler, store: ScriptedStore | None = None) -> None:
        self.store, self.leases, self.slots = store or ScriptedStore(), Leases(), Slots({"bulk": 4})
        registry = Registry()
        registry.add("test.work", handler)
        options = WorkerOptions(worker_id="test", lanes={"bulk": 4})
        self.runner = Runner(self.store.as_store(), registry, self.leases, self.slots, options)

    async def settle(self) -> dict[int, str]:
        """Everything ends; job id → ending."""
        await self.runner.wait(5)
        assert not self.runner.tasks
        self.runner.finisher.close()
        await asyncio.wait_for(self.runner.finisher.run(), 5)
        assert self.slots.free == self.slots.limits
        assert len(self.leases) == 0
        return self.store.ended()


async def forever(job: Job, ctx: JobContext) -> Outcome:
    await asyncio.Event().wait()
    return DONE


async def started(bench: Bench, job_id: int = 1, number: int = 1) -> Attempt:
    one = attempt(job_id, number)
    bench.runner.start(one)
    await asyncio.sleep(0)
    return one


async def test_done() -> None:
    async def handler(job: Job, ctx: JobContext) -> Outcome:
        return DONE

    bench = Bench(handler)
    await started(bench)
    assert await bench.settle() == {1: "done"}


@pytest.mark.parametrize(
    ("stop", "ended"), [(Stop.CANCEL, {1: "cancelled"}), (Stop.RELEASE, {1: "release"}), (Stop.LOST, {})]
)
@pytest.mark.parametrize("has_begun", [True, False])
async def test_stopped(stop: Stop, ended: dict[int, str], has_begun: bool) -> None:
    bench = Bench(forever)
    one = attempt(1)
    bench.runner.start(one)
    if has_begun:
        await asyncio.sleep(0)
    one.stop(stop)
    assert await bench.settle() == ended


async def test_a_handler_that_ignores_being_stopped_writes_nothing_once_its_lease_is_lost() -> None:
    async def stubborn(job: Job, ctx: JobContext) -> Outcome:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return Fail("test.late", "Too late.")
        return DONE

    bench = Bench(stubborn)
    (await started(bench)).stop(Stop.LOST)
    assert await bench.settle() == {}


async def test_a_cancellation_from_inside_is_a_crash_and_not_ours() -> None:
    async def leaking(job: Job, ctx: JobContext) -> Outcome:
        inner = asyncio.create_task(asyncio.sleep(10))
        inner.cancel()
        await inner
        return DONE

    bench = Bench(leaking)
    await started(bench)
    assert await bench.settle() == {1: "retry"}


async def test_a_second_attempt_at_the_same_job_stops_the_first() -> None:
    bench = Bench(forever)
    first = await started(bench, number=1)
    second = await started(bench, number=2)
    assert first.stop_reason is Stop.LOST
    assert bench.leases.holds(second)
    second.stop(Stop.RELEASE)
    assert await bench.settle() == {1: "release"}


async def test_rows_that_cannot_be_written_end_the_attempt_as_a_crash() -> None:
    async def handler(job: Job, ctx: JobContext) -> Outcome:
        async def write(connection: AsyncConnection[Any]) -> None:
            raise ValueError

        return Done(write)

    bench = Bench(handler)
    await started(bench)
    await bench.settle()
    assert [verdict.code for batch in bench.store.batches for verdict in batch] == [None, "job.crashed"]


async def test_the_slot_is_kept_while_rows_are_written() -> None:
    go_on = asyncio.Event()

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        async def write(connection: AsyncConnection[Any]) -> None:
            await go_on.wait()

        return Done(write)

    bench = Bench(handler)
    one = await started(bench)
    while not one.is_ending:
        await asyncio.sleep(0)
    assert bench.slots.free == {"bulk": 3}
    go_on.set()
    assert await bench.settle() == {1: "done"}


async def test_an_engine_fault_lets_the_lease_run_out() -> None:
    class Broken(ScriptedStore):
        async def pause_provider(self, provider: str, until: datetime, reason: str) -> None:
            raise ValueError("a value that Postgres does not take")

    async def handler(job: Job, ctx: JobContext) -> Outcome:
        return ProviderDown("someone", datetime.now(UTC), "Busy.")

    bench = Bench(handler, Broken())
    bench.runner.start(attempt(1, provider="embeddings"))
    assert await bench.settle() == {}


@pytest.mark.parametrize(("provider", "paused"), [(None, []), ("embeddings", ["embeddings"])])
async def test_a_pause_is_of_the_kinds_capability(provider: str | None, paused: list[str]) -> None:
    async def handler(job: Job, ctx: JobContext) -> Outcome:
        return ProviderDown("someone", datetime.now(UTC), "Busy.")

    bench = Bench(handler)
    bench.runner.start(attempt(1, provider=provider))
    assert await bench.settle() == {1: "defer"}
    assert bench.store.pauses == paused


async def test_waiting_ends_when_there_is_a_hurry() -> None:
    bench = Bench(forever)
    one = await started(bench)
    hurry = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, hurry.set)
    await asyncio.wait_for(bench.runner.wait(60, hurry), 5)
    assert bench.runner.tasks
    one.abandon()
    assert await bench.settle() == {}
