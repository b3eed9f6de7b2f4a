"""Webhooks in any order, number and company lead to what they would lead to one by one."""

from __future__ import annotations

import asyncio

from tests.integration.billing.storm import platform, run


def test_a_storm_of_webhooks_ends_as_a_calm() -> None:
    with platform() as (state, twin):
        report = asyncio.run(run(state, twin, subscriptions=5, deliveries=200, seed=7))
    assert report.problems == [], "\n".join(report.lines())
    assert report.facts["subscriptions"] == 5
    assert min(report.sent[how] for how in ("first", "parallel", "duplicate", "replay", "one by one")) > 0
    assert report.sent.total() - report.sent["one by one"] > 200
