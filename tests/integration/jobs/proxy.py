"""A network between worker and Postgres that can fall silent: nothing is refused, nothing arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK = 65536


class Network:
    """``port`` leads to Postgres while ``open`` is set."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.open = asyncio.Event()
        self.open.set()
        self._target = target
        self._tasks: set[asyncio.Task[None]] = set()

    def fall_silent(self) -> None:
        self.open.clear()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.open.wait()
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        for pair in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(*pair))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK):
                await self.open.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def network(target: int) -> AsyncIterator[Network]:
    """In front of the Postgres on port ``target``."""
    carrier = Network(target)
    server = await asyncio.start_server(carrier.accept, "127.0.0.1", 0)
    carrier.port = server.sockets[0].getsockname()[1]
    try:
        yield carrier
    finally:
        server.close()
        await carrier.close()
