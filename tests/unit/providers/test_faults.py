from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import (
    DocumentRejected,
    ObjectTooLarge,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
)
from worker.providers.vendors.faults import fault, retry_after_seconds

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("34s", 34.0),
        ("34.074824224s", 34.074824224),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text())
def test_retry_after_survives_anything(header: str) -> None:
    wait = retry_after_seconds(header, NOW)
    assert wait is None or wait >= 0


@given(st.integers(400, 599), st.text(), st.text())
def test_every_status_has_an_error_with_a_code_and_a_sentence(status: int, code: str, message: str) -> None:
    error = fault("openai", status, code=code, message=message)
    assert error.code.startswith("provider.")
    assert error.message.startswith("OpenAI")


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "expected"),
    [
        (429, "insufficient_quota", "", ProviderRejected, "provider.no_credit"),
        (403, "", "Your input was flagged by moderation", ProviderRejected, "provider.content_filtered"),
        (
            400,
            "",
            "The input token count (9000) exceeds the maximum",
            ProviderRejected,
            "provider.context_too_long",
        ),
        (400, "", "foo/bar is not a valid model ID", ProviderRejected, "provider.model_not_found"),
        (400, "INVALID_ARGUMENT API_KEY_INVALID", "", ProviderAuthError, "provider.unauthorised"),
        (429, "", "rate limit", ProviderRateLimited, "provider.rate_limited"),
    ],
)
def test_words_decide_where_the_status_is_not_enough(
    status: int, code: str, message: str, kind: type[ProviderError], expected: str
) -> None:
    error = fault("gemini", status, code=code, message=message)
    assert (type(error), error.code) == (kind, expected)


@pytest.mark.parametrize(
    "error",
    [
        DocumentRejected("document.encrypted", "The file is encrypted."),
        ProviderRateLimited("provider.rate_limited", "Slow.", provider="openai", retry_after=2.5),
        ObjectTooLarge("storage.too_large", "Too large.", provider="storage"),
    ],
)
def test_errors_cross_process_boundaries(error: ProviderError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
