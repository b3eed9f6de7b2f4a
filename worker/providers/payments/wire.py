"""The way to Stripe's API: requests out, plain dicts back, our errors instead of the SDK's.

The SDK's raw requests are used: its objects are no dicts (since version 15) and have to be turned into some.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

import httpx
import stripe

from worker.errors import ConfigurationError, ProviderRejected
from worker.providers.payments.refusals import NOT_FOUND, PROVIDER, StripeRejected, fault_of
from worker.providers.payments.version import API_VERSION
from worker.providers.vendors import faults

Json = dict[str, Any]
Method = Literal["get", "post", "delete"]

PAGE = 100
_ID = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to reach the API; times in seconds."""

    base_url: str
    api_key: str
    connect_timeout: float = 5.0
    read_timeout: float = 30.0


class Wire(Protocol):
    """One request. Raises ProviderError."""

    async def call(
        self, method: Method, path: str, params: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Json:
        """`params` become the query or the form; `key` is the idempotency key of a write."""
        ...

    async def close(self) -> None: ...


class StripeWire:
    """Never repeats a request by itself: the job decides about that, under the same idempotency key."""

    def __init__(self, endpoint: Endpoint) -> None:
        timeout = httpx.Timeout(endpoint.read_timeout, connect=endpoint.connect_timeout)
        self._http = stripe.HTTPXClient(timeout=timeout)
        self._client = stripe.StripeClient(
            endpoint.api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": endpoint.base_url.rstrip("/")},
            http_client=self._http,
            max_network_retries=0,
        )

    async def call(
        self, method: Method, path: str, params: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Json:
        """See the protocol."""
        with _translated():
            answer = await self._client.raw_request_async(method, path, **(params or {}), idempotency_key=key)
        if not isinstance(answer.data, dict):
            raise faults.bad_response(PROVIDER)
        return cast("Json", answer.data)

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]  # the SDK has no types here


class NoWire:
    """Stands where no key is set."""

    async def call(
        self, method: Method, path: str, params: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Json:
        """Raises ConfigurationError."""
        raise ConfigurationError(
            "payments.not_configured", "Payments are not configured: STRIPE_SECRET_KEY is not set."
        )

    async def close(self) -> None:
        """Nothing is open."""


def at(collection: str, object_id: str) -> str:
    """The path of one object. Raises ProviderRejected for what cannot be an id."""
    if _ID.fullmatch(object_id) is None:
        raise StripeRejected(NOT_FOUND, "This is no id of a Stripe object.", provider=PROVIDER)
    return f"{collection}/{object_id}"


async def find(
    wire: Wire, collection: str, object_id: str, params: Mapping[str, Any] | None = None
) -> Json | None:
    """The object, None when there is none of this id."""
    try:
        return await wire.call("get", at(collection, object_id), params)
    except ProviderRejected as error:
        if error.code == NOT_FOUND:
            return None
        raise


async def pages(wire: Wire, path: str, params: Mapping[str, Any] | None = None) -> AsyncIterator[Json]:
    """Every object of a list, page by page."""
    query = {**(params or {}), "limit": PAGE}
    while True:
        page = await wire.call("get", path, query)
        with reading():
            items, more = page["data"], page["has_more"]
            query["starting_after"] = items[-1]["id"] if items else None
        for item in items:
            yield item
        if not more or not items:
            return


async def whole(wire: Wire, listed: Json) -> list[Json]:
    """All of a list that came inside an object, which carries the first few only."""
    with reading():
        items: list[Json] = list(listed["data"])
        if not listed.get("has_more"):
            return items
        path, start = str(listed["url"]), {"starting_after": items[-1]["id"]}
    return items + [item async for item in pages(wire, path, start)]


@contextmanager
def reading() -> Iterator[None]:
    """What the answer lacks inside the block is Stripe's fault, not a crash."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise faults.bad_response(PROVIDER) from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except stripe.APIConnectionError as error:
        late = isinstance(error.__cause__, httpx.TimeoutException)
        raise (faults.timed_out if late else faults.unavailable)(PROVIDER) from error
    except stripe.StripeError as error:
        raise fault_of(error) from error
    except (UnicodeDecodeError, AttributeError) as error:  # the SDK stumbles over what is no JSON error
        raise faults.bad_response(PROVIDER) from error
