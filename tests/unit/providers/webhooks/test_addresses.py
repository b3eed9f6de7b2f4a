from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ProviderRejected
from worker.providers.webhooks.addresses import checked, is_public, parsed

FORBIDDEN = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
    *("127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1"),
    *("192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808"),
    *("64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1"),
    *("2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::", "3fff::1", "5f00::1", "fc00::1"),
    *("fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.1", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"),
    *("198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15"),
    *("2001:4860:4860::8888", "2001:200::1", "2606:4700::1111", "2003::1", "2a00:1450::1", "3ffe::1"),
]

v4 = st.ip_addresses(v=4)


@pytest.mark.parametrize("text", FORBIDDEN)
def test_special_addresses_are_refused(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not is_public(address)
    with pytest.raises(ProviderRejected) as caught:
        checked([address], scheme="https", loopback=False)
    assert caught.value.code == "webhook.forbidden_address"


@pytest.mark.parametrize("text", PUBLIC)
def test_neighbours_of_special_ranges_are_public(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert checked([address], scheme="https", loopback=False) == [address]


@given(st.ip_addresses())
def test_nothing_passes_that_the_standard_library_calls_special(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = (
        address.is_private,
        address.is_loopback,
        address.is_link_local,
        address.is_multicast,
        address.is_reserved,
        address.is_unspecified,
    )
    assert not (any(special) and is_public(address))


@given(v4)
def test_no_ipv6_form_hides_an_ipv4_address(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    forms = [
        ipaddress.IPv6Address(number),
        ipaddress.IPv6Address((0xFFFF << 32) + number),
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + number),
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b:1::")) + number),
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("2002::")) + (number << 80)),
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("2001::")) + (number ^ 0xFFFFFFFF)),
    ]
    assert not any(map(is_public, forms))


@given(st.lists(st.sampled_from(PUBLIC), max_size=4), st.sampled_from(FORBIDDEN), st.integers(0, 4))
def test_one_bad_address_among_good_ones_is_enough(good: list[str], bad: str, place: int) -> None:
    texts = [*good[:place], bad, *good[place:]]
    with pytest.raises(ProviderRejected):
        checked([ipaddress.ip_address(text) for text in texts], scheme="https", loopback=False)


def test_loopback_for_tests_opens_nothing_else() -> None:
    own, v6 = ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")
    assert checked([own, v6], scheme="http", loopback=True) == [own, v6]
    for text, scheme in [("10.0.0.1", "https"), ("169.254.169.254", "http"), ("8.8.8.8", "http")]:
        with pytest.raises(ProviderRejected):
            checked([ipaddress.ip_address(text)], scheme=scheme, loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.com",
            "ftp://example.com",
            "example.com",
            "//example.com",
            "",
            "https://",
            "https:///x",
        ),
        *("https://user@example.com", "https://user:pw@example.com", "https://:pw@example.com"),
        *("https://example.com:8443", "https://example.com:22", "https://example.com:0", "https://a:99999"),
        *("https://good.example\\@evil.example", "https://[fe80::1%25eth0]/", "https://%31%30.0.0.1/"),
        *("https://exa mple.com", "https://example.com\r\nX: y", "https://[::1", "https://xn--/"),
        *("javascript:alert(1)", "file:///etc/passwd", "gopher://example.com", f"https://a/{'x' * 2000}"),
    ],
)
def test_urls_that_are_not_called(url: str) -> None:
    with pytest.raises(ProviderRejected) as caught:
        parsed(url, loopback=False)
    assert caught.value.code == "webhook.bad_url"


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://example.com", b"example.com", b"/"),
        ("https://example.com:443/hook?x=1#part", b"example.com", b"/hook?x=1"),
        ("https://EXÄMPLE.com/ä", b"xn--exmple-cua.com", b"/%C3%A4"),
        ("https://[2606:4700::1111]/", b"2606:4700::1111", b"/"),
        ("HTTPS://example.com./", b"example.com.", b"/"),
    ],
)
def test_urls_that_are(url: str, host: bytes, path: bytes) -> None:
    target = parsed(url, loopback=False)
    assert (target.raw_host, target.raw_path, target.port) == (host, path, None)


@given(st.text())
def test_any_text_is_a_url_or_refused(url: str) -> None:
    try:
        target = parsed(url, loopback=False)
    except ProviderRejected:
        return
    assert (target.scheme, target.userinfo, target.port) == ("https", b"", None)


def test_loopback_lets_http_and_ports_pass() -> None:
    assert parsed("http://127.0.0.1:8080/x", loopback=True).port == 8080
    with pytest.raises(ProviderRejected):
        parsed("ftp://127.0.0.1/", loopback=True)
