"""Reads both sides, and writes down which price is which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scripts.billing.difference import Difference, Found, Record, compare
from scripts.billing.wishes import Assortment, PriceWish, assortment
from worker.db.pool import Database
from worker.db.queries import load_queries
from worker.providers.payments.port import Catalog

SQL = load_queries(__package__, "queries.sql")


@dataclass(frozen=True, slots=True)
class Sight:
    """Both sides as they were from ``since`` on, on the database's clock."""

    since: datetime
    theirs: Found
    differences: list[Difference]


async def look(db: Database, catalog: Catalog) -> Sight:
    """Compares. Raises ProviderError."""
    clock = await db.one(SQL["clock"], {})
    assert clock is not None
    ours, records = await _ours(db), [Record(**row) for row in await db.rows(SQL["recorded"], {})]
    theirs = await _theirs(catalog)
    return Sight(clock["now"], theirs, compare(ours, theirs, records))


async def pull(db: Database, catalog: Catalog) -> list[Difference]:
    """Writes down the prices of ours at Stripe, whoever made them; what was new. Raises ProviderError."""
    return await write_down(db, await look(db, catalog))


async def write_down(db: Database, sight: Sight) -> list[Difference]:
    """All of it or nothing."""
    new = [difference for difference in sight.differences if difference.thing == "record"]
    if new:
        async with db.transaction() as connection:
            for difference in new:
                name = "record_gone" if difference.kind == "gone" else "record"
                await connection.execute(SQL[name], _row(difference, sight.since))
    return new


def _row(difference: Difference, since: datetime) -> dict[str, object]:
    record, wish = difference.record, difference.wish
    assert record is not None
    row: dict[str, object] = {"price_id": record.price_id, "observed_at": since}
    if not isinstance(wish, PriceWish):
        return row
    return row | {
        "lookup_key": record.lookup_key,
        "product_id": record.product_id,
        "plan_version_id": wish.plan_version_id,
        "pack": wish.product.pack,
        "metric": wish.metric,
        "billing_interval": wish.interval,
        "is_active": record.is_active,
        "is_product_active": record.is_product_active,
    }


async def _ours(db: Database) -> Assortment:
    rows = [await db.rows(SQL[name], {}) for name in ("versions", "overages", "packs", "metrics")]
    return assortment(*rows)


async def _theirs(catalog: Catalog) -> Found:
    meters = [meter async for meter in catalog.meters()]
    return Found(
        meters={meter.event_name: meter for meter in meters if meter.active},
        products=[product async for product in catalog.products()],
        prices={price.lookup_key: price async for price in catalog.prices() if price.lookup_key},
    )
