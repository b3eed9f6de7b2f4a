"""From a message to the bytes that travel (RFC 5322, MIME). Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email import policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime

from worker.providers.email.port import Address, Mail

_PLAIN = policy.SMTP.clone(cte_type="7bit")
_INTERNATIONAL = policy.SMTPUTF8.clone(cte_type="7bit")


def message_id(idempotency_key: str, domain: str) -> str:
    """The same for the same key, so that a message sent twice can be recognised as one."""
    return f"<{key_digest(idempotency_key)}@{domain}>"


def key_digest(idempotency_key: str) -> str:
    """32 hexadecimal digits; says nothing about the key."""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()[:32]


def needs_smtputf8(mail: Mail) -> bool:
    """Whether an address has characters beyond ASCII before its @."""
    addresses = [mail.to, mail.sender, *([mail.reply_to] if mail.reply_to else [])]
    return not all(address.is_ascii for address in addresses)


def composed(mail: Mail, identifier: str, at: datetime) -> bytes:
    """The message with CRLF line ends; ``identifier`` is its Message-ID."""
    message = EmailMessage(policy=_INTERNATIONAL if needs_smtputf8(mail) else _PLAIN)
    message["Message-ID"] = identifier
    message["Date"] = format_datetime(at)
    message["From"] = _header(mail.sender)
    message["To"] = _header(mail.to)
    if mail.reply_to is not None:
        message["Reply-To"] = _header(mail.reply_to)
    message["Subject"] = mail.subject
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return _further_headers(mail) + message.as_bytes()


def _further_headers(mail: Mail) -> bytes:
    """Written as they are: the email package would encode a long address in them beyond recognition."""
    return "".join(f"{name}: {value}\r\n" for name, value in mail.headers.items()).encode("ascii")


def _header(address: Address) -> HeaderAddress:
    local, _, domain = address.email.rpartition("@")
    return HeaderAddress(address.name, local, domain)
