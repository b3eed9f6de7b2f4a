"""A mail server's ways to take and to refuse: encryption, users, replies, silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.contract.providers.mail_relay import PASSWORD, USER, Certificate, Relay, certificate, running_relay
from tests.contract.providers.test_mailers import MESSAGE, written
from worker.errors import (
    DeliveryUnknown,
    ProviderAuthError,
    ProviderError,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.email.port import Address
from worker.providers.email.smtp import Security, SmtpMailer, SmtpServer

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
"""The server does not know that its connection began with TLS."""


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    async with running_relay() as running:
        yield running


def plain(relay: Relay) -> SmtpMailer:
    return SmtpMailer(SmtpServer("127.0.0.1", relay.port, "none"), timeout=5, verdict_timeout=0.5)


async def test_the_message_id_belongs_to_the_key(relay: Relay) -> None:
    mailer = plain(relay)
    first = await mailer.send(MESSAGE, idempotency_key="k1")
    again = await mailer.send(MESSAGE, idempotency_key="k1")
    other = await mailer.send(MESSAGE, idempotency_key="k2")
    assert first == again != other
    identifiers = [taken.message["Message-ID"] for taken in relay.taken]
    assert identifiers == [first.provider_message_id] * 2 + [other.provider_message_id]
    assert str(identifiers[0]).endswith("@lamina.example>")
    assert first.state == "sent"


async def test_the_envelope_and_the_form(relay: Relay) -> None:
    await plain(relay).send(MESSAGE, idempotency_key="k1")
    (taken,) = relay.taken
    assert (taken.sender, taken.recipients) == ("hello@lamina.example", ["anna@example.com"])
    assert taken.content.isascii()
    lines = taken.content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert [part.get_content_type() for part in taken.message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


async def test_a_domain_of_another_script(relay: Relay) -> None:
    await plain(relay).send(written(1, to=Address("info@bücher.example")), idempotency_key="k1")
    assert relay.taken[0].recipients == ["info@xn--bcher-kva.example"]


async def test_an_address_of_another_script_needs_a_server_that_takes_it(relay: Relay) -> None:
    message = written(1, to=Address("jürgen@example.com", "Jürgen"))
    with pytest.raises(ProviderRejected) as caught:
        await plain(relay).send(message, idempotency_key="k1")
    assert caught.value.code == "email.address_unsupported"
    async with running_relay(smtputf8=True) as modern:
        await plain(modern).send(message, idempotency_key="k1")
        (taken,) = modern.taken
    assert taken.recipients == ["jürgen@example.com"]
    assert "jürgen@example.com" in str(taken.message["To"])


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_encrypted_and_signed_in(trust: Certificate, security: Security) -> None:
    async with running_relay(tls=trust.server, implicit=security == "tls", auth=True) as relay:
        server = SmtpServer("127.0.0.1", relay.port, security, USER, PASSWORD)
        mailer = SmtpMailer(server, timeout=5, tls=trust.trusting)
        await mailer.start()
        assert relay.taken == []
        await mailer.send(MESSAGE, idempotency_key="k1")
        (taken,) = relay.taken
    assert (taken.encrypted, taken.user) == (True, USER)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_nothing_is_said_to_a_server_we_do_not_trust(trust: Certificate, security: Security) -> None:
    async with running_relay(tls=trust.server, implicit=security == "tls", auth=True) as relay:
        mailer = SmtpMailer(SmtpServer("127.0.0.1", relay.port, security, USER, PASSWORD), timeout=5)
        with pytest.raises(ProviderUnavailable) as caught:
            await mailer.send(MESSAGE, idempotency_key="k1")
        assert relay.taken == []
    assert caught.value.code == "email.tls_failed"


async def test_starttls_is_not_given_up_when_the_server_does_not_offer_it(relay: Relay) -> None:
    mailer = SmtpMailer(SmtpServer("127.0.0.1", relay.port, "starttls", USER, PASSWORD), timeout=5)
    with pytest.raises(ProviderUnavailable) as caught:
        await mailer.start()
    assert caught.value.code == "email.tls_failed"


async def test_a_wrong_password(trust: Certificate) -> None:
    async with running_relay(tls=trust.server, auth=True) as relay:
        server = SmtpServer("127.0.0.1", relay.port, "starttls", USER, "wrong")
        mailer = SmtpMailer(server, timeout=5, tls=trust.trusting)
        with pytest.raises(ProviderAuthError) as caught:
            await mailer.start()
    assert caught.value.code == "provider.unauthorised"
    assert "wrong" not in repr(server)


async def test_a_server_that_wants_a_user_or_knows_none(relay: Relay, trust: Certificate) -> None:
    nobody = SmtpServer("127.0.0.1", relay.port, "none", USER, PASSWORD)
    with pytest.raises(ProviderAuthError):
        await SmtpMailer(nobody, timeout=5).send(MESSAGE, idempotency_key="k1")
    async with running_relay(tls=trust.server, auth=True) as strict:
        unsigned = SmtpServer("127.0.0.1", strict.port, "starttls")
        with pytest.raises(ProviderAuthError) as caught:
            await SmtpMailer(unsigned, timeout=5, tls=trust.trusting).send(MESSAGE, idempotency_key="k1")
    assert caught.value.code == "provider.unauthorised"


@pytest.mark.parametrize(
    ("step", "reply", "kind", "code"),
    [
        ("sender", "451 4.3.0 Busy", ProviderUnavailable, "email.temporarily_refused"),
        ("sender", "553 5.7.1 Not yours", ProviderAuthError, "email.sender_refused"),
        ("recipient", "450 4.2.0 Greylisted", ProviderUnavailable, "email.recipient_deferred"),
        ("recipient", "451 4.3.0 Lookup failure", ProviderUnavailable, "email.temporarily_refused"),
        ("recipient", "421 4.7.0 Closing", ProviderUnavailable, "email.temporarily_refused"),
        ("recipient", "550 5.1.1 User unknown", ProviderRejected, "email.recipient_refused"),
        ("recipient", "550 5.7.1 Relaying denied", ProviderRejected, "email.relay_refused"),
        ("message", "452 4.3.1 No space", ProviderUnavailable, "email.temporarily_refused"),
        ("message", "554 5.7.1 Looks like spam", ProviderRejected, "email.message_refused"),
    ],
)
async def test_refusals(relay: Relay, step: str, reply: str, kind: type[ProviderError], code: str) -> None:
    setattr(relay, step, reply)
    with pytest.raises(ProviderError) as caught:
        await plain(relay).send(MESSAGE, idempotency_key="k1")
    assert (type(caught.value), caught.value.code, caught.value.provider) == (kind, code, "smtp")
    assert reply[4:] in caught.value.message
    assert relay.taken == []


async def test_a_server_that_goes_before_its_verdict(relay: Relay) -> None:
    relay.message = "hang up"
    with pytest.raises(DeliveryUnknown):
        await plain(relay).send(MESSAGE, idempotency_key="k1")
    assert len(relay.taken) == 1


async def test_a_server_that_never_gives_its_verdict(relay: Relay) -> None:
    relay.silent = True
    with pytest.raises(DeliveryUnknown):
        await plain(relay).send(MESSAGE, idempotency_key="k1")
    assert len(relay.taken) == 1


async def test_what_never_left_may_be_sent_again(unused_tcp_port: int) -> None:
    mailer = SmtpMailer(SmtpServer("127.0.0.1", unused_tcp_port, "none"), timeout=5)
    with pytest.raises(ProviderUnavailable) as caught:
        await mailer.send(MESSAGE, idempotency_key="k1")
    assert caught.value.code == "provider.unavailable"


@pytest.mark.parametrize(
    ("greeting", "kind", "code"),
    [
        (b"", ProviderTimeout, "provider.timeout"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ProviderUnavailable, "provider.bad_response"),
        (b"554 No service for you\r\n", ProviderAuthError, "email.server_refused"),
        (b"421 Too busy\r\n", ProviderUnavailable, "email.temporarily_refused"),
    ],
)
async def test_strange_greetings(greeting: bytes, kind: type[ProviderError], code: str) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(greeting)
        await writer.drain()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(ProviderError) as caught:
        await SmtpMailer(SmtpServer("127.0.0.1", port, "none"), timeout=0.5).start()
    assert (type(caught.value), caught.value.code) == (kind, code)
    server.close()
    for writer in writers:
        writer.close()
