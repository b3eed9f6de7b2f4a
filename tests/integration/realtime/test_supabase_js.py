"""supabase-js, unchanged, in both versions of the protocol."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from tests.integration.realtime.server import PUBLISHABLE, SECRET, Realtime
from tests.support.clusters import PROJECT

FILE = PROJECT / "tests" / "integration" / "realtime" / "js" / "client.test.mjs"


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
async def test_the_client(realtime: Realtime, version: str) -> None:
    environment = {
        **os.environ,
        "REALTIME_URL": realtime.url.removesuffix("/realtime/v1"),
        "REALTIME_KEY": PUBLISHABLE,
        "REALTIME_VSN": version,
        "REALTIME_SECRET": SECRET,
        "NODE_NO_WARNINGS": "1",
    }
    node = await asyncio.create_subprocess_exec(
        "node",
        "--test-force-exit",
        str(FILE),
        env=environment,
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert node.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(90):
        async for line in node.stdout:
            text = line.decode()
            if text.startswith("@@"):
                _send(realtime, json.loads(text[2:]))
            else:
                said.append(text)
        code = await node.wait()
    assert code == 0, "".join(said)


def _send(realtime: Realtime, message: dict[str, object]) -> None:
    realtime.send(
        str(message["topic"]),
        str(message["event"]),
        json.dumps(message["payload"]),
        bool(message["private"]),
    )
