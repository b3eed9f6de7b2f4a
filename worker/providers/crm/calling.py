"""Requests to vendors, and many of them side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from worker.errors import ProviderError
from worker.providers.crm.port import Person, Receipt
from worker.providers.vendors import faults

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Faults before the first byte of the request went out."""

LONGEST_DETAIL = 200

Send = Callable[[Person], Awaitable[Receipt]]


def client(connect_timeout: float, timeout: float) -> httpx.AsyncClient:
    """Follows no redirects and no proxies of the environment: hosts are the vendors' own."""
    return httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(timeout, connect=connect_timeout))


async def call(
    http: httpx.AsyncClient, provider: str, method: str, url: str, **request: Any
) -> httpx.Response:
    """Any answer. Raises ProviderTimeout or ProviderUnavailable without one."""
    try:
        return await http.request(method, url, **request)
    except httpx.TimeoutException as error:
        raise faults.timed_out(provider) from error
    except httpx.HTTPError as error:
        raise faults.unavailable(provider) from error


async def each(
    people: Sequence[Person], send: Send, *, at_once: int
) -> tuple[list[Receipt], ProviderError | None]:
    """Receipts of those that were sent, and the error that stopped the rest; none begins after it."""
    receipts: list[Receipt] = []
    stopped: list[ProviderError] = []
    waiting = iter(people)

    async def work() -> None:
        for person in waiting:
            if stopped:
                return
            try:
                receipts.append(await send(person))
            except ProviderError as error:
                stopped.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(people))):
            group.create_task(work())
    return receipts, stopped[0] if stopped else None


def fault(provider: str, response: httpx.Response, said: str = "") -> ProviderError:
    """The error for a status that means the same with every vendor."""
    return faults.fault(provider, response.status_code, message=said, retry_after=retry_after(response))


def retry_after(response: httpx.Response) -> float | None:
    return faults.retry_after_seconds(response.headers.get("retry-after"), datetime.now(UTC))


def body_of(response: httpx.Response) -> Any:
    """The parsed JSON; None when it is none."""
    try:
        return response.json()
    except ValueError:
        return None


def text_of(body: Any, name: str) -> str:
    """A field of an object, on one line of bounded length; empty when it is not there."""
    value = body.get(name) if isinstance(body, Mapping) else None
    return " ".join(str(value).split())[:LONGEST_DETAIL] if value is not None else ""


def names_of(name: str | None) -> tuple[str, str]:
    """First name and last; a single word is a last name."""
    first, _, last = " ".join((name or "").split()).rpartition(" ")
    return first, last
