"""OpenAI's audio endpoints on the loopback interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.contract.providers.vendor import Reply
from worker.providers.speech.openai import REQUEST_BYTES


@dataclass
class Request:
    path: str
    size: int
    key: str
    fields: dict[str, Any]
    """Parts of a form or members of a JSON object; a file is (name, type, content)."""


@dataclass
class AudioApi:
    """Refuses bodies above the limit as the real one does; else `replies` in order, the last one for ever."""

    replies: list[Reply] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        size = request.content_length or 0
        key = request.headers.get("Authorization", "")
        self.asked.append(Request(request.path, size, key, await _fields(request)))
        if size > REQUEST_BYTES:
            error = {"message": "Maximum content size limit exceeded", "type": "server_error", "code": None}
            return web.json_response({"error": error}, status=413)
        return await self.replies[min(len(self.asked), len(self.replies)) - 1](request)


async def _fields(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(await request.json())
    fields: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        is_file = isinstance(value, web.FileField)
        fields[name] = (value.filename, value.content_type, value.file.read()) if is_file else value
    return fields


@asynccontextmanager
async def running_audio_api() -> AsyncIterator[AudioApi]:
    made = AudioApi()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", made.handle)
    server = TestServer(app)
    await server.start_server()
    made.url = str(server.make_url("/v1"))
    try:
        yield made
    finally:
        await server.close()
