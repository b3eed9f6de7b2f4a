"""A real MCP server with a tool that sends e-mail: over streamable HTTP in this process, or as a program.

As a program it appends what it was asked to the file named by MAIL_LOG.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from mcp import MCPError
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import INTERNAL_ERROR

TEMPLATE = {
    "to": [{"email": "{to}", "name": "{to_name}"}],
    "sender": "{from_name} <{from}>",
    "subject": "{subject}",
    "body": {"text": "{text}", "html": "{html}"},
    "reply_to": "{reply_to}",
    "headers": "{headers}",
    "reference": "{id}/{idempotency_key}",
}
"""What the tool ``send_mail`` wants, as LAMINA_MCP_EMAIL_ARGUMENTS would say it."""


def mail_server(keep: Callable[[dict[str, Any]], None]) -> MCPServer:
    """Subjects that begin with "tool:" make it fail after it took the message, except for "refuse"."""
    server = MCPServer("mail", log_level="CRITICAL")

    @server.tool()
    def read_mail(folder: str) -> str:
        return "nothing"

    @server.tool()
    async def send_mail(
        to: list[dict[str, str]],
        subject: str,
        body: dict[str, str],
        sender: str,
        reply_to: str | None = None,
        headers: dict[str, str] | None = None,
        reference: str = "",
    ) -> str:
        if subject == "tool: refuse":
            raise ToolError("The recipient\nis suppressed.")
        if subject == "tool: fault":
            raise MCPError(code=INTERNAL_ERROR, message="database is locked")
        keep(
            {
                "to": to,
                "subject": subject,
                "body": body,
                "sender": sender,
                "reply_to": reply_to,
                "headers": headers or {},
                "reference": reference,
            }
        )
        if subject == "tool: silence":
            await asyncio.sleep(30)
        if subject == "tool: die":
            os._exit(3)
        return "Sent."

    return server


@dataclass
class HttpTool:
    """``answer`` may reply to a request (its JSON) instead of the server, with a status and headers."""

    url: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    answer: Callable[[Any], tuple[int, dict[str, str]] | None] = lambda asked: None


@asynccontextmanager
async def running_http_tool() -> AsyncIterator[HttpTool]:
    tool = HttpTool()
    app = mail_server(tool.calls.append).streamable_http_app()

    async def watched(scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        body = await _body(receive)
        asked = json.loads(body) if body else None
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        tool.asked.append((headers, asked))
        instead = tool.answer(asked)
        if instead is not None:
            return await _reply(send, *instead)
        return await app(scope, _once(body, receive), send)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        tool.url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        server = uvicorn.Server(
            uvicorn.Config(watched, log_level="critical", timeout_graceful_shutdown=1, lifespan="on")
        )
        running = asyncio.create_task(server.serve([listening]))
        try:
            while not server.started:
                await asyncio.sleep(0.01)
            yield tool
        finally:
            server.should_exit = True
            await running


async def _body(receive: Callable[[], Awaitable[Any]]) -> bytes:
    whole, more = b"", True
    while more:
        part = await receive()
        whole += part.get("body", b"")
        more = part.get("more_body", False)
    return whole


def _once(body: bytes, receive: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return parts.pop() if parts else await receive()

    return again


async def _reply(send: Any, status: int, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"no"})


def _main() -> None:
    log = Path(os.environ["MAIL_LOG"])

    def keep(call: dict[str, Any]) -> None:
        with log.open("a") as file:
            file.write(json.dumps(call) + "\n")

    mail_server(keep).run("stdio")


if __name__ == "__main__":
    _main()
