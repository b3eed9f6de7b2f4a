"""A connection to an MCP server over streamable HTTP or to a program, and the meaning of its faults."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio
import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CONNECTION_CLOSED, INVALID_REQUEST, PARSE_ERROR, REQUEST_TIMEOUT
from pydantic import ValidationError

from worker.errors import ConfigurationError, DeliveryUnknown, LaminaError, ProviderUnavailable
from worker.providers.email.rules import one_line
from worker.providers.vendors import faults

PROVIDER = "mcp"
LONGEST_QUOTE = 200

_SAID_BY_GATEWAYS = (502, 504)
_SAID_PLAINLY = (401, 403, 429)
"""Statuses that the SDK would report as any other error."""

_WITHOUT_ANSWER = (REQUEST_TIMEOUT, CONNECTION_CLOSED, INVALID_REQUEST, PARSE_ERROR)
"""Codes the SDK makes up itself when no answer came, or none it can read."""

_NETWORK = (MCPError, httpx2.HTTPError, OSError, ValidationError, RuntimeError)
_NETWORK_OF_ANYIO = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream)


@dataclass(frozen=True, slots=True)
class HttpServer:
    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    """Sent as a bearer token."""


@dataclass(frozen=True, slots=True)
class Program:
    """Speaks MCP over its standard input and output; sees ``environment``, HOME, PATH and the like."""

    command: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for the answer to each request, and to connect."""

    request: float = 30.0
    connect: float = 5.0


class _Refused(Exception):
    """An HTTP status whose meaning must not be lost."""

    def __init__(self, status: int, retry_after: float | None) -> None:
        super().__init__(status)
        self.status = status
        self.retry_after = retry_after


@asynccontextmanager
async def connected(server: HttpServer | Program, patience: Patience) -> AsyncIterator[Client]:
    """A client after the handshake.

    A fault of the network may end the block at once, with whatever the SDK raises: see ``fault``.
    """
    async with AsyncExitStack() as stack:
        if isinstance(server, Program):
            program = StdioServerParameters(
                command=server.command, args=list(server.arguments), env=dict(server.environment)
            )
            client = Client(program, read_timeout_seconds=patience.request)
        else:
            http = await stack.enter_async_context(_http(server, patience))
            transport = streamable_http_client(server.url, http_client=http)
            client = Client(transport, read_timeout_seconds=patience.request)
        yield await stack.enter_async_context(client)


def fault(error: Exception, *, calling: bool) -> Exception:
    """Our error for what a connection raised; ``calling``: the tool had been asked, so it may have acted."""
    leaf = _decisive(error)
    if isinstance(leaf, LaminaError):
        return leaf
    if isinstance(leaf, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return faults.timed_out(PROVIDER)
    if isinstance(leaf, httpx2.ConnectError | httpx2.UnsupportedProtocol):
        return faults.unavailable(PROVIDER)
    if isinstance(leaf, _Refused) and not (calling and leaf.status in _SAID_BY_GATEWAYS):
        return faults.fault(PROVIDER, leaf.status, retry_after=leaf.retry_after)
    if isinstance(leaf, MCPError) and leaf.code not in _WITHOUT_ANSWER:
        return ProviderUnavailable(
            "email.tool_failed",
            f"The MCP server for e-mail failed: {one_line(leaf.message)[:LONGEST_QUOTE]}",
            provider=PROVIDER,
        )
    return DeliveryUnknown(provider=PROVIDER) if calling else _before_calling(leaf)


def _before_calling(leaf: Exception) -> Exception:
    if isinstance(leaf, FileNotFoundError | PermissionError):
        return ConfigurationError(
            "config.mcp_command", f"LAMINA_MCP_EMAIL_COMMAND cannot be started: {leaf.strerror}."
        )
    if isinstance(leaf, TimeoutError | httpx2.TimeoutException) or (
        isinstance(leaf, MCPError) and leaf.code == REQUEST_TIMEOUT
    ):
        return faults.timed_out(PROVIDER)
    return faults.unavailable(PROVIDER) if isinstance(leaf, _NETWORK + _NETWORK_OF_ANYIO) else leaf


def _decisive(error: Exception) -> Exception:
    """Of several errors at once, one whose meaning we gave ourselves, else the first."""
    leaves = list(_leaves(error))
    return next((leaf for leaf in leaves if isinstance(leaf, LaminaError | _Refused)), leaves[0])


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _http(server: HttpServer, patience: Patience) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        headers={"Authorization": f"Bearer {server.token}"} if server.token else None,
        timeout=httpx2.Timeout(patience.request, connect=patience.connect),
        event_hooks={"response": [_keep_status]},
    )


async def _keep_status(response: httpx2.Response) -> None:
    if response.status_code in _SAID_PLAINLY + _SAID_BY_GATEWAYS:
        wait = faults.retry_after_seconds(response.headers.get("retry-after"), datetime.now(UTC))
        raise _Refused(response.status_code, wait)
