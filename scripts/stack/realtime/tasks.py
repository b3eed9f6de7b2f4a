"""Ending tasks so that they have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

AGAIN_SECONDS = 0.2


async def end_tasks(tasks: Collection[asyncio.Task[Any]]) -> list[BaseException]:
    """Cancels until all are done; what they failed with.

    Once is not enough: ``asyncio.wait_for`` of Python 3.11, which the pool uses, can lose a cancellation.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=AGAIN_SECONDS)
    failures = [task.exception() for task in tasks if not task.cancelled()]
    return [failure for failure in failures if failure is not None]
