"""Sends Stripe's events to the door as a vendor may: late, twice, at once, under other ids."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from scripts.stack.state import State
from tests.support.stripe_events import encoded, signature, webhook_secret

AT_ONCE = 50
LATEST_S = 1.5
"""An event comes up to so much later than it happened."""

Event = dict[str, Any]


@dataclass
class Report:
    """What was sent and what came of it; ``problems`` must stay empty."""

    sent: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def check(self, holds: bool, problem: str) -> None:
        """Notes the problem unless the condition holds."""
        if not holds:
            self.problems.append(problem)

    def lines(self) -> list[str]:
        """For people."""
        slow = statistics.quantiles(self.waits, n=100)[98]
        told = {"deliveries": f"{self.sent.total():,} ({dict(self.sent)})", **self.facts}
        told["acknowledged"] = f"p50 {1000 * statistics.median(self.waits):.0f} ms, p99 {1000 * slow:.0f} ms"
        return [f"{name}: {what}" for name, what in told.items()] + [f"PROBLEM: {p}" for p in self.problems]


class Sender:
    """Posts to the door of a platform and notes everything in the report."""

    def __init__(self, state: State, seed: int) -> None:
        self._url, self._secret = f"{state.url}/functions/v1/stripe", webhook_secret(state)
        self._chance = random.Random(seed)
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE))
        self._free = asyncio.Semaphore(AT_ONCE)
        self.report = Report()
        self.ids: set[str] = set()

    async def close(self) -> None:
        await self._http.close()

    async def send(self, how: str, event: Event) -> None:
        """Once, now; it must be acknowledged."""
        body = encoded(event)
        self.ids.add(event["id"])
        self.report.sent[how] += 1
        async with self._free:
            headers = {"stripe-signature": signature(body, self._secret)}
            began = time.perf_counter()
            async with self._http.post(self._url, data=body, headers=headers) as answer:
                said = await answer.text()
            self.report.waits.append(time.perf_counter() - began)
        self.report.check(answer.status == 200, f"{event['id']} was answered {answer.status}: {said}")

    async def send_somehow(self, event: Event) -> None:
        """Soon, as a rule; perhaps twice at once, perhaps once more after that."""
        await asyncio.sleep(LATEST_S * self._chance.random() ** 4)
        copies = [self.send("first", event)]
        if self._chance.random() < 0.2:
            copies.append(self.send("parallel", event))
        await asyncio.gather(*copies)
        if self._chance.random() < 0.2:
            await asyncio.sleep(self._chance.uniform(0, LATEST_S))
            await self.send_again(event)

    async def send_again(self, event: Event) -> None:
        """The same event, or what it says under another id."""
        await (self.send("duplicate", event) if self._chance.random() < 0.5 else self.replay(event))

    async def replay(self, event: Event) -> None:
        """What it says, under another id."""
        await self.send("replay", event | {"id": f"evt_{uuid4().hex[:24]}"})

    async def replay_all(self, events: list[Event]) -> None:
        """Each of them, in an order that has nothing to do with theirs."""
        await asyncio.gather(*(self.replay(event) for event in self._chance.sample(events, len(events))))

    async def send_old_ones(self, events: list[Event], count: int) -> None:
        """Any of them, all at once."""
        chosen = self._chance.choices(events, k=max(count, 0))
        await asyncio.gather(*(self.send_again(event) for event in chosen))
