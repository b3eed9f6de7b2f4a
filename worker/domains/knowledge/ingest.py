"""A document becomes searchable: fetch, read, embed, swap."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from worker.db.pool import Row
from worker.domains.knowledge import repository
from worker.domains.knowledge.chunking import Chunk
from worker.domains.knowledge.ports import KnowledgePorts
from worker.domains.knowledge.reading import Reading, read_pdf, read_text
from worker.domains.knowledge.repository import SQL
from worker.domains.knowledge.rules import plan_reuse
from worker.errors import ComputationKilled, DocumentRejected, ObjectNotFound, ObjectTooLarge
from worker.runtime.job import JobContext
from worker.runtime.outcome import Done, Outcome

BUCKET = "documents"
MAX_BYTES = 20 * 1024 * 1024
EMBED_AT_ONCE = 256


async def ingest(ports: KnowledgePorts, ctx: JobContext, document_id: UUID, version: int) -> Outcome:
    """Processes one version of a document. Raises DocumentRejected or a ProviderError."""
    document = await repository.one(ports.db, "get_document", document_id=document_id)
    if document is None or document["version"] != version:
        return Done()
    with tempfile.TemporaryDirectory(prefix="lamina-") as folder:
        await ctx.progress("fetching", 0.02)
        source = await _fetch(ports, document, Path(folder) / "document")
        content_hash = await _hash(source)
        if _is_current(document, content_hash, ports):
            return Done(write=_confirm(document, version))
        await ctx.progress("reading", 0.1)
        reading = await _read(ports, document, source)
    stored = await repository.rows(
        ports.db, "list_chunk_hashes", document_id=document_id, embedding_model=model_name(ports)
    )
    plan = plan_reuse(reading.chunks, ((row["id"], row["content_hash"]) for row in stored))
    vectors = await _embed(ports, ctx, plan.new)
    new = repository.NewSet(reading.chunks, plan, vectors, reading.language, model_name(ports))

    async def write(connection: AsyncConnection[Any]) -> None:
        cursor = await connection.execute(
            SQL["lock_document"], {"document_id": document_id, "version": version}
        )
        if await cursor.fetchone() is None:
            return
        await repository.swap_chunks(connection, document, new)
        await connection.execute(
            SQL["finish_document"], _finished(document, version, reading, content_hash, ports)
        )

    await ctx.progress("saving", 0.95)
    return Done(write=write)


def model_name(ports: KnowledgePorts) -> str:
    """The vector space a chunk is in: provider and model together."""
    return f"{ports.embedder.name}:{ports.embedder.model}"


def _finished(
    document: Row, version: int, reading: Reading, content_hash: bytes, ports: KnowledgePorts
) -> Row:
    return {
        "document_id": document["id"],
        "version": version,
        "page_count": reading.page_count,
        "chunk_count": len(reading.chunks),
        "language": reading.language,
        "content_hash": content_hash,
        "embedding_model": model_name(ports),
    }


def _is_current(document: Row, content_hash: bytes, ports: KnowledgePorts) -> bool:
    return (
        document["processed_version"] is not None
        and document["content_hash"] == content_hash
        and document["embedding_model"] == model_name(ports)
    )


def _confirm(document: Row, version: int) -> Any:
    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["confirm_document"], {"document_id": document["id"], "version": version})

    return write


async def _fetch(ports: KnowledgePorts, document: Row, target: Path) -> Path | str:
    """The PDF as a file, or the text itself."""
    if document["kind"] == "text":
        row = await repository.one(
            ports.db, "get_version", document_id=document["id"], version=document["version"]
        )
        return str(row["content"]) if row else ""
    try:
        await ports.storage.download(BUCKET, document["object_path"], target, max_bytes=MAX_BYTES)
    except ObjectNotFound as error:
        raise DocumentRejected("document.file_missing", "The uploaded file is gone.") from error
    except ObjectTooLarge as error:
        raise DocumentRejected("document.too_large", "The file is larger than 20 MB.") from error
    return target


async def _hash(source: Path | str) -> bytes:
    data = source if isinstance(source, str) else await asyncio.to_thread(source.read_bytes)
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).digest()


async def _read(ports: KnowledgePorts, document: Row, source: Path | str) -> Reading:
    try:
        if isinstance(source, str):
            return await ports.sandbox.run(read_text, source)
        return await ports.sandbox.run(read_pdf, str(source))
    except ComputationKilled as error:
        raise DocumentRejected("document.bomb", f"The document could not be read: {error.message}") from error


async def _embed(ports: KnowledgePorts, ctx: JobContext, chunks: Sequence[Chunk]) -> list[array[float]]:
    vectors: list[array[float]] = []
    for start in range(0, len(chunks), EMBED_AT_ONCE):
        await ctx.progress("embedding", 0.2 + 0.7 * start / len(chunks))
        batch = chunks[start : start + EMBED_AT_ONCE]
        texts = [chunk.text if chunk.heading is None else f"{chunk.heading}\n{chunk.text}" for chunk in batch]
        vectors.extend((await ports.embedder.embed(texts, kind="document")).vectors)
    return vectors
