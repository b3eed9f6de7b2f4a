"""E-mail by a tool of an MCP server (Model Context Protocol, https://modelcontextprotocol.io/specification).

One connection for each message: the SDK ends a connection as a whole when its network fails, so what happened
to one message never decides about another. A program is started for each message too; for many, let it serve
HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from mcp import Client, Tool
from mcp.types import CallToolResult, TextContent

from worker.errors import ConfigurationError, ProviderRejected
from worker.providers.email.arguments import arguments, check_fit
from worker.providers.email.mcp_server import (
    LONGEST_QUOTE,
    PROVIDER,
    HttpServer,
    Patience,
    Program,
    connected,
    fault,
)
from worker.providers.email.port import Mail, Sent
from worker.providers.email.rules import one_line

_MOST_PAGES = 50


class McpMailer:
    """``tool`` is called with ``template`` filled in (see arguments.py)."""

    name = PROVIDER
    offline = False

    def __init__(
        self,
        server: HttpServer | Program,
        *,
        tool: str,
        template: Mapping[str, Any],
        patience: Patience,
    ) -> None:
        self._server = server
        self._tool = tool
        self._template = template
        self._patience = patience

    async def start(self) -> None:
        """Lists the tools. Raises ConfigurationError when ours is missing or wants other arguments."""
        try:
            async with self._connected() as client:
                await self._check(client)
        except Exception as error:
            raise fault(error, calling=False) from error

    async def send(self, message: Mail, *, idempotency_key: str) -> Sent:
        """See the port; whether the same key makes it the same message is up to the tool.

        The tools are listed before the call: the SDK would list them after it, when a fault comes too late.
        """
        filled = arguments(self._template, message, idempotency_key)
        calling, result = False, None
        try:
            async with self._connected() as client:
                await self._check(client)
                calling = True
                result = await client.call_tool(self._tool, filled)
        except Exception as error:
            if result is None:
                raise fault(error, calling=calling) from error
        return _sent(result)

    async def close(self) -> None:
        """Nothing stays open."""

    def _connected(self) -> AbstractAsyncContextManager[Client]:
        return connected(self._server, self._patience)

    async def _check(self, client: Client) -> None:
        offered: list[str] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            found = _named(page.tools, self._tool)
            if found is not None:
                return check_fit(self._template, found.input_schema, self._tool)
            offered += [tool.name for tool in page.tools]
            cursor = page.next_cursor
            if cursor is None:
                break
        known = ", ".join(offered) or "none at all"
        raise ConfigurationError(
            "config.mcp_tool", f"LAMINA_MCP_EMAIL_TOOL: the server has no {self._tool!r}; it has {known}."
        )


def _named(tools: list[Tool], name: str) -> Tool | None:
    return next((tool for tool in tools if tool.name == name), None)


def _sent(result: CallToolResult) -> Sent:
    """What the tool says about a failure is for a model to read, so it stays words."""
    if result.is_error:
        said = " ".join(part.text for part in result.content if isinstance(part, TextContent))
        raise ProviderRejected(
            "email.tool_refused", f"The tool refused: {one_line(said)[:LONGEST_QUOTE]}", provider=PROVIDER
        )
    return Sent(None, "sent")
