"""The OpenAI SDK, which also speaks to OpenRouter: one client, one meaning of its faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import openai

from worker.errors import ProviderError
from worker.providers.vendors import faults


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to reach an API of OpenAI's shape; times in seconds."""

    provider: str
    base_url: str
    api_key: str
    connect_timeout: float = 5.0
    read_timeout: float = 60.0

    def client(self) -> openai.AsyncOpenAI:
        """A client that never retries by itself: the job decides about that."""
        headers = {"X-Title": "Lamina"} if self.provider == "openrouter" else None
        return openai.AsyncOpenAI(
            api_key=self.api_key,
            base_url=self.base_url,
            max_retries=0,
            timeout=openai.Timeout(self.read_timeout, connect=self.connect_timeout),
            default_headers=headers,
        )


@contextmanager
def translated(provider: str) -> Iterator[None]:
    """Turns whatever the SDK raises inside the block into our errors."""
    try:
        yield
    except openai.APIStatusError as error:
        raise _of_status(provider, error) from error
    except openai.APITimeoutError as error:
        raise faults.timed_out(provider) from error
    except openai.APIConnectionError as error:
        raise faults.unavailable(provider) from error
    except openai.APIError as error:
        raise of_body(provider, error.body) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise faults.bad_response(provider) from error


def of_body(provider: str, body: Any) -> ProviderError:
    """The error that ``{"code", "message", "type"}`` means when it came inside a response of status 200."""
    if not isinstance(body, dict):
        return faults.bad_response(provider)
    code, kind = body.get("code"), str(body.get("type") or "")
    words = f"{code or ''} {kind}"
    metadata = body.get("metadata")
    raw = metadata.get("raw", "") if isinstance(metadata, dict) else ""
    message = f"{body.get('message') or ''} {raw}"
    return faults.fault(provider, _status_of(code, kind), code=words, message=message)


def _status_of(code: object, kind: str) -> int:
    if isinstance(code, int) or (isinstance(code, str) and code.isdigit()):
        return int(code)
    words = f"{code or ''} {kind}"
    if "rate_limit" in words:
        return 429
    if "invalid_request" in words or "context_length" in words or "content" in words:
        return 400
    return 502


def _of_status(provider: str, error: openai.APIStatusError) -> ProviderError:
    wait = faults.retry_after_seconds(error.response.headers.get("retry-after"), datetime.now(UTC))
    code = f"{error.code or ''} {error.type or ''}"
    return faults.fault(provider, error.status_code, code=code, message=error.message, retry_after=wait)
