"""Pure arithmetic of billing: periods and amounts in minor units."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

WITHOUT_MINOR_UNIT = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
"""docs.stripe.com/currencies#zero-decimal"""


def period_end(start: int, interval: str, count: int, anchor: int) -> int:
    """One period later, on the anchor's day of the month; a day that the month does not have is its last."""
    if interval in ("day", "week"):
        return start + int(timedelta(days=count * (7 if interval == "week" else 1)).total_seconds())
    begin = datetime.fromtimestamp(start, UTC)
    months = begin.year * 12 + begin.month - 1 + count * (12 if interval == "year" else 1)
    year, month = divmod(months, 12)
    day = datetime.fromtimestamp(anchor, UTC).day
    day = min(day, calendar.monthrange(year, month + 1)[1])
    return int(begin.replace(year=year, month=month + 1, day=day).timestamp())


def cost(price_decimal: str, quantity: int) -> int:
    """Rounded to the minor unit, halves up."""
    return _rounded(Decimal(price_decimal) * quantity)


def prorated(amount: int, now: int, start: int, end: int) -> int:
    """The share of an amount for what is left of a period, to the second."""
    left, whole = max(0, end - now), max(1, end - start)
    return _rounded(Decimal(amount) * min(left, whole) / whole)


def written(amount: int, currency: str) -> str:
    """For people: ``-12.34 EUR``."""
    if currency in WITHOUT_MINOR_UNIT:
        return f"{amount} {currency.upper()}"
    return f"{Decimal(amount) / 100:.2f} {currency.upper()}"


def written_exactly(amount: str, currency: str) -> str:
    """For people, with all decimals of a unit's price: ``0.005 EUR``."""
    exact = Decimal(amount) / (1 if currency in WITHOUT_MINOR_UNIT else 100)
    return f"{exact.normalize():f} {currency.upper()}"


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
