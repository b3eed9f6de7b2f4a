"""Words and figures as people of a language read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

DEFAULT_LOCALE = "en"
LOCALES = (DEFAULT_LOCALE, "fr")

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "en": {
        "requests": "requests", "voice_seconds": "seconds of audio", "storage_bytes": "storage",
        "documents": "documents", "seats": "seats", "courses": "courses", "learners": "learners",
        "owner": "owner", "admin": "admin", "editor": "editor", "sales": "sales", "support": "support",
        "marketing": "marketing", "viewer": "viewer",
        "first_response": "first reply", "resolution": "solution",
        "someone": "Someone", "workspace": "your workspace",
    },
    "fr": {
        "requests": "requêtes", "voice_seconds": "secondes d’audio", "storage_bytes": "stockage",
        "documents": "documents", "seats": "membres", "courses": "cours", "learners": "apprenants",
        "owner": "propriétaire", "admin": "administration", "editor": "rédaction", "sales": "ventes",
        "support": "assistance", "marketing": "marketing", "viewer": "lecture",
        "first_response": "première réponse", "resolution": "résolution",
        "someone": "Quelqu’un", "workspace": "votre espace de travail",
    },
})  # fmt: skip
_WHOLE_CURRENCIES = frozenset({
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof",
    "xpf",
})  # fmt: skip
"""Those without a smaller unit: https://docs.stripe.com/currencies#zero-decimal"""
_BYTE_UNITS = {"en": ("B", "kB", "MB", "GB", "TB"), "fr": ("o", "ko", "Mo", "Go", "To")}
_SEPARATORS = {"en": (",", "."), "fr": ("\u202f", ",")}  # thousands, decimals


def known_locale(locale: str) -> str:
    """The language itself, or the default for one that nothing is written in."""
    return locale if locale in LOCALES else DEFAULT_LOCALE


def word(key: str, locale: str) -> str:
    """The word for a key of the product; a key without one is shown as words."""
    return _WORDS[locale].get(key, key.replace("_", " "))


def moment(value: str, locale: str) -> str:
    """An ISO time, in UTC. Raises ValueError for anything else."""
    at = datetime.fromisoformat(value).astimezone(UTC)
    month = _MONTHS[locale].split()[at.month - 1]
    if locale == "fr":
        return f"{at.day} {month} {at.year} à {at.hour} h {at.minute:02} (UTC)"
    return f"{at.day} {month} {at.year}, {at.hour:02}:{at.minute:02} (UTC)"


def money(amount: int, currency: str, locale: str) -> str:
    """``amount`` in the currency's smallest unit."""
    places = 0 if currency.lower() in _WHOLE_CURRENCIES else 2
    return f"{number(amount / 10**places, locale, places)} {currency.upper()}"


def quantity(value: int, metric: str, locale: str) -> str:
    """So much of a metric, without its name; bytes in the largest unit that fits."""
    if metric != "storage_bytes":
        return number(value, locale)
    size, units = float(value), list(_BYTE_UNITS[locale])
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{number(size, locale, 0 if size == int(size) else 1)} {units[0]}"


def number(value: float, locale: str, places: int = 0) -> str:
    thousands, decimals = _SEPARATORS[locale]
    whole, _, rest = f"{value:,.{places}f}".partition(".")
    return whole.replace(",", thousands) + (decimals + rest if rest else "")


def harmless(name: str) -> str:
    """A name that someone else chose, so written that no mail program makes a link of it."""
    apart = "".join(
        f"{char} " if char == "." and 0 < at < len(name) - 1 and not name[at + 1].isspace() else char
        for at, char in enumerate(name)
    )
    return apart.replace("://", ": //")
