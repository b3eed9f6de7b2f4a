"""A real mail server (aiosmtpd) on the loopback interface that keeps what it takes and refuses on demand."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "lamina", "p@ss wörd"


@dataclass(frozen=True)
class Taken:
    """A message with its envelope."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class Relay:
    """``sender``, ``recipient`` and ``message`` are replies instead of OK; "hang up" ends the connection."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    sender: str | None = None
    recipient: str | None = None
    message: str | None = None
    silent: bool = False
    """Takes the whole message and never says so."""

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.sender or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient is None:
            envelope.rcpt_tos.append(address)
        return self.recipient or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.message not in (None, "hang up"):
            return str(self.message)
        assert isinstance(envelope.original_content, bytes)
        assert isinstance(server.transport, asyncio.Transport)
        user = session.auth_data.decode() if isinstance(session.auth_data, bytes) else None
        self.taken.append(
            Taken(
                envelope.mail_from or "",
                list(envelope.rcpt_tos),
                envelope.original_content,
                session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
                user,
            )
        )
        if self.message == "hang up":
            server.transport.abort()
        if self.silent:
            await asyncio.sleep(30)
        return "250 OK"


@asynccontextmanager
async def running_relay(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, auth: bool = False, smtputf8: bool = False
) -> AsyncIterator[Relay]:
    """With ``tls`` it offers STARTTLS, or speaks TLS from the first byte; with ``auth`` it wants a user."""
    relay, loop = Relay(), asyncio.get_running_loop()
    connections: list[SMTP] = []

    def connection() -> SMTP:
        connections.append(
            SMTP(
                relay,
                hostname="relay.test",
                loop=loop,
                enable_SMTPUTF8=smtputf8,
                tls_context=None if implicit else tls,
                auth_required=auth,
                auth_require_tls=tls is not None and not implicit,
                authenticator=_authenticate if auth else None,
            )
        )
        return connections[-1]

    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=tls if implicit else None)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        for made in connections:
            if isinstance(made.transport, asyncio.Transport):
                made.transport.abort()
        await server.wait_closed()


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
) -> AuthResult:
    assert isinstance(given, LoginPassword)
    right = given == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False, auth_data=USER.encode() if right else None)


@dataclass(frozen=True)
class Certificate:
    """A self-signed one for 127.0.0.1, for the server and for who trusts it."""

    server: ssl.SSLContext
    trusting: ssl.SSLContext


def certificate(folder: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "relay.crt", folder / "relay.key"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(public, private)
    return Certificate(server, ssl.create_default_context(cafile=str(public)))
