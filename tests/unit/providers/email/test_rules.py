from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ProviderRejected
from worker.providers.email.port import Address, Mail
from worker.providers.email.rules import check_headers, checked_address, one_line

ANNA = Address("anna@example.com")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("anna@example.com", "anna@example.com"),
        (" anna@example.com\n", "anna@example.com"),
        ("Anna.O'Neil+tag@Mail.Example.COM", "Anna.O'Neil+tag@Mail.Example.COM"),
        ("lamina@localhost", "lamina@localhost"),
        ("info@bücher.example", "info@xn--bcher-kva.example"),
        ("jürgen@example.com", "jürgen@example.com"),
    ],
)
def test_addresses(written: str, kept: str) -> None:
    assert checked_address(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        "anna@@example.com",
        "a@b@example.com",
        "anna@example..com",
        "anna@-example.com",
        "anna@example.com.",
        ".anna@example.com",
        "an..na@example.com",
        "an na@example.com",
        "anna@example.com\r\nBcc: x@example.com",
        "anna\r\n@example.com",
        "anna\x00@example.com",
        "anna\u2028@example.com",
        "anna\u200b@example.com",
        "<anna@example.com>",
        "anna@example.com, ben@example.com",
        "anna@example.com>SIZE=1",
        '"anna b"@example.com',
        f"{'a' * 65}@example.com",
        f"anna@{'a' * 64}.com",
        f"anna@{'a.' * 120}example.com",
        "anna@exa_mple.com",
        "anna@\ud800.com",
    ],
)
def test_what_is_no_address(written: str) -> None:
    with pytest.raises(ProviderRejected) as caught:
        Address(written)
    assert caught.value.code == "email.address_invalid"


@given(st.text())
def test_no_address_breaks_a_line(text: str) -> None:
    try:
        kept = checked_address(f"{text}@example.com")
    except ProviderRejected:
        return
    assert kept.isprintable()
    assert not set(kept) & set(' <>,;:"\\()[]')
    assert kept.count("@") == 1


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert line == line.strip()
    assert one_line(line) == line


def test_a_name_and_an_address_come_apart() -> None:
    assert Address.parse("Lamina <hello@lamina.example>") == Address("hello@lamina.example", "Lamina")
    assert Address.parse("hello@lamina.example") == Address("hello@lamina.example")
    with pytest.raises(ProviderRejected):
        Address.parse("Lamina")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Bcc", "x@example.com"),
        ("to", "x@example.com"),
        ("Content-Type", "text/html"),
        ("Resent-To", "x@example.com"),
        ("X-Note: a\r\nBcc", "x@example.com"),
        ("X Note", "a"),
        ("", "a"),
        ("X-Note", ""),
        ("X-Note", " a"),
        ("X-Note", "a\r\nBcc: x@example.com"),
        ("X-Note", "a\x00"),
        ("X-Note", "ä"),
        ("X-Note", "a" * 901),
    ],
)
def test_headers_that_cannot_be_set(name: str, value: str) -> None:
    with pytest.raises(ProviderRejected) as caught:
        check_headers({"List-Id": "<news.lamina.example>", name: value})
    assert caught.value.code == "email.header_invalid"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("changes", [{"subject": " \r\n "}, {"subject": ""}, {"text": "\n"}])
def test_a_message_needs_words(changes: dict[str, str]) -> None:
    with pytest.raises(ProviderRejected) as caught:
        Mail(**{"row_id": "1", "to": ANNA, "sender": ANNA, "subject": "Hello", "text": "Hello", **changes})  # type: ignore[arg-type]
    assert caught.value.code == "email.empty"


@pytest.mark.parametrize("categories", [("x",) * 11, ("",), ("a" * 256,), ("a\nb",), ("ä",)])
def test_categories_that_cannot_be_set(categories: tuple[str, ...]) -> None:
    with pytest.raises(ProviderRejected) as caught:
        Mail("1", ANNA, ANNA, "Hello", "Hello", categories=categories)
    assert caught.value.code == "email.category_invalid"
