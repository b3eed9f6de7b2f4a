"""What may stand in a message's envelope and headers, so that no value can become another header. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from worker.errors import ProviderRejected

_LOCAL = re.compile(r'[^\s@<>()\[\]\\,;:"]{1,64}')
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_OURS = frozenset({
    "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "mime-version",
    "received", "return-path", "dkim-signature", "x-sg-id", "x-sg-eid",
})  # fmt: skip
_OURS_BEGIN = ("content-", "resent-")

LONGEST_ADDRESS = 254
LONGEST_HEADER = 900
"""Characters; a line of a message has at most 998 (RFC 5322, 2.1.1)."""
MOST_CATEGORIES = 10
LONGEST_CATEGORY = 255


def one_line(text: str) -> str:
    """The words of a text for people, with line breaks and unprintable characters as single spaces."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def checked_address(text: str) -> str:
    """``local@domain`` with the domain in ASCII. Raises ProviderRejected."""
    local, at, domain = text.strip().rpartition("@")
    ascii_domain = _in_ascii(domain)
    address = f"{local}@{ascii_domain}"
    fits = len(address.encode()) <= LONGEST_ADDRESS and local.isprintable() and _dots_are_inside(local)
    if not (at and fits and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(ascii_domain)):
        raise ProviderRejected(
            "email.address_invalid", "What should be an e-mail address is none.", provider="email"
        )
    return address


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises ProviderRejected for a header that is not a further one, or could begin another line."""
    for name, value in headers.items():
        plain = value.isascii() and value.isprintable() and value.strip() == value != ""
        if not _NAME.fullmatch(name) or _is_ours(name.lower()) or not plain or len(value) > LONGEST_HEADER:
            raise ProviderRejected(
                "email.header_invalid", f"The header {one_line(name)[:80]!r} cannot be set.", provider="email"
            )


def check_categories(categories: Iterable[str]) -> None:
    """Raises ProviderRejected; at most ten, each a short line of ASCII."""
    listed = list(categories)
    if len(listed) > MOST_CATEGORIES or not all(
        0 < len(category) <= LONGEST_CATEGORY and category.isascii() and category.isprintable()
        for category in listed
    ):
        raise ProviderRejected(
            "email.category_invalid", "The categories of the message cannot be set.", provider="email"
        )


def _is_ours(name: str) -> bool:
    return name in _OURS or name.startswith(_OURS_BEGIN)


def _dots_are_inside(local: str) -> bool:
    return not local.startswith(".") and not local.endswith(".") and ".." not in local


def _in_ascii(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return ""
