"""Products, prices and meters at Stripe."""

from __future__ import annotations

from collections.abc import AsyncIterator

from worker.providers.payments import bodies, shapes
from worker.providers.payments.states import Interval, MeterState, PriceState, ProductState
from worker.providers.payments.wire import Wire, at, pages, reading

LOOKUP_PREFIX = "lamina_"


class StripeCatalog:
    """See the port. Lists hold active and archived objects alike unless asked otherwise."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def products(self) -> AsyncIterator[ProductState]:
        async for data in pages(self._wire, "/v1/products"):
            with reading():
                state = shapes.product(data)
            if state.plan is not None:
                yield state

    async def prices(self) -> AsyncIterator[PriceState]:
        async for data in pages(self._wire, "/v1/prices"):
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
        self, *, name: str, description: str, plan: str, version: int, idempotency_key: str
    ) -> ProductState:
        body = bodies.product(name, description, plan, version)
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
        idempotency_key: str,
    ) -> PriceState:
        body = bodies.price(product_id, lookup_key, currency, unit_amount, interval, meter_id)
        made = await self._wire.call("post", "/v1/prices", body, key=idempotency_key)
        with reading():
            return shapes.price(made)

    async def archive_price(self, price_id: str) -> None:
        await self._wire.call("post", at("/v1/prices", price_id), {"active": False})

    async def create_meter(self, *, event_name: str, name: str, idempotency_key: str) -> MeterState:
        body = bodies.meter(event_name, name)
        made = await self._wire.call("post", "/v1/billing/meters", body, key=idempotency_key)
        with reading():
            return shapes.meter(made)

    async def close(self) -> None:
        """Releases connections."""
        await self._wire.close()
