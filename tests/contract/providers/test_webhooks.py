"""Deliveries over real sockets and TLS; the resolver is the test's, as an attacker's name server would be."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.contract.providers.certificates import Authority
from tests.contract.providers.vendor import Reply, Vendor, hang_up, json_reply, raw_reply, silence
from worker.errors import ProviderError, ProviderRejected, ProviderTimeout, ProviderUnavailable
from worker.providers.webhooks.addresses import Address
from worker.providers.webhooks.select import webhook_sender
from worker.providers.webhooks.sender import HttpxWebhookSender, resolved
from worker.settings import ProviderSettings

SECRET = "whsec_abc"
BODY = b'{"event": "message.received"}'
HOST = "hooks.example.test"


@dataclass
class Names:
    """A name server whose answers come in turn; the last one stays."""

    answers: list[Sequence[str]]
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append((host, port))
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return [ipaddress.ip_address(text) for text in answer]


@dataclass
class Secured:
    """A server with a certificate for HOST; `names` are those its clients asked for in the handshake."""

    vendor: Vendor
    port: int
    authority: Authority
    names: list[str | None]

    def sender(self, names: Names, **options: float) -> HttpxWebhookSender:
        return HttpxWebhookSender(
            loopback=True, resolver=names, tls=self.authority.trusting, timeout=options.get("timeout", 2.0)
        )

    def url(self, host: str = HOST) -> str:
        return f"https://{host}:{self.port}/hook?x=1"


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[Secured]:
    authority, vendor, names = Authority(tmp_path), Vendor([json_reply({"ok": True})]), []
    context = authority.serving(HOST)

    def seen(_socket: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        names.append(name)

    context.sni_callback = seen
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", vendor.handle)
    server = TestServer(app, host="127.0.0.1", scheme="https")
    await server.start_server(ssl=context)
    yield Secured(vendor, server.port or 0, authority, names)
    await server.close()


@pytest.fixture
def sender() -> HttpxWebhookSender:
    return HttpxWebhookSender(loopback=True, timeout=1.0)


async def test_a_delivery_is_signed_for_its_receiver(vendor: Vendor) -> None:
    vendor.replies = [json_reply({}, 202)]
    sender = HttpxWebhookSender(loopback=True, clock=lambda: 1_800_000_000.9)
    delivered = await sender.deliver(f"{vendor.url}/hook", BODY, SECRET, {"Lamina-Event": "evt_1"})
    asked = vendor.asked[0]
    assert (delivered.status, asked.method, asked.path) == (202, "POST", "/hook")
    assert asked.headers["Lamina-Event"] == "evt_1"
    assert asked.headers["Content-Type"] == "application/json"
    header = asked.headers["Lamina-Signature"]
    assert header.startswith("t=1800000000,v1=")
    assert stripe.WebhookSignature.verify_header(BODY.decode(), header, SECRET)


async def test_headers_of_the_connection_are_ours(vendor: Vendor, sender: HttpxWebhookSender) -> None:
    vendor.replies = [json_reply({})]
    theirs = {"host": "evil.example", "Content-Length": "1", "transfer-encoding": "chunked", "Cookie": "a=b"}
    await sender.deliver(vendor.url, BODY, SECRET, {**theirs, "lamina-signature": "t=1,v1=0"})
    headers = vendor.asked[0].headers
    assert headers["Host"] == vendor.url.removeprefix("http://")
    assert headers["Content-Length"] == str(len(BODY))
    assert "Cookie" not in headers
    assert [name for name in headers if name.lower() == "lamina-signature"] == ["Lamina-Signature"]
    assert not headers["Lamina-Signature"].startswith("t=1,")


async def test_tls_and_host_are_for_the_name_though_the_address_is_called(secured: Secured) -> None:
    names = Names([["127.0.0.1"]])
    await secured.sender(names).deliver(secured.url(), BODY, SECRET)
    assert names.asked == [(HOST, secured.port)]
    assert secured.names == [HOST]
    assert secured.vendor.asked[0].headers["Host"] == f"{HOST}:{secured.port}"
    assert secured.vendor.asked[0].path == "/hook?x=1"


async def test_a_certificate_of_another_host_is_not_taken(secured: Secured) -> None:
    sender = secured.sender(Names([["127.0.0.1"]]))
    with pytest.raises(ProviderUnavailable) as caught:
        await sender.deliver(secured.url("other.example.test"), BODY, SECRET)
    assert (caught.value.code, secured.vendor.asked) == ("webhook.bad_certificate", [])


async def test_two_names_on_one_address_share_no_connection(secured: Secured) -> None:
    sender = secured.sender(Names([["127.0.0.1"]]))
    await sender.deliver(secured.url(), BODY, SECRET)
    with pytest.raises(ProviderUnavailable) as caught:
        await sender.deliver(secured.url("other.example.test"), BODY, SECRET)
    assert caught.value.code == "webhook.bad_certificate"


async def test_an_untrusted_certificate_is_not_taken(secured: Secured) -> None:
    sender = HttpxWebhookSender(loopback=True, resolver=Names([["127.0.0.1"]]))
    with pytest.raises(ProviderUnavailable) as caught:
        await sender.deliver(secured.url(), BODY, SECRET)
    assert caught.value.code == "webhook.bad_certificate"


async def test_a_name_server_that_changes_its_mind_is_asked_once(secured: Secured) -> None:
    names = Names([["127.0.0.1"], ["169.254.169.254"]])
    await secured.sender(names).deliver(secured.url(), BODY, SECRET)
    assert len(names.asked) == 1
    with pytest.raises(ProviderRejected) as caught:
        await secured.sender(names).deliver(secured.url(), BODY, SECRET)
    assert (caught.value.code, len(secured.vendor.asked)) == ("webhook.forbidden_address", 1)


async def test_the_next_address_is_tried_when_one_takes_no_connection(secured: Secured) -> None:
    sender = secured.sender(Names([["127.0.0.2", "127.0.0.1"]]))
    assert (await sender.deliver(secured.url(), BODY, SECRET)).status == 200
    assert len(secured.vendor.asked) == 1


async def test_one_private_address_among_others_stops_it(secured: Secured) -> None:
    sender = secured.sender(Names([["127.0.0.1", "10.0.0.5"]]))
    with pytest.raises(ProviderRejected) as caught:
        await sender.deliver(secured.url(), BODY, SECRET)
    assert (caught.value.code, secured.vendor.asked) == ("webhook.forbidden_address", [])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "[::1]", "localhost", "0"]
)
async def test_no_writing_of_loopback_gets_through(host: str) -> None:
    with pytest.raises(ProviderRejected) as caught:
        await HttpxWebhookSender().deliver(f"https://{host}/", BODY, SECRET)
    assert caught.value.code == "webhook.forbidden_address"


async def test_the_systems_resolver_reads_numbers_as_addresses() -> None:
    assert await resolved("127.1", 443) == [ipaddress.ip_address("127.0.0.1")]


@pytest.mark.parametrize("error", [OSError("no such name"), UnicodeError("label too long")])
async def test_an_unknown_host(error: Exception) -> None:
    async def fails(_host: str, _port: int) -> Sequence[Address]:
        raise error

    for resolver in (fails, Names([[]])):
        with pytest.raises(ProviderUnavailable) as caught:
            await HttpxWebhookSender(resolver=resolver).deliver("https://gone.example/", BODY, SECRET)
        assert caught.value.code == "webhook.unknown_host"


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (
            raw_reply(b"", 302, {"Location": "http://169.254.169.254/"}),
            ProviderRejected,
            "webhook.redirected",
        ),
        (raw_reply(b"", 307, {"Location": "/elsewhere"}), ProviderRejected, "webhook.redirected"),
        (raw_reply(b"", 410), ProviderRejected, "webhook.gone"),
        (raw_reply(b"", 404), ProviderRejected, "webhook.refused"),
        (raw_reply(b"", 401), ProviderRejected, "webhook.refused"),
        (raw_reply(b"", 429, {"Retry-After": "9"}), ProviderUnavailable, "provider.unavailable"),
        (raw_reply(b"", 503, {"Retry-After": "9"}), ProviderUnavailable, "provider.unavailable"),
        (hang_up(), ProviderUnavailable, "provider.unavailable"),
        (silence(), ProviderTimeout, "provider.timeout"),
    ],
)
async def test_what_each_answer_means(
    vendor: Vendor, sender: HttpxWebhookSender, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    vendor.replies = [reply]
    with pytest.raises(ProviderError) as caught:
        await sender.deliver(vendor.url, BODY, SECRET)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert (caught.value.provider, caught.value.retry_after) == ("webhook", None)
    assert len(vendor.asked) == 1


async def test_an_endless_answer_is_left(vendor: Vendor, sender: HttpxWebhookSender) -> None:
    ended = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 4096)
        finally:
            ended.set()

    vendor.replies = [endless]
    assert (await sender.deliver(vendor.url, BODY, SECRET)).status == 200
    await asyncio.wait_for(ended.wait(), 5)


async def test_an_answer_in_drops_is_over_in_time(vendor: Vendor) -> None:
    async def drops(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b".")
            await asyncio.sleep(0.1)

    vendor.replies = [drops]
    sender = HttpxWebhookSender(loopback=True, timeout=0.5)
    async with asyncio.timeout(5):
        with pytest.raises(ProviderTimeout):
            await sender.deliver(vendor.url, BODY, SECRET)


async def test_cookies_are_forgotten(vendor: Vendor, sender: HttpxWebhookSender) -> None:
    vendor.replies = [raw_reply(b"", 200, {"Set-Cookie": "session=1; Path=/"})]
    await sender.deliver(vendor.url, BODY, SECRET)
    await sender.deliver(vendor.url, BODY, SECRET)
    assert "Cookie" not in vendor.asked[1].headers


async def test_proxies_of_the_environment_are_not_used(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_tcp_port}")
        monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{unused_tcp_port}")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    vendor.replies = [json_reply({})]
    sender = HttpxWebhookSender(loopback=True)
    assert (await sender.deliver(vendor.url, BODY, SECRET)).status == 200


async def test_settings_keep_loopback_shut(vendor: Vendor) -> None:
    vendor.replies = [json_reply({})]
    shut = webhook_sender(ProviderSettings(_env_file=None, lamina_webhook_loopback=False))
    with pytest.raises(ProviderRejected):
        await shut.deliver(vendor.url, BODY, SECRET)
    opened = webhook_sender(ProviderSettings(_env_file=None, lamina_webhook_loopback=True))
    assert (await opened.deliver(vendor.url, BODY, SECRET)).status == 200
