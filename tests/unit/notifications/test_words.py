"""Figures, times and names as people read them."""

from __future__ import annotations

import pytest

from worker.domains.notifications.words import harmless, known_locale, moment, money, number, quantity, word


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "said"),
    [
        (1250, "eur", "en", "12.50 EUR"),
        (123456789, "usd", "en", "1,234,567.89 USD"),
        (1250, "eur", "fr", "12,50 EUR"),
        (123456789, "usd", "fr", "1\u202f234\u202f567,89 USD"),
        (500, "jpy", "en", "500 JPY"),
    ],
)
def test_money(amount: int, currency: str, locale: str, said: str) -> None:
    assert money(amount, currency, locale) == said


@pytest.mark.parametrize(
    ("value", "metric", "locale", "said"),
    [
        (1600, "requests", "en", "1,600"),
        (999, "storage_bytes", "en", "999 B"),
        (1_500_000_000, "storage_bytes", "en", "1.5 GB"),
        (2_000_000, "storage_bytes", "fr", "2 Mo"),
        (5_000_000_000_000_000, "storage_bytes", "en", "5,000 TB"),
    ],
)
def test_quantities(value: int, metric: str, locale: str, said: str) -> None:
    assert quantity(value, metric, locale) == said


def test_times_are_in_utc_whatever_they_came_in() -> None:
    assert moment("2026-02-01T00:30:00+02:00", "en") == "31 January 2026, 22:30 (UTC)"
    assert moment("2026-08-01T06:05:00.123456+00:00", "fr") == "1 août 2026 à 6 h 05 (UTC)"
    with pytest.raises(ValueError, match="soon"):
        moment("soon", "en")


def test_numbers_without_decimals_have_none() -> None:
    assert number(1234567, "en") == "1,234,567"
    assert number(0, "fr") == "0"


def test_words_of_the_product_are_said_in_the_language() -> None:
    assert word("owner", "fr") == "propriétaire"
    assert word("new_metric", "en") == "new metric"
    assert known_locale("fr") == "fr"
    assert known_locale("de") == "en"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("evil.example", "evil. example"),
        ("https://evil.example/x", "https: //evil. example/x"),
        ("J. R. Tolkien Jr.", "J. R. Tolkien Jr."),
        ("", ""),
    ],
)
def test_names_make_no_links(name: str, said: str) -> None:
    assert harmless(name) == said
