"""Products, prices and meters at Stripe."""

from __future__ import annotations

from collections.abc import AsyncIterator

from worker.providers.payments import bodies, shapes
from worker.providers.payments.states import Interval, MeterState, PriceState, ProductState
from worker.providers.payments.wire import Wire, at, pages, reading

LOOKUP_PREFIX = "lamina_"


class StripeCatalog:
    """See the port."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def products(self) -> AsyncIterator[ProductState]:
        async for data in pages(self._wire, "/v1/products"):
            with reading():
                state = shapes.product(data)
            if state.plan is not None or state.pack is not None:
                yield state

    async def prices(self) -> AsyncIterator[PriceState]:
        """Asked for twice: archived ones are listed on request only (https://docs.stripe.com/api/prices/list)."""
        for active in (True, False):
            async for data in pages(self._wire, "/v1/prices", {"active": active}):
                with reading():
                    state = shapes.price(data)
                if (state.lookup_key or "").startswith(LOOKUP_PREFIX):
                    yield state

    async def meters(self) -> AsyncIterator[MeterState]:
        async for data in pages(self._wire, "/v1/billing/meters"):
            with reading():
                state = shapes.meter(data)
            yield state

    async def create_product(
        self,
        *,
        name: str,
        description: str,
        plan: str | None = None,
        version: int | None = None,
        pack: str | None = None,
        idempotency_key: str,
    ) -> ProductState:
        body = bodies.product(name, description, plan, version, pack)
        made = await self._wire.call("post", "/v1/products", body, key=idempotency_key)
        with reading():
            return shapes.product(made)

    async def update_product(
        self, product_id: str, *, name: str, description: str, active: bool
    ) -> ProductState:
        body = {"name": name, "description": description, "active": active}
        made = await self._wire.call("post", at("/v1/products", product_id), body)
        with reading():
            return shapes.product(made)

    async def create_price(
        self,
        *,
        product_id: str,
        lookup_key: str,
        currency: str,
        unit_amount: str,
        interval: Interval | None,
        meter_id: str | None,
        replaces: bool = False,
        idempotency_key: str,
    ) -> PriceState:
        body = bodies.price(product_id, lookup_key, currency, unit_amount, interval, meter_id, replaces)
        made = await self._wire.call("post", "/v1/prices", body, key=idempotency_key)
        with reading():
            return shapes.price(made)

    async def set_price_active(self, price_id: str, active: bool) -> None:
        await self._wire.call("post", at("/v1/prices", price_id), {"active": active})

    async def create_meter(self, *, event_name: str, name: str, idempotency_key: str) -> MeterState:
        body = bodies.meter(event_name, name)
        made = await self._wire.call("post", "/v1/billing/meters", body, key=idempotency_key)
        with reading():
            return shapes.meter(made)

    async def close(self) -> None:
        """Releases connections."""
        await self._wire.close()
