"""A worker process is killed in the middle of a campaign: nobody gets two mails, all is accounted for."""

from __future__ import annotations

import argparse
import asyncio

from tests.integration.marketing.storm import storm
from tests.integration.messaging.crew import crew


def test_a_killed_worker_doubles_nothing() -> None:
    wishes = argparse.Namespace(mails=300, workers=2, latency=0.02, rate=300.0)
    with crew() as hired:
        found = asyncio.run(storm(hired, wishes))
    assert found.problems == [], found.facts
    assert hired.workers[0].process.returncode == -9
