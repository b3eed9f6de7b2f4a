"""The main job, walked through the doors a frontend has: sign up, upload, watch, ask, hear the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from scripts.demo.visitor import DemoFailed, Stopwatch, listening, rows, sign_up, wait
from supabase import AsyncClient, acreate_client

PATIENCE_SECONDS = 300.0


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
            with_time = Stopwatch(result.timings)
            async with with_time("sign up"):
                workspace_id = await sign_up(client)
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


async def _watch_document(
    client: AsyncClient, workspace_id: str, path: str, screen: Screen
) -> dict[str, Any]:
    moved = asyncio.Event()
    async with listening(client, f"workspace:{workspace_id}", {"document": lambda _: moved.set()}):
        while True:
            moved.clear()
            query = client.table("documents").select("*").eq("object_path", path).limit(1)
            found = rows(await query.execute())
            row: dict[str, Any] = found[0] if found else {"status": "pending", "stage": None}
            screen.stage(row["status"], row["stage"] or "")
            if row["status"] == "processed":
                return row
            if row["status"] == "failed":
                raise DemoFailed(f"{row['error_message']} [{row['error_code']}]")
            await wait(moved)


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
    async with listening(client, f"conversation:{conversation_id}", events):
        asked = await client.rpc(
            "ask",
            {
                "p_workspace_id": workspace_id,
                "p_question": result.question,
                "p_conversation_id": conversation_id,
                "p_idempotency_key": str(uuid4()),
            },
        ).execute()
        answer_id = rows(asked)["answer_id"]
        while result.answer.get("finished_at") is None:
            await wait(moved)
            result.answer = rows(
                await client.table("messages").select("*").eq("id", answer_id).single().execute()
            )
    if result.answer["status"] != "complete":
        raise DemoFailed(f"{result.answer['error_message']} [{result.answer['error_code']}]")
