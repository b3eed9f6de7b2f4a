from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ProviderAuthError, ProviderError, ProviderRejected, ProviderUnavailable
from worker.providers.email.replies import Step, refusal

STEPS: tuple[Step, ...] = ("greeting", "login", "sender", "recipient", "message")


@pytest.mark.parametrize(
    ("step", "code", "words", "kind", "expected"),
    [
        ("login", 454, "4.7.0 Temporary failure", ProviderUnavailable, "email.temporarily_refused"),
        ("login", 535, "5.7.8 Bad credentials", ProviderAuthError, "provider.unauthorised"),
        ("sender", 530, "5.7.0 Authentication required", ProviderAuthError, "provider.unauthorised"),
        ("sender", 550, "Not allowed", ProviderAuthError, "email.sender_refused"),
        ("greeting", 554, "Blocked", ProviderAuthError, "email.server_refused"),
        ("recipient", 550, "No such user", ProviderRejected, "email.recipient_refused"),
        ("recipient", 550, "5.1.1 5.7.1 in the text", ProviderRejected, "email.recipient_refused"),
        ("recipient", 554, "5.7.1 Relay access denied", ProviderRejected, "email.relay_refused"),
        ("recipient", 452, "4.2.2 Mailbox full", ProviderUnavailable, "email.recipient_deferred"),
        ("recipient", 450, "Try later", ProviderUnavailable, "email.recipient_deferred"),
        ("recipient", 451, "4.3.0 Lookup failure", ProviderUnavailable, "email.temporarily_refused"),
        ("recipient", 421, "4.7.0 Closing", ProviderUnavailable, "email.temporarily_refused"),
        ("message", 451, "4.7.1 Greylisted", ProviderUnavailable, "email.temporarily_refused"),
        ("message", 552, "5.3.4 Too large", ProviderRejected, "email.message_refused"),
    ],
)
def test_what_a_refusal_means(
    step: Step, code: int, words: str, kind: type[ProviderError], expected: str
) -> None:
    error = refusal(step, code, words)
    assert (type(error), error.code) == (kind, expected)


@given(st.sampled_from(STEPS), st.integers(400, 599), st.text())
def test_every_reply_has_an_error_of_one_line(step: Step, code: int, words: str) -> None:
    error = refusal(step, code, words)
    assert error.message.isprintable()
    assert len(error.message) < 300
    assert isinstance(error, ProviderUnavailable) == (code < 500)
