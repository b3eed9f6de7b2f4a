"""Where Stripe and the database differ about what is sold. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from scripts.billing.wishes import Assortment, MeterWish, PriceWish, ProductWish, product_key
from scripts.stack.payments.amounts import written_exactly
from worker.providers.payments.states import MeterState, PriceState, ProductState

PREFIX = "lamina_"

Thing = Literal["meter", "product", "price", "record"]
Kind = Literal["missing", "differs", "archived", "not_sold", "unknown", "unrecorded", "gone"]
"""At Stripe: not there; other terms; archived though we sell it; active though we do not; nobody's here.
In app.stripe_prices: not as it is at Stripe; of no key of ours any more."""


@dataclass(frozen=True, slots=True)
class Found:
    """What Stripe holds: active meters by event name, prices by lookup key, archived ones too."""

    meters: Mapping[str, MeterState]
    products: Sequence[ProductState]
    prices: Mapping[str, PriceState]


@dataclass(frozen=True, slots=True)
class Record:
    """A row of app.stripe_prices."""

    price_id: str
    lookup_key: str | None
    product_id: str
    is_active: bool
    is_product_active: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """``ours`` and ``theirs`` are for people; the rest is what a push needs."""

    thing: Thing
    name: str
    kind: Kind
    ours: str | None = None
    theirs: str | None = None
    wish: MeterWish | ProductWish | PriceWish | None = None
    found: ProductState | PriceState | None = None
    record: Record | None = None

    @property
    def mendable(self) -> bool:
        """What is not known here is left alone: another database may sell it."""
        return self.kind != "unknown"


def compare(ours: Assortment, theirs: Found, records: Iterable[Record]) -> list[Difference]:
    """In the order in which a push mends them."""
    prices = list(_prices(ours, theirs))
    incomplete = {d.wish.product.key for d in prices if isinstance(d.wish, PriceWish) and _to_be_made(d)}
    products = list(_products(ours, theirs, incomplete))
    return [*_meters(ours, theirs), *products, *prices, *_records(ours, theirs, list(records))]


def product_of(theirs: Found, key: str) -> ProductState | None:
    """Of several with the same metadata the one that has prices of ours, then the active one."""
    used = {price.product_id for price in theirs.prices.values()}
    same = [product for product in theirs.products if product_key(product) == key]
    return min(same, key=lambda p: (p.id not in used, not p.active, p.id), default=None)


def _to_be_made(difference: Difference) -> bool:
    return difference.kind in ("missing", "differs")


def _meters(ours: Assortment, theirs: Found) -> Iterator[Difference]:
    for name, wish in ours.meters.items():
        if name not in theirs.meters:
            yield Difference("meter", name, "missing", wish.title, wish=wish)
    for name in theirs.meters:
        if name.startswith(PREFIX) and name not in ours.metrics:
            yield Difference("meter", name, "unknown", theirs="active")


def _products(ours: Assortment, theirs: Found, incomplete: set[str]) -> Iterator[Difference]:
    """One that has all its prices needs no metadata of ours: somebody else made it."""
    for key, wish in ours.products.items():
        found = product_of(theirs, key)
        kind = _product_kind(wish, found, key in incomplete)
        if kind is not None:
            says = (_words(wish.title, wish.description), _product_words(found))
            yield Difference("product", key, kind, *says, wish=wish, found=found)
    for product in theirs.products:
        key = product_key(product)
        if product.active and (key not in ours.products or product_of(theirs, key) != product):
            yield Difference("product", key, "unknown", theirs=f"{product.name} ({product.id})")


def _product_kind(wish: ProductWish, found: ProductState | None, incomplete: bool) -> Kind | None:
    if found is None:
        return "missing" if wish.sold and incomplete else None
    if not wish.sold:
        return "not_sold" if found.active else None
    if not found.active:
        return "archived"
    same = (found.name, found.description or "") == (wish.title, wish.description)
    return None if same else "differs"


def _prices(ours: Assortment, theirs: Found) -> Iterator[Difference]:
    for key, wish in ours.prices.items():
        found = theirs.prices.get(key)
        kind = _price_kind(wish, found, theirs)
        if kind is not None:
            says = (price_words(wish), None if found is None else _found_words(found))
            yield Difference("price", key, kind, *says, wish=wish, found=found)
    for key, price in theirs.prices.items():
        if price.active and key not in ours.prices:
            yield Difference("price", key, "unknown", theirs=_found_words(price), found=price)


def _price_kind(wish: PriceWish, found: PriceState | None, theirs: Found) -> Kind | None:
    if found is None:
        return "missing" if wish.sold else None
    if not wish.sold:
        return "not_sold" if found.active else None
    if not same_terms(wish, found, theirs):
        return "differs"
    return None if found.active else "archived"


def same_terms(wish: PriceWish, found: PriceState, theirs: Found) -> bool:
    """Amount, currency, rhythm, and the meter that is in use now."""
    meter = theirs.meters.get(wish.meter) if wish.meter else None
    return (
        found.unit_amount is not None
        and Decimal(found.unit_amount) == wish.amount
        and found.currency == wish.currency
        and found.interval == wish.interval
        and found.metered == (wish.meter is not None)
        and found.meter_id == (meter.id if meter else None)
    )


def _records(ours: Assortment, theirs: Found, records: list[Record]) -> Iterator[Difference]:
    """A price on other terms than ours is not written down: it would be sold."""
    known = {record.price_id: record for record in records}
    active = {product.id: product.active for product in theirs.products}
    for key, price in theirs.prices.items():
        wish, before = ours.prices.get(key), known.pop(price.id, None)
        if wish is None or (before is None and not same_terms(wish, price, theirs)):
            continue
        now = Record(
            price.id, key, price.product_id or "", price.active, active.get(price.product_id or "", True)
        )
        if now != before:
            says = (_record_words(before), _record_words(now))
            yield Difference("record", key, "unrecorded", *says, wish=wish, record=now)
    for record in known.values():
        if record.is_active:
            name = record.lookup_key or record.price_id
            yield Difference("record", name, "gone", _record_words(record), record=record)


def price_words(wish: PriceWish) -> str:
    """For people: ``99 USD a month``."""
    return _price(written_exactly(wish.written_amount, wish.currency), wish.interval, wish.meter is not None)


def _found_words(found: PriceState) -> str:
    if found.unit_amount is None or found.currency is None:
        return "no single amount"
    amount = written_exactly(found.unit_amount, found.currency)
    return _price(amount, found.interval, found.metered) + ("" if found.active else ", archived")


def _price(amount: str, interval: str | None, metered: bool) -> str:
    return f"{amount}{' for each' if metered else ''}{f', by the {interval}' if interval else ''}"


def _product_words(found: ProductState | None) -> str | None:
    if found is None:
        return None
    return _words(found.name or "", found.description or "") + ("" if found.active else " (archived)")


def _words(name: str, description: str) -> str:
    return f"{name}: {description}" if description else name


def _record_words(record: Record | None) -> str | None:
    if record is None:
        return None
    sold: list[Any] = [
        "active" if record.is_active else "archived",
        *([] if record.is_product_active else ["product archived"]),
    ]
    return f"{record.price_id} ({', '.join(sold)})"
