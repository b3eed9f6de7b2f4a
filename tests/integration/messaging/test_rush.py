"""Many people at once, duplicates, a killed worker: nothing lost, nothing doubled, all in order."""

from __future__ import annotations

import asyncio

from tests.integration.messaging.crew import crew
from tests.integration.messaging.rush import Rush


def test_a_rush_loses_doubles_and_disorders_nothing() -> None:
    with crew() as hired:
        report = asyncio.run(Rush(hired, seed=7).run(messages=80, contacts=10, workers=3))
    assert report.problems == [], "\n".join(report.lines())
    assert len(report.waits) > 80, "no message came twice"
    assert hired.workers[0].process.returncode == -9
