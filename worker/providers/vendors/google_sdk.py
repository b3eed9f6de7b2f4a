"""The google-genai SDK: one client, one meaning of its faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from google import genai
from google.genai import errors, types

from worker.errors import ProviderError
from worker.providers.vendors import faults

PROVIDER = "gemini"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to reach the Gemini API; `timeout` is the longest silence in seconds."""

    base_url: str
    api_key: str
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Connection:
    """A client on its own httpx transport: the SDK would pick aiohttp whenever that is installed."""

    endpoint: Endpoint
    http: httpx.AsyncClient = field(init=False)
    client: genai.Client = field(init=False)

    def __post_init__(self) -> None:
        http = httpx.AsyncClient(follow_redirects=True)
        options = types.HttpOptions(
            base_url=self.endpoint.base_url,
            timeout=int(self.endpoint.timeout * 1000),
            httpx_async_client=http,
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        object.__setattr__(self, "http", http)
        object.__setattr__(
            self, "client", genai.Client(api_key=self.endpoint.api_key, vertexai=False, http_options=options)
        )

    async def close(self) -> None:
        await self.http.aclose()
        self.client.close()


@contextmanager
def translated() -> Iterator[None]:
    """Turns whatever the SDK raises inside the block into our errors."""
    try:
        yield
    except errors.APIError as error:
        raise _of_api_error(error) from error
    except errors.UnknownApiResponseError as error:
        raise faults.bad_response(PROVIDER) from error
    except httpx.TimeoutException as error:
        raise faults.timed_out(PROVIDER) from error
    except httpx.HTTPError as error:
        raise faults.unavailable(PROVIDER) from error
    except ValueError as error:
        raise faults.bad_response(PROVIDER) from error


def _of_api_error(error: errors.APIError) -> ProviderError:
    details = error.details if isinstance(error.details, dict) else {}
    status = error.code if isinstance(error.code, int) else 502
    return faults.fault(
        PROVIDER,
        status,
        code=f"{error.status or ''} {_reasons(details)}",
        message=str(error.message or ""),
        retry_after=_retry_after(error, details),
    )


def _details(body: dict[str, Any]) -> list[dict[str, Any]]:
    inner = body.get("error", body)
    listed = inner.get("details", []) if isinstance(inner, dict) else []
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _reasons(body: dict[str, Any]) -> str:
    return " ".join(str(item["reason"]) for item in _details(body) if "reason" in item)


def _retry_after(error: errors.APIError, body: dict[str, Any]) -> float | None:
    """Gemini says it in the body (RetryInfo.retryDelay, such as "34s"), proxies in the header."""
    now = datetime.now(UTC)
    for item in _details(body):
        if "retryDelay" in item:
            return faults.retry_after_seconds(str(item["retryDelay"]), now)
    headers = getattr(error.response, "headers", None)
    return faults.retry_after_seconds(headers.get("retry-after"), now) if headers is not None else None
