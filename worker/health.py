"""`/livez`, `/readyz` and `/metrics` over plain HTTP, for whoever watches the worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from worker.errors import ConfigurationError
from worker.runtime.loop import Worker

REQUEST_SECONDS = 5.0


@asynccontextmanager
async def health_endpoint(worker: Worker, host: str, port: int) -> AsyncIterator[None]:
    """Serves while the context lasts; a port of 0 serves nothing. Raises ConfigurationError."""
    if port == 0:
        yield
        return

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(TimeoutError, ConnectionError, ValueError):
            async with asyncio.timeout(REQUEST_SECONDS):
                writer.write(await _response(worker, await _path(reader)))
                await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(serve, host, port, limit=8192)
    except OSError as error:
        message = f"LAMINA_HEALTH_PORT: {error.strerror or error}."
        raise ConfigurationError("config.port_unavailable", message) from error
    async with server:
        yield


async def _path(reader: asyncio.StreamReader) -> str:
    """Of the request; its headers are read and ignored."""
    request = (await reader.readline()).split()
    while (await reader.readline()).strip():
        pass
    return request[1].decode("ascii", "replace") if len(request) == 3 else ""


async def _response(worker: Worker, path: str) -> bytes:
    match path:
        case "/livez" | "/healthz":
            return _reply(200, b"ok\n")
        case "/readyz":
            return _reply(200, b"ready\n") if worker.is_ready else _reply(503, b"not ready\n")
        case "/metrics":
            return _reply(200, await _metrics(worker), CONTENT_TYPE_LATEST)
        case _:
            return _reply(404, b"not found\n")


async def _metrics(worker: Worker) -> bytes:
    with suppress(psycopg.Error):
        await worker.measure()
    return generate_latest()


def _reply(status: int, body: bytes, content_type: str = "text/plain; charset=utf-8") -> bytes:
    reason = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}[status]
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
