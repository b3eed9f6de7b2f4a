"""The offline twin of Stripe on a real port, a receiver for its webhooks, and Stripe's own SDK."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import stripe
from aiohttp import web

from scripts.stack.payments import OfflineStripeConfig, create_offline_stripe_app

KEY = "sk_test_offline_for_tests"
SECRET = "whsec_offline_for_tests"
PATIENCE_SECONDS = 15.0


@dataclass
class Receiver:
    """Keeps what was delivered; the first ``refusals`` requests are answered with 500."""

    refusals: int = 0
    requests: list[tuple[bytes, str]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    """Until it is set, requests wait when ``slow``."""
    slow: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((body, request.headers["stripe-signature"]))
        while self.slow and not self.hold.is_set():
            await asyncio.sleep(0.01)
        if self.refusals > 0:
            self.refusals -= 1
            return web.Response(status=500)
        return web.json_response({"received": True})

    def events(self) -> list[Any]:
        """All of them, verified by the SDK."""
        client = stripe.StripeClient(KEY)
        return [client.construct_event(body, signature, SECRET) for body, signature in self._snapshots()]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]

    def wait(self, condition: Callable[[list[str]], bool]) -> list[str]:
        """Until the types of the delivered events fulfil it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not condition(types := self.types()):
            assert time.monotonic() < until, types
            time.sleep(0.02)
        return types

    def wait_for(self, kind: str) -> Any:
        """The first event of this type."""
        self.wait(lambda types: kind in types)
        return next(event for event in self.events() if event.type == kind)

    def _snapshots(self) -> list[tuple[bytes, str]]:
        return [each for each in self.requests if b'"object": "v2.core.event"' not in each[0]]


@dataclass
class Twin:
    """A running one. ``now`` can be moved, in seconds."""

    url: str
    receiver: Receiver
    file: Path
    offset: list[float]

    def client(self, key: str = KEY) -> stripe.StripeClient:
        return stripe.StripeClient(key, base_addresses={"api": self.url}, max_network_retries=0)

    def http(self, **headers: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers={"authorization": f"Bearer {KEY}", **headers}, timeout=20
        )

    def control(self, what: str, **values: Any) -> Any:
        """``POST /offline/…``; the answer."""
        with self.http() as http:
            answer = http.post(f"/offline/{what}", json=values)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def press(self, url: str, what: str, **fields: str) -> httpx.Response:
        """A button of a page; redirects are not followed."""
        return httpx.post(f"{url}/{what}", data=fields, timeout=20)

    def pass_time(self, seconds: float) -> None:
        self.offset[0] += seconds


@contextmanager
def running_twin(file: Path, port: int, receiver: Receiver | None = None, **options: Any) -> Iterator[Twin]:
    """Mounted like in the gateway, with the receiver beside it; ``options`` go into the configuration."""
    receiver, offset, url = receiver or Receiver(), [0.0], f"http://127.0.0.1:{port}"
    given: dict[str, Any] = {
        "key": KEY,
        "webhook_secret": SECRET,
        "webhook_url": f"{url}/hook",
        "public_url": f"{url}/stripe-offline",
        "file": file,
        "retry_seconds": (0.05,) * 20,
        "clock": lambda: time.time() + offset[0],
    }
    app = web.Application()
    app.add_subapp("/stripe-offline", create_offline_stripe_app(OfflineStripeConfig(**given | options)))
    app.router.add_post("/hook", receiver.handle)
    with serving(app, port):
        yield Twin(f"{url}/stripe-offline", receiver, file, offset)
    receiver.hold.set()


@contextmanager
def serving(app: web.Application, port: int) -> Iterator[None]:
    """In a thread with a loop of its own."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()
    failures: list[BaseException] = []

    async def serve() -> None:
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        try:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            ready.set()
            await stop.wait()
        except BaseException as error:
            failures.append(error)
        finally:
            ready.set()
            await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        assert not failures, failures
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_SECONDS)
        loop.close()


@dataclass(frozen=True)
class Shop:
    """A customer and something to sell: a plan of 20.00 a month, usage at 0.5 cents, a bigger one."""

    customer: str
    plan: str
    usage: str
    bigger: str
    bigger_usage: str
    yearly: str
    pack: str


def open_shop(client: stripe.StripeClient) -> Shop:
    v1 = client.v1
    customer = v1.customers.create({"name": "Ada", "email": "ada@example.com", "metadata": {"w": "1"}})
    meter = v1.billing.meters.create(
        {
            "event_name": "words",
            "display_name": "Words",
            "default_aggregation": {"formula": "sum"},
            "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
            "value_settings": {"event_payload_key": "value"},
        }
    )

    def price(product: str, key: str, amount: str, interval: Any = "month", metered: bool = False) -> str:
        usage: Any = {"usage_type": "metered", "meter": meter.id} if metered else {}
        recurring: Any = {"recurring": {"interval": interval, **usage}} if interval else {}
        made = v1.prices.create(
            {
                "product": product,
                "currency": "eur",
                "unit_amount_decimal": amount,  # type: ignore[typeddict-item]
                "lookup_key": key,
                **recurring,
            }
        )
        return made.id

    small = v1.products.create({"name": "Small"}).id
    big = v1.products.create({"name": "Big"}).id
    pack = v1.products.create({"name": "Pack"}).id
    return Shop(
        customer.id,
        price(small, "small", "2000"),
        price(small, "small_words", "0.5", metered=True),
        price(big, "big", "5000"),
        price(big, "big_words", "0.25", metered=True),
        price(small, "small_year", "20000", "year"),
        price(pack, "pack", "900", None),
    )


def buy(client: stripe.StripeClient, shop: Shop, *, mode: Any = "subscription", **more: Any) -> Any:
    """An open checkout session."""
    sold: list[Any] = [{"price": shop.plan, "quantity": 1}, {"price": shop.usage}]
    if mode == "payment":
        sold = [{"price": shop.pack, "quantity": 2}]
    return client.v1.checkout.sessions.create(
        {
            "mode": mode,
            "customer": shop.customer,
            "line_items": sold,
            "success_url": "https://app.example/ok?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://app.example/no",
            "client_reference_id": "ref-1",
            **more,
        }
    )


def subscribe(twin: Twin, client: stripe.StripeClient, shop: Shop) -> Any:
    """The subscription of a paid checkout."""
    session = buy(client, shop, subscription_data={"metadata": {"w": "1"}})
    assert twin.press(session.url, "pay").status_code == 303
    paid = client.v1.checkout.sessions.retrieve(session.id)
    return client.v1.subscriptions.retrieve(paid.subscription)
