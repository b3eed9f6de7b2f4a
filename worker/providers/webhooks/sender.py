"""Deliveries over httpx that cannot be led into our own network.

The name is resolved once, every address it has is checked, and the connection goes to a checked address
itself, so that a name server that changes its mind (DNS rebinding) changes nothing. Redirects are not
followed, proxies of the environment not used, and nothing of the answer but its status is kept.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from worker.errors import ProviderError, ProviderRejected, ProviderUnavailable
from worker.providers.vendors import faults
from worker.providers.webhooks.addresses import PORT, Address, checked, parsed
from worker.providers.webhooks.port import Delivered
from worker.providers.webhooks.signing import HEADER, signature

PROVIDER = "webhook"
ANSWER_BYTES = 16 * 1024
ADDRESSES_TRIED = 3

_LOOKUPS = ThreadPoolExecutor(8, "webhook-lookup")
"""Threads of their own: names that tenants choose may never be answered, and other clients ask too."""

_OURS = {"host", "content-length", "transfer-encoding", "connection", "authorization", "cookie"}

Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]


async def resolved(host: str, port: int) -> Sequence[Address]:
    """Every address of the host by the system's resolver, which also reads numbers such as 0x7f.1."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOKUPS, ask)
    return [ipaddress.ip_address(str(item[4][0]).partition("%")[0]) for item in found]


class HttpxWebhookSender:
    """`timeout` in seconds is for a whole delivery; `loopback` is for tests alone."""

    def __init__(
        self,
        *,
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        loopback: bool = False,
        resolver: Resolver = resolved,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._timeout = timeout
        self._connect_timeout = min(connect_timeout, timeout)
        self._loopback = loopback
        self._resolver = resolver
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._clock = clock

    async def deliver(
        self, url: str, body: bytes, secret: str, headers: Mapping[str, str] | None = None
    ) -> Delivered:
        """See the port."""
        target = parsed(url, loopback=self._loopback)
        sent = _headers(headers or {}, target)
        sent[HEADER] = signature(secret, body, int(self._clock()))
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                addresses = await self._addresses(target)
                status = await self._first_answer(target, addresses, body, sent)
        except TimeoutError as error:
            raise faults.timed_out(PROVIDER) from error
        if 200 <= status < 300:
            return Delivered(status, time.monotonic() - started)
        raise _fault(status)

    async def _addresses(self, target: httpx.URL) -> Sequence[Address]:
        try:
            found = await self._resolver(target.raw_host.decode("ascii"), target.port or PORT)
        except (OSError, UnicodeError) as error:
            raise _unknown_host() from error
        if not found:
            raise _unknown_host()
        return checked(list(dict.fromkeys(found)), scheme=target.scheme, loopback=self._loopback)

    async def _first_answer(
        self, target: httpx.URL, addresses: Sequence[Address], body: bytes, headers: httpx.Headers
    ) -> int:
        """The status from the first address that takes a connection; nothing is sent to the others."""
        failure: ProviderError | None = None
        for address in addresses[:ADDRESSES_TRIED]:
            try:
                return await self._status(target, address, body, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = _unreachable(error)
                failure.__cause__ = error
            except httpx.TimeoutException as error:
                raise faults.timed_out(PROVIDER) from error
            except httpx.HTTPError as error:
                raise faults.unavailable(PROVIDER) from error
        raise failure or faults.unavailable(PROVIDER)

    async def _status(self, target: httpx.URL, address: Address, body: bytes, headers: httpx.Headers) -> int:
        """A client of its own for each request: connections and cookies are kept by address, not by name."""
        client = httpx.AsyncClient(
            verify=self._tls,
            trust_env=False,
            timeout=httpx.Timeout(self._timeout, connect=self._connect_timeout),
            headers=headers,
        )
        name = target.raw_host.decode("ascii").rstrip(".")
        request = client.build_request(
            "POST", target.copy_with(host=str(address)), content=body, extensions={"sni_hostname": name}
        )
        async with client:
            response = await client.send(request, stream=True)
            read = 0
            async for piece in response.aiter_raw():
                read += len(piece)
                if read > ANSWER_BYTES:
                    break
            await response.aclose()
        return response.status_code


def _headers(given: Mapping[str, str], target: httpx.URL) -> httpx.Headers:
    """What the caller wants to say, but nothing about the connection, which is ours to describe."""
    headers = httpx.Headers({"Content-Type": "application/json"})
    headers.update({name: value for name, value in given.items() if name.lower() not in _OURS})
    headers.update({"Host": target.netloc.decode("ascii"), "Accept-Encoding": "identity"})
    headers["User-Agent"] = "Lamina-Webhooks"
    return headers


def _fault(status: int) -> ProviderError:
    if status in (408, 425, 429) or status >= 500:
        return faults.unavailable(PROVIDER)
    code, sentence = _refusal(status)
    return ProviderRejected(code, sentence, provider=PROVIDER)


def _refusal(status: int) -> tuple[str, str]:
    if status == 410:
        return "webhook.gone", "The webhook's address wants no more deliveries (410)."
    if 300 <= status < 400:
        return "webhook.redirected", "The webhook's address redirects; redirects are not followed."
    return "webhook.refused", f"The webhook's address refused the delivery ({status})."


def _unknown_host() -> ProviderUnavailable:
    return ProviderUnavailable(
        "webhook.unknown_host", "The webhook's host name cannot be found.", provider=PROVIDER
    )


def _unreachable(error: BaseException) -> ProviderError:
    """Why no connection came about: a certificate that is not the host's, silence, or anything else."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ProviderUnavailable(
                "webhook.bad_certificate", "The webhook's host shows no valid certificate.", provider=PROVIDER
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return faults.timed_out(PROVIDER)
    return faults.unavailable(PROVIDER)
