"""E-mail by a mail server that relays for us (RFC 5321), with a connection of its own for each message."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import aiosmtplib

from worker.errors import DeliveryUnknown, ProviderRejected
from worker.providers.email.compose import composed, message_id, needs_smtputf8
from worker.providers.email.port import Mail, Sent
from worker.providers.email.replies import PROVIDER, Step, no_encryption, refusal, unauthorised
from worker.providers.vendors import faults

Security = Literal["tls", "starttls", "none"]
_GOODBYE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to hand messages over and as whom; ``tls`` encrypts from the first byte, usually on port 465."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str = field(default="", repr=False)


class SmtpMailer:
    """Times in seconds; ``verdict_timeout`` is for the answer to the whole message, which servers examine
    before they give it (RFC 5321, 4.5.3.2.6). ``tls`` replaces the system's trust.
    """

    name = PROVIDER
    offline = False

    def __init__(
        self,
        server: SmtpServer,
        *,
        timeout: float = 30.0,
        verdict_timeout: float = 120.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._timeout = timeout
        self._verdict_timeout = verdict_timeout
        self._tls = tls

    async def start(self) -> None:
        """Connects, encrypts and signs in once."""
        async with self._connected():
            pass

    async def send(self, message: Mail, *, idempotency_key: str) -> Sent:
        """See the port. The Message-ID is the same for the same key, in case a message arrives twice."""
        identifier = message_id(idempotency_key, message.sender.domain)
        content = composed(message, identifier, datetime.now(UTC))
        async with self._connected() as client:
            await _announce(client, message)
            with _while_sending():
                await client.data(content, timeout=self._verdict_timeout)
        return Sent(identifier, "sent")

    async def close(self) -> None:
        """Nothing stays open."""

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            timeout=self._timeout,
            use_tls=self._server.security == "tls",
            start_tls=False,
            tls_context=self._tls,
        )
        try:
            with _before_sending("greeting"):
                await client.connect()
                await self._secure(client)
            await self._sign_in(client)
            yield client
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_GOODBYE_SECONDS)
        finally:
            client.close()

    async def _secure(self, client: aiosmtplib.SMTP) -> None:
        await client.ehlo()
        if self._server.security == "starttls":
            if not client.supports_extension("starttls"):
                raise no_encryption()
            await client.starttls()
            await client.ehlo()

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        if self._server.user is None:
            return
        if not client.supports_extension("auth"):
            raise unauthorised("takes no user and password here.")
        with _before_sending("login"):
            await client.login(self._server.user, self._server.password)


async def _announce(client: aiosmtplib.SMTP, mail: Mail) -> None:
    """Says from whom and to whom, and hears whether the server agrees."""
    international = needs_smtputf8(mail)
    if international and not client.supports_extension("smtputf8"):
        raise ProviderRejected(
            "email.address_unsupported",
            "The mail server cannot take addresses with other than ASCII letters.",
            provider=PROVIDER,
        )
    options = ["SMTPUTF8"] if international else []
    encoding = "utf-8" if international else "ascii"
    with _before_sending("sender"):
        await client.mail(mail.sender.email, options=options, encoding=encoding)
    with _before_sending("recipient"):
        await client.rcpt(mail.to.email, encoding=encoding)


@contextmanager
def _before_sending(step: Step) -> Iterator[None]:
    """Turns whatever aiosmtplib raises inside the block into our errors: the message is still with us."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        if error.code < 400:  # an answer that cannot be read
            raise faults.bad_response(PROVIDER) from error
        raise refusal(step, error.code, error.message) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
            raise no_encryption() from error
        if isinstance(error, TimeoutError):
            raise faults.timed_out(PROVIDER) from error
        raise faults.unavailable(PROVIDER) from error


@contextmanager
def _while_sending() -> Iterator[None]:
    """The same once the message is on its way: without a verdict it may have been taken."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        if error.code < 400:
            raise DeliveryUnknown(provider=PROVIDER) from error
        raise refusal("message", error.code, error.message) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise DeliveryUnknown(provider=PROVIDER) from error
