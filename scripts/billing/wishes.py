"""What Stripe should hold for what the database sells. Pure.

Names: a product ``lamina_<plan>_v<version>`` or ``lamina_pack_<pack>`` (by its metadata), its prices by the
lookup keys ``lamina_<plan>_v<version>_<month|year>``, ``lamina_<plan>_v<version>_<metric>_<month|year>`` and
``lamina_pack_<pack>``, a meter by its event name ``lamina_<metric>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from worker.domains.billing.rules import meter_event_name
from worker.providers.payments.states import Interval, ProductState

Row = Mapping[str, Any]

DECIMALS = Decimal("1e-12")
"""Most that Stripe takes of a minor unit."""
INTERVALS: tuple[tuple[Interval, str], ...] = (("month", "monthly_amount"), ("year", "annual_amount"))


@dataclass(frozen=True, slots=True)
class MeterWish:
    """Adds up the overage of one metric."""

    event_name: str
    title: str


@dataclass(frozen=True, slots=True)
class ProductWish:
    """A version of a plan, or a credit pack. What is not ``sold`` any more may stay, archived."""

    key: str
    title: str
    description: str
    sold: bool
    plan: str | None = None
    version: int | None = None
    pack: str | None = None


@dataclass(frozen=True, slots=True)
class PriceWish:
    """``amount`` is of one unit, in minor units; ``meter`` the event name whose sum it bills."""

    key: str
    product: ProductWish
    currency: str
    amount: Decimal
    interval: Interval | None = None
    metric: str | None = None
    meter: str | None = None
    plan_version_id: int | None = None

    @property
    def sold(self) -> bool:
        """Like its product."""
        return self.product.sold

    @property
    def written_amount(self) -> str:
        """As Stripe writes it: no exponent, no zeros at the end."""
        return f"{self.amount.normalize():f}"


@dataclass(frozen=True, slots=True)
class Assortment:
    """Everything the database knows, sold or not any more, by name; ``metrics`` are all event names."""

    meters: dict[str, MeterWish]
    products: dict[str, ProductWish]
    prices: dict[str, PriceWish]
    metrics: frozenset[str]


def assortment(
    versions: Iterable[Row], overages: Iterable[Row], packs: Iterable[Row], metrics: Iterable[Row]
) -> Assortment:
    """From rows of the queries of the same names in ``queries.sql``."""
    by_version: dict[int, list[Row]] = {}
    for row in overages:
        by_version.setdefault(row["plan_version_id"], []).append(row)
    prices = [
        wish for version in versions for wish in _of_version(version, by_version.get(version["id"], []))
    ]
    prices += [_of_pack(pack) for pack in packs]
    titles = {meter_event_name(row["metric"]): row["description"] for row in metrics}
    metered = sorted({wish.meter for wish in prices if wish.meter and wish.sold})
    return Assortment(
        meters={name: MeterWish(name, titles[name]) for name in metered},
        products={wish.product.key: wish.product for wish in prices},
        prices={wish.key: wish for wish in prices},
        metrics=frozenset(titles),
    )


def product_key(product: ProductState) -> str:
    """The name of a product by its metadata."""
    if product.pack is not None:
        return f"lamina_pack_{product.pack}"
    return f"lamina_{product.plan}_v{product.version}"


def unit_amount(amount: int, per: int) -> Decimal:
    """Minor units for one unit, exactly when twelve decimals can say it, else the nearest they can."""
    exact = Decimal(amount) / Decimal(per)
    return exact.quantize(DECIMALS, ROUND_HALF_EVEN)


def _of_version(version: Row, overages: list[Row]) -> list[PriceWish]:
    """Its prices by the month and by the year, with the overage of each; none when it costs nothing."""
    key = f"lamina_{version['plan']}_v{version['version']}"
    product = ProductWish(
        key,
        version["name"],
        version["description"],
        version["is_sold"],
        plan=version["plan"],
        version=version["version"],
    )
    wishes: list[PriceWish] = []
    for interval, column in INTERVALS:
        if version[column]:
            common = (product, version["currency"])
            own = Decimal(version[column])
            wishes.append(
                PriceWish(f"{key}_{interval}", *common, own, interval, plan_version_id=version["id"])
            )
            wishes += [_of_overage(row, key, common, interval) for row in overages]
    return wishes


def _of_overage(row: Row, key: str, common: tuple[ProductWish, str], interval: Interval) -> PriceWish:
    metric = row["metric"]
    return PriceWish(
        f"{key}_{metric}_{interval}",
        *common,
        unit_amount(row["overage_amount"], row["overage_per"]),
        interval,
        metric,
        meter_event_name(metric),
        row["plan_version_id"],
    )


def _of_pack(pack: Row) -> PriceWish:
    key = f"lamina_pack_{pack['pack']}"
    product = ProductWish(key, pack["name"], "", pack["is_sold"], pack=pack["pack"])
    return PriceWish(key, product, pack["currency"], Decimal(pack["amount"]))
