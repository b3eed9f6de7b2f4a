"""Rates, and frames that wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from scripts.stack.realtime.config import Limits
from scripts.stack.realtime.connection import Backlog
from scripts.stack.realtime.limits import Bucket


def test_a_bucket_holds_a_second_and_fills_steadily() -> None:
    now = 0.0
    bucket = Bucket(4, lambda: now)
    assert [bucket.take() for _ in range(5)] == [True] * 4 + [False]
    now = 0.5
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now = 60.0
    assert not bucket.take(5)
    assert bucket.take(4)
    assert not bucket.take()


async def test_a_backlog_keeps_the_order_and_has_bounds() -> None:
    backlog = Backlog(replace(Limits(), backlog=3, backlog_bytes=10))
    assert [backlog.add(each) for each in ("a", b"b", "c", "d")] == [True, True, True, False]
    assert [await backlog.next() for _ in range(3)] == ["a", b"b", "c"]
    assert [backlog.add("x" * size) for size in (6, 4, 1)] == [True, True, False]
    assert await backlog.next() == "xxxxxx"
    assert backlog.add("y")


async def test_one_frame_always_has_room() -> None:
    backlog = Backlog(replace(Limits(), backlog_bytes=10))
    assert backlog.add("x" * 100)
    assert not backlog.add("")


async def test_a_backlog_waits() -> None:
    backlog = Backlog(Limits())
    waiting = asyncio.create_task(backlog.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    backlog.add("a")
    assert await waiting == "a"
