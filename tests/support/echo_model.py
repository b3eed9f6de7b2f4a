"""A language model in OpenAI's shape that answers ``A-<n>`` to a question that holds ``Q-<n>``.

``python -m tests.support.echo_model`` prints its address and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from tests.support.clusters import PROJECT

QUESTION = re.compile(r"Q-([\w-]+)")
FRAME = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "echo"}
USAGE = {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11}


async def complete(request: web.Request) -> web.StreamResponse:
    """The last question of the last message counts: what stands before is history and sources."""
    body = await request.json()
    asked = QUESTION.findall(body["messages"][-1]["content"])[-1]
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    said = {"role": "assistant", "content": f"A-{asked}"}
    choices = [{"index": 0, "delta": said, "finish_reason": None}]
    end = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    for chunk in (
        {"choices": choices, **FRAME},
        {"choices": end, **FRAME},
        {"choices": [], "usage": USAGE, **FRAME},
    ):
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    return response


@contextmanager
def echo_process() -> Iterator[str]:
    """The base URL of one in a process of its own."""
    command = [sys.executable, "-m", "tests.support.echo_model"]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=10)


async def _main() -> None:
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
