"""The main job, walked through the doors a frontend has: sign up, upload, watch, ask, hear the answer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from realtime import AsyncRealtimeChannel

from supabase import AsyncClient, acreate_client

PATIENCE_SECONDS = 300.0
POLL_SECONDS = 0.5
"""How often a row is read while no broadcast came: the table is the truth, the broadcast a hint."""


class DemoFailed(Exception):
    """The walk ended before an answer; the message is for people."""


@dataclass(slots=True)
class Walk:
    """What happened; times in seconds."""

    question: str
    timings: dict[str, float] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    streamed: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """Where the walk shows itself: a stage of the document, a piece of the answer."""

    stage: Callable[[str, str], None]
    delta: Callable[[str], None]


async def walk(url: str, key: str, pdf: Path, question: str, screen: Screen) -> Walk:
    """Takes a PDF to a cited answer as a new user. Raises DemoFailed."""
    result = Walk(question)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            client = await acreate_client(url, key)
            with_time = _Stopwatch(result.timings)
            async with with_time("sign up"):
                workspace_id = await _sign_up(client)
            async with with_time("upload"):
                path = f"{workspace_id}/{uuid4()}/{pdf.name}"
                content = await asyncio.to_thread(pdf.read_bytes)
                bucket = client.storage.from_("documents")
                await bucket.upload(path, content, {"content-type": "application/pdf"})
            async with with_time("searchable"):
                result.document = await _watch_document(client, workspace_id, path, screen)
            async with with_time("answer"):
                await _ask(client, workspace_id, result, screen)
            await client.auth.sign_out()
    except TimeoutError as error:
        raise DemoFailed(
            f"No answer within {PATIENCE_SECONDS:.0f} seconds; see `lamina logs worker`."
        ) from error
    return result


class _Stopwatch:
    def __init__(self, timings: dict[str, float]) -> None:
        self._timings = timings

    @asynccontextmanager
    async def __call__(self, name: str) -> AsyncIterator[None]:
        started = monotonic()
        yield
        self._timings[name] = monotonic() - started


async def _sign_up(client: AsyncClient) -> str:
    email = f"demo-{secrets.token_hex(4)}@example.com"
    response = await client.auth.sign_up({"email": email, "password": secrets.token_urlsafe(16)})
    if response.session is None:
        raise DemoFailed("Sign-up asks for an e-mail confirmation here; switch it off for the demo.")
    await client.realtime.set_auth(response.session.access_token)
    found = _rows(await client.table("workspaces").select("id").limit(1).execute())
    if not found:
        raise DemoFailed("Sign-up made no personal workspace.")
    return str(found[0]["id"])


@asynccontextmanager
async def _listening(
    client: AsyncClient, topic: str, events: dict[str, Callable[[dict[str, Any]], None]]
) -> AsyncIterator[AsyncRealtimeChannel]:
    channel = client.channel(topic, {"config": {"private": True, "broadcast": None, "presence": None}})
    for event, callback in events.items():
        channel.on_broadcast(event, lambda message, call=callback: call(message["payload"]))  # type: ignore[misc]
    joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_state(state: Any, error: Exception | None) -> None:
        if joined.done():
            return
        if str(getattr(state, "value", state)) == "SUBSCRIBED":
            joined.set_result(None)
        else:
            joined.set_exception(DemoFailed(f"Could not listen to {topic}: {error or state}"))

    await channel.subscribe(on_state)
    await joined
    try:
        yield channel
    finally:
        await client.remove_channel(channel)


async def _watch_document(
    client: AsyncClient, workspace_id: str, path: str, screen: Screen
) -> dict[str, Any]:
    moved = asyncio.Event()
    async with _listening(client, f"workspace:{workspace_id}", {"document": lambda _: moved.set()}):
        while True:
            moved.clear()
            query = client.table("documents").select("*").eq("object_path", path).limit(1)
            found = _rows(await query.execute())
            row: dict[str, Any] = found[0] if found else {"status": "pending", "stage": None}
            screen.stage(row["status"], row["stage"] or "")
            if row["status"] == "processed":
                return row
            if row["status"] == "failed":
                raise DemoFailed(f"{row['error_message']} [{row['error_code']}]")
            await _wait(moved)


async def _ask(client: AsyncClient, workspace_id: str, result: Walk, screen: Screen) -> None:
    conversation_id = str(uuid4())
    await (
        client.table("conversations").insert({"id": conversation_id, "workspace_id": workspace_id}).execute()
    )
    moved = asyncio.Event()

    def on_delta(payload: dict[str, Any]) -> None:
        result.streamed += payload["text"]
        screen.delta(payload["text"])

    events = {"answer.delta": on_delta, "answer.done": lambda _: moved.set()}
    async with _listening(client, f"conversation:{conversation_id}", events):
        asked = await client.rpc(
            "ask",
            {
                "p_workspace_id": workspace_id,
                "p_question": result.question,
                "p_conversation_id": conversation_id,
                "p_idempotency_key": str(uuid4()),
            },
        ).execute()
        answer_id = _rows(asked)["answer_id"]
        while result.answer.get("finished_at") is None:
            await _wait(moved)
            result.answer = _rows(
                await client.table("messages").select("*").eq("id", answer_id).single().execute()
            )
    if result.answer["status"] != "complete":
        raise DemoFailed(f"{result.answer['error_message']} [{result.answer['error_code']}]")


def _rows(response: Any) -> Any:
    """The data of a response: a list of rows, or one row where one was asked for."""
    return response.data


async def _wait(moved: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(POLL_SECONDS):
            await moved.wait()
    except TimeoutError:
        return
