"""Ends are written together, and one that cannot be written stops no other."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from tests.unit.runtime.scripted import ScriptedStore, attempt
from worker.runtime import patience
from worker.runtime.attempt import Leases
from worker.runtime.finishing import BATCHES_BEHIND, Finisher
from worker.runtime.slots import Slots
from worker.runtime.verdict import Ending, Verdict


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)


class Bench:
    """A finisher with what surrounds it."""

    def __init__(self, store: ScriptedStore, at_once: int = 3) -> None:
        self.store, self.leases, self.slots = store, Leases(), Slots({"bulk": 9})
        self.slots.learn(self.slots.ask(), [])
        self.finisher = Finisher(store.as_store(), self.leases, self.slots, at_once)

    def submit(self, job_id: int, ending: Ending = "done") -> None:
        one = attempt(job_id)
        self.leases.add(one)
        self.finisher.submit(one, Verdict(job_id, 1, ending))

    async def run(self) -> None:
        self.finisher.close()
        await asyncio.wait_for(self.finisher.run(), 5)


async def test_what_waits_is_written_together_up_to_the_limit() -> None:
    bench = Bench(ScriptedStore(), at_once=3)
    for job_id in range(1, 8):
        bench.submit(job_id)
    await bench.run()
    assert [len(batch) for batch in bench.store.batches] == [3, 3, 1]
    assert len(bench.leases) == 0


async def test_an_outage_is_ridden_out() -> None:
    bench = Bench(ScriptedStore([psycopg.OperationalError("away"), psycopg.errors.DeadlockDetected()]))
    bench.submit(1)
    await bench.run()
    assert bench.store.ended() == {1: "done"}


async def test_an_end_that_is_refused_takes_no_other_along() -> None:
    bench = Bench(ScriptedStore(poison=2))
    for job_id in (1, 2, 3):
        bench.submit(job_id)
    await bench.run()
    assert bench.store.ended() == {1: "done", 3: "done"}
    assert len(bench.leases) == 0, "nothing may keep the refused one's lease alive"


async def test_too_many_ends_behind_hold_back_claims_until_they_are_written() -> None:
    bench = Bench(ScriptedStore(), at_once=1)
    for job_id in range(BATCHES_BEHIND + 1):
        bench.submit(job_id)
    assert bench.finisher.is_behind
    bench.slots.changed.clear()
    await bench.run()
    assert not bench.finisher.is_behind
    assert bench.slots.changed.is_set()


@pytest.mark.parametrize(
    ("ending", "looks"), [("retry", True), ("defer", True), ("done", False), ("fail", False)]
)
async def test_what_is_queued_again_is_looked_for(ending: Ending, looks: bool) -> None:
    bench = Bench(ScriptedStore())
    bench.submit(1, ending)
    await bench.run()
    assert bool(bench.slots.ask()) is looks


@pytest.mark.parametrize("is_lost", [False, True])
async def test_rows_are_written_only_while_the_lease_is_ours(is_lost: bool) -> None:
    bench = Bench(ScriptedStore())
    bench.store.lost = {1} if is_lost else set()
    written: list[int] = []

    async def write(connection: AsyncConnection[Any]) -> None:
        written.append(1)

    one = attempt(1)
    bench.leases.add(one)
    await bench.finisher.write(one, Verdict(1, 1, "done"), write)
    assert written == ([] if is_lost else [1])
    assert len(bench.leases) == 0
