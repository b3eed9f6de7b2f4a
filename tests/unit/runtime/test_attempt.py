"""Stopping an attempt: once, in time, and never a second too late."""

from __future__ import annotations

import asyncio
from time import monotonic

from worker.runtime.attempt import Attempt, Leases
from worker.runtime.heartbeat import stop_expired
from worker.runtime.job import Job
from worker.runtime.verdict import Stop


def attempt(job_id: int = 1, number: int = 1, lease_ends: float = 0.0) -> Attempt:
    return Attempt(Job(job_id, "test.work", "bulk", number, 3), lease_ends)


async def handling(one: Attempt) -> asyncio.Task[None]:
    async def wait() -> None:
        await asyncio.Event().wait()

    one.task = asyncio.create_task(wait())
    one.is_handling = True
    await asyncio.sleep(0)
    return one.task


async def test_a_handler_is_interrupted_once() -> None:
    one = attempt()
    task = await handling(one)
    assert one.stop(Stop.CANCEL)
    assert not one.stop(Stop.RELEASE)
    await asyncio.wait([task])
    assert task.cancelled()
    assert one.cancelled.is_set()
    assert one.stop_reason is Stop.CANCEL


async def test_a_handler_that_has_not_begun_is_not_cancelled_but_marked() -> None:
    one = attempt()
    task = await handling(one)
    one.is_handling = False
    assert one.stop(Stop.RELEASE)
    assert task.cancelling() == 0
    task.cancel()


def test_an_end_that_is_being_written_is_not_stopped() -> None:
    one = attempt()
    one.is_ending = True
    assert not one.stop(Stop.LOST)
    assert one.stop_reason is None


def test_a_lost_lease_overrides_every_other_reason() -> None:
    one = attempt()
    one.stop(Stop.CANCEL)
    assert not one.stop(Stop.LOST)
    assert one.stop_reason is Stop.LOST


def test_leases_are_given_up_before_they_run_out() -> None:
    now = monotonic()
    ending, lasting = attempt(1, lease_ends=now + 0.5), attempt(2, lease_ends=now + 60)
    stop_expired([ending, lasting], margin=1.0)
    assert (ending.stop_reason, lasting.stop_reason) == (Stop.LOST, None)


def test_a_newer_attempt_takes_the_place_of_an_older_one() -> None:
    leases = Leases()
    older, newer = attempt(number=1), attempt(number=2)
    assert leases.add(older) is None
    assert leases.add(newer) is older
    leases.remove(older)
    assert leases.holds(newer)
    assert len(leases) == 1
    leases.remove(newer)
    assert leases.all() == []
