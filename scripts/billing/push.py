"""Mends the differences at Stripe.

Each step can be repeated: what is there already is found by its name before anything is made, and what is
made has an idempotency key, so that an answer that got lost makes nothing twice.
"""

from __future__ import annotations

import hashlib
import json

from scripts.billing.difference import Difference, Found, product_of
from scripts.billing.sight import look, pull, write_down
from scripts.billing.wishes import MeterWish, PriceWish, ProductWish
from worker.db.pool import Database
from worker.providers.payments.port import Catalog
from worker.providers.payments.states import PriceState, ProductState


async def push(db: Database, catalog: Catalog) -> list[Difference]:
    """Makes Stripe hold what the database sells, and writes it down; what was done. Raises ProviderError."""
    sight = await look(db, catalog)
    wrong = [d for d in sight.differences if d.mendable and d.thing != "record"]
    if not wrong:
        return await write_down(db, sight)
    mender = _Mender(catalog, sight.theirs)
    for difference in wrong:
        await mender.mend(difference)
    return [*wrong, *await pull(db, catalog)]


def idempotency_key(*what: object) -> str:
    """The same for the same wish in the same situation, and for no other."""
    return f"lamina-{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:40]}"


class _Mender:
    """Knows the ids of what was there and of what it made."""

    def __init__(self, catalog: Catalog, theirs: Found) -> None:
        self._catalog = catalog
        self._theirs = theirs
        self._meters = {name: meter.id for name, meter in theirs.meters.items()}
        self._products: dict[str, str] = {}

    async def mend(self, difference: Difference) -> None:
        match difference.wish, difference.found:
            case MeterWish() as wish, _:
                await self._make_meter(wish)
            case ProductWish() as wish, None:
                await self._make_product(wish)
            case ProductWish() as wish, ProductState() as found:
                await self._change_product(wish, found)
            case PriceWish() as wish, PriceState() as found if difference.kind != "differs":
                await self._catalog.set_price_active(found.id, wish.sold)
            case PriceWish() as wish, PriceState() as found:
                await self._replace_price(wish, found)
            case PriceWish() as wish, _:
                await self._make_price(wish, None)

    async def _make_meter(self, wish: MeterWish) -> None:
        key = idempotency_key("meter", wish.event_name, wish.title)
        made = await self._catalog.create_meter(
            event_name=wish.event_name, name=wish.title, idempotency_key=key
        )
        self._meters[wish.event_name] = made.id

    async def _make_product(self, wish: ProductWish) -> None:
        made = await self._catalog.create_product(
            name=wish.title,
            description=wish.description,
            plan=wish.plan,
            version=wish.version,
            pack=wish.pack,
            idempotency_key=idempotency_key("product", wish.key, wish.title, wish.description),
        )
        self._products[wish.key] = made.id

    async def _change_product(self, wish: ProductWish, found: ProductState) -> None:
        """One that is not sold any more keeps the name under which it was."""
        name, description = (
            (wish.title, wish.description) if wish.sold else (found.name or "", found.description or "")
        )
        await self._catalog.update_product(found.id, name=name, description=description, active=wish.sold)

    async def _replace_price(self, wish: PriceWish, found: PriceState) -> None:
        """Archived first, while its key still leads to it: interrupted here, the next push goes on."""
        if found.active:
            await self._catalog.set_price_active(found.id, False)
        await self._make_price(wish, found)

    async def _make_price(self, wish: PriceWish, replaced: PriceState | None) -> None:
        product_id = self._product_id(wish.product.key)
        meter_id = self._meters[wish.meter] if wish.meter else None
        terms = (wish.key, product_id, wish.currency, wish.written_amount, wish.interval, meter_id)
        await self._catalog.create_price(
            product_id=product_id,
            lookup_key=wish.key,
            currency=wish.currency,
            unit_amount=wish.written_amount,
            interval=wish.interval,
            meter_id=meter_id,
            replaces=replaced is not None,
            idempotency_key=idempotency_key("price", *terms, replaced.id if replaced else None),
        )

    def _product_id(self, key: str) -> str:
        if key in self._products:
            return self._products[key]
        found = product_of(self._theirs, key)
        assert found is not None, key
        return found.id
