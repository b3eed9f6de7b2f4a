"""A question is answered from the documents, streaming."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from worker.db.pool import Row
from worker.domains.knowledge import repository
from worker.domains.knowledge.ingest import model_name
from worker.domains.knowledge.memory import Found, Memory, related, words_to_recall
from worker.domains.knowledge.ports import KnowledgePorts
from worker.domains.knowledge.repository import SQL
from worker.domains.knowledge.rules import (
    bounded_history,
    not_answered,
    retrieval_query,
)
from worker.providers.llm.port import (
    ChatMessage,
    ChatRequest,
    Usage,
    is_no_answer,
    may_become_no_answer,
)
from worker.runtime.outcome import Cancelled, Done, Outcome

PASSAGES = 8
RECALLED = 20
"""Earlier questions that share a word, from which the related ones are chosen."""

FLUSH_SECONDS = 0.05


@dataclass(slots=True)
class Draft:
    """An answer while it is written."""

    started: float = field(default_factory=monotonic)
    text: str = ""
    sent: int = 0
    seq: int = 0
    flushed_at: float = 0.0
    answered: bool = True
    usage: Usage | None = None
    retrieval_ms: int | None = None
    first_token_ms: int | None = None

    def elapsed_ms(self) -> int:
        """Milliseconds since the attempt began."""
        return round((monotonic() - self.started) * 1000)


async def answer(ports: KnowledgePorts, message_id: UUID) -> Outcome:
    """Writes one answer. Raises a ProviderError; cancelling keeps what was written so far."""
    asked = await repository.one(ports.db, "get_answer", message_id=message_id)
    if asked is None:
        return Done()
    draft = Draft()
    history = await _history(ports, asked)
    found = await _retrieve(ports, asked, history)
    draft.retrieval_ms = draft.elapsed_ms()
    request = ChatRequest(
        question=asked["question"],
        sources=found.sources(),
        messages=bounded_history(history),
        brand=asked["brand"],
    )
    try:
        await _stream(ports, asked, request, draft)
    except asyncio.CancelledError:
        if may_become_no_answer(draft.text):
            draft.text = ""
        return Cancelled(write=_write(ports, asked, found, draft, "cancelled"))
    return Done(write=_write(ports, asked, found, draft, "complete"))


async def _history(ports: KnowledgePorts, asked: Row) -> list[ChatMessage]:
    rows = await repository.rows(
        ports.db,
        "list_history",
        conversation_id=asked["conversation_id"],
        before_seq=asked["question_seq"],
        asked_by=asked["created_by"],
    )
    return [ChatMessage(role=row["role"], content=row["content"]) for row in reversed(rows)]


async def _retrieve(ports: KnowledgePorts, asked: Row, history: list[ChatMessage]) -> Found:
    query = retrieval_query(asked["question"], history)
    embedded = await ports.embedder.embed([query], kind="query")
    hits = await repository.search(
        ports.db,
        asked_by=asked["created_by"],
        workspace_id=asked["workspace_id"],
        query=query,
        vector=embedded.vectors[0],
        embedding_model=model_name(ports),
        document_ids=asked["document_ids"],
        limit=PASSAGES,
    )
    return Found(hits, await _recall(ports, asked, query))


async def _recall(ports: KnowledgePorts, asked: Row, query: str) -> list[Memory]:
    """Of the asker's own history only; nothing unless the workspace has turned its memory on."""
    rows = await repository.rows(
        ports.db, "recall", message_id=asked["id"], words=words_to_recall(query), limit=RECALLED
    )
    return related(query, [Memory(**row) for row in rows])


async def _stream(ports: KnowledgePorts, asked: Row, request: ChatRequest, draft: Draft) -> None:
    async with aclosing(ports.model.stream(request)) as events:
        async for event in events:
            if isinstance(event, Usage):
                draft.usage = event
                continue
            if draft.first_token_ms is None:
                draft.first_token_ms = draft.elapsed_ms()
            draft.text += event.text.replace("\0", "")  # which Postgres does not store
            if monotonic() - draft.flushed_at >= FLUSH_SECONDS and not may_become_no_answer(draft.text):
                await _flush(ports, asked, draft)
    if is_no_answer(draft.text):
        draft.text = asked["not_answered"] or not_answered(asked["question"], asked["language"])
        draft.answered = False
    await _flush(ports, asked, draft)


async def _flush(ports: KnowledgePorts, asked: Row, draft: Draft) -> None:
    """Broadcasts what is new; the row stays the truth."""
    piece = draft.text[draft.sent :]
    if not piece:
        return
    async with ports.db.connection() as connection:
        await connection.execute(
            SQL["broadcast_delta"],
            {
                "conversation_id": asked["conversation_id"],
                "message_id": asked["id"],
                "seq": draft.seq,
                "text": piece,
            },
        )
    draft.sent, draft.seq, draft.flushed_at = len(draft.text), draft.seq + 1, monotonic()


def _write(ports: KnowledgePorts, asked: Row, found: Found, draft: Draft, status: str) -> Any:
    usage = draft.usage
    parameters = {
        "message_id": asked["id"],
        "status": status,
        "content": draft.text,
        "citations": Jsonb(found.cited(draft.text)),
        "answered": draft.answered if status == "complete" else None,
        "provider": ports.model.name,
        "model": usage.model if usage else ports.model.model,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None,
        "cost_microusd": usage.cost_microusd if usage else None,
        "retrieval_ms": draft.retrieval_ms,
        "first_token_ms": draft.first_token_ms,
        "latency_ms": draft.elapsed_ms(),
    }

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["finish_answer"], parameters)

    return write
