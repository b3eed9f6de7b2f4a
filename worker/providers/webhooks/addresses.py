"""Which URLs and addresses a customer may make us call. Pure.

Refused is whatever the registries of special addresses of IANA list, since it leads into our own network,
to the machine itself or to a cloud's metadata; and every IPv6 range that carries an IPv4 address inside.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import httpx

from worker.errors import ProviderRejected

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORT = 443
LONGEST_URL = 2000

_FORBIDDEN_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # Azure's metadata and DNS, on a public address
    )
)
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
"""All that is given out to networks; mapped, NAT64, unique local, link local and multicast lie outside."""

_FORBIDDEN_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocols, among them Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)


def parsed(url: str, *, loopback: bool) -> httpx.URL:
    """The URL in the form that is called. `loopback` also lets http and any port pass, for tests."""
    try:
        target = httpx.URL(url)
        host = target.host  # decodes it, which can fail
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _bad("It cannot be read.") from error
    if len(url) > LONGEST_URL or not host or "%" in host:
        raise _bad("It is too long or names no host.")
    if target.scheme != "https" and not (loopback and target.scheme == "http"):
        raise _bad("It must begin with https://.")
    if target.userinfo:
        raise _bad("It must not hold a user name or password.")
    if target.port not in (None, PORT) and not loopback:
        raise _bad(f"Only port {PORT} is called.")
    return target


def checked(addresses: Sequence[Address], *, scheme: str, loopback: bool) -> Sequence[Address]:
    """The same addresses. Raises ProviderRejected when one of them, whichever, may not be called."""
    for address in addresses:
        is_ours = loopback and address.is_loopback
        if not is_ours and (scheme != "https" or not is_public(address)):
            raise ProviderRejected(
                "webhook.forbidden_address",
                "The webhook's host has an address that is not on the public internet.",
                provider="webhook",
            )
    return addresses


def is_public(address: Address) -> bool:
    """Whether the address belongs to some network of the public internet."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _FORBIDDEN_V4)
    return address in _UNICAST_V6 and not any(address in network for network in _FORBIDDEN_V6)


def _bad(why: str) -> ProviderRejected:
    return ProviderRejected("webhook.bad_url", f"The webhook's URL cannot be used. {why}", provider="webhook")
