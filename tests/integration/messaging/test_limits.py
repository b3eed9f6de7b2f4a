"""A vendor's rate limit is kept by all workers together."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from tests.integration.jobs.engine import until
from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.messaging.desk import Desk
from tests.support.database import Database
from tests.support.manychat import manychat_process, taken
from worker.domains.messaging.replies import LATE_SECONDS
from worker.domains.messaging.rules import SEND_BURST, SENDS_PER_SECOND

MESSAGES = 60
LIMIT = 25


def take(
    db: Database, bucket: str, rate: float, burst: float, tokens: float = 1, patience: float = 0
) -> float:
    with db.as_worker() as cursor:
        cursor.execute("select app.take_tokens(%s, %s, %s, %s, %s)", (bucket, rate, burst, tokens, patience))
        row = cursor.fetchone()
    assert row is not None
    return float(row[0])


def test_a_bucket_gives_its_burst_and_then_the_rate(shared_db: Database) -> None:
    waits = [take(shared_db, "burst", 0.5, 3) for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert waits[3] == pytest.approx(2, abs=0.5)
    assert waits[4] == pytest.approx(waits[3], abs=0.5)  # none was taken


def test_with_patience_tokens_are_taken_in_advance(shared_db: Database) -> None:
    waits = [take(shared_db, "patience", 0.5, 1, patience=5) for _ in range(4)]
    assert waits == pytest.approx([0, 2, 4, 6], abs=0.5)
    assert take(shared_db, "patience", 0.5, 1, patience=5) == pytest.approx(6, abs=0.5)


def test_buckets_do_not_share_and_several_tokens_cost_several(shared_db: Database) -> None:
    assert take(shared_db, "one", 1, 1) == take(shared_db, "other", 1, 1) == 0
    assert take(shared_db, "three", 1, 3, tokens=3) == 0
    assert take(shared_db, "three", 1, 3, tokens=2) == pytest.approx(2, abs=0.5)


def test_a_held_bucket_gives_nothing(shared_db: Database) -> None:
    with shared_db.as_worker() as cursor:
        cursor.execute("select app.hold_bucket('held', 60)")
    assert take(shared_db, "held", 10, 5) > 50


def test_the_limit_leaves_room(desk: Desk) -> None:
    assert SEND_BURST + SENDS_PER_SECOND * (1 + LATE_SECONDS) <= LIMIT


async def test_three_workers_together_stay_below_the_limit(desk: Desk) -> None:
    desk.model = ScriptedModel([["Yes."]])
    for number in range(MESSAGES):
        desk.receive("Hello", subscriber=str(100 + number))
    async with desk.working(lanes={"interactive": 8}):
        await until(lambda: len(desk.deliveries()) == MESSAGES, 60)
    with manychat_process() as url:
        desk.manychat.url = url
        async with AsyncExitStack() as workers:
            for _ in range(3):
                await workers.enter_async_context(desk.working(lanes={"outbound": 8}))
            await until(lambda: {row["status"] for row in desk.deliveries()} == {"sent"}, 60)
        vendor = taken(url)
    times = [send.at for send in vendor.sends]
    assert len(times) == MESSAGES
    assert vendor.busiest() <= LIMIT
    assert MESSAGES / (times[-1] - times[0]) > 0.4 * SENDS_PER_SECOND, "the limit is kept by being slow"
