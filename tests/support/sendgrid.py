"""SendGrid's side: takes messages as its Web API does and remembers whose they were."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class FakeSendGrid:
    """``taken`` counts messages by ``lamina_id``; ``times`` are those of their arrival, by a monotonic clock.

    ``latency`` is how long an answer takes, in seconds; the message is taken before it.
    """

    latency: float = 0.0
    url: str = ""
    taken: Counter[str] = field(default_factory=Counter)
    addresses: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    async def send(self, request: web.Request) -> web.Response:
        """202 as https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send has it."""
        body = await request.json()
        (envelope,) = body["personalizations"]
        self.taken[envelope["custom_args"]["lamina_id"]] += 1
        self.addresses[envelope["to"][0]["email"]] += 1
        self.times.append(time.monotonic())
        await asyncio.sleep(self.latency)
        return web.Response(status=202, headers={"x-message-id": f"m{len(self.times)}"})


@asynccontextmanager
async def running_sendgrid(latency: float = 0.0) -> AsyncIterator[FakeSendGrid]:
    """Listens on a port of its own while the context lasts."""
    vendor = FakeSendGrid(latency)
    app = web.Application()
    app.router.add_post("/v3/mail/send", vendor.send)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vendor.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield vendor
    finally:
        await runner.cleanup()
