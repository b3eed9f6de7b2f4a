"""What a mail server's refusal means (RFC 5321, 4.2; enhanced codes of RFC 3463). Pure."""

from __future__ import annotations

import re
from typing import Literal

from worker.errors import ProviderAuthError, ProviderError, ProviderRejected, ProviderUnavailable
from worker.providers.email.rules import one_line

PROVIDER = "smtp"
Step = Literal["greeting", "login", "sender", "recipient", "message"]
"""What the server was told, or had to say, when it refused."""

_NOT_SIGNED_IN = frozenset({530, 534, 535, 538})
_POLICY = re.compile(r"\s*5\.7\.\d")
_SERVER_BUSY = re.compile(r"\s*4\.3\.\d")
_CLOSING = 421
_LONGEST_QUOTE = 200


def refusal(step: Step, code: int, words: str) -> ProviderError:
    """The error for a reply of 400 or more; nothing was taken then."""
    said = one_line(words)[:_LONGEST_QUOTE]
    if 400 <= code < 500:
        is_theirs = step == "recipient" and code != _CLOSING and _SERVER_BUSY.match(words) is None
        return _later(said, is_theirs=is_theirs)
    if step == "login" or code in _NOT_SIGNED_IN:
        return unauthorised("does not accept the configured user and password.")
    if step in ("greeting", "sender"):
        return _not_for_us(step, said)
    return _not_this(step, said, policy=_POLICY.match(words) is not None)


def unauthorised(what: str) -> ProviderAuthError:
    return ProviderAuthError("provider.unauthorised", f"The mail server {what}", provider=PROVIDER)


def no_encryption() -> ProviderUnavailable:
    """Nothing was sent in the clear, the password neither."""
    return ProviderUnavailable(
        "email.tls_failed", "The mail server and we do not agree on a trusted encryption.", provider=PROVIDER
    )


def _later(said: str, *, is_theirs: bool) -> ProviderUnavailable:
    """``is_theirs``: the mailbox is full, busy or greylisted; the server takes mails for others meanwhile."""
    if is_theirs:
        return ProviderUnavailable(
            "email.recipient_deferred",
            f"The mail server does not take mails for this recipient now: {said}",
            provider=PROVIDER,
        )
    return ProviderUnavailable(
        "email.temporarily_refused", f"The mail server asks to try later: {said}", provider=PROVIDER
    )


def _not_for_us(step: Step, said: str) -> ProviderAuthError:
    if step == "greeting":
        return ProviderAuthError(
            "email.server_refused", f"The mail server does not serve this machine: {said}", provider=PROVIDER
        )
    return ProviderAuthError(
        "email.sender_refused", f"The mail server does not send from this address: {said}", provider=PROVIDER
    )


def _not_this(step: Step, said: str, *, policy: bool) -> ProviderRejected:
    """A recipient refused by policy says nothing about whether the address exists."""
    if step == "message":
        return ProviderRejected(
            "email.message_refused", f"The mail server refuses the message: {said}", provider=PROVIDER
        )
    if policy:
        return ProviderRejected(
            "email.relay_refused",
            f"The mail server does not pass messages on to there: {said}",
            provider=PROVIDER,
        )
    return ProviderRejected(
        "email.recipient_refused", f"The mail server refuses the recipient: {said}", provider=PROVIDER
    )
