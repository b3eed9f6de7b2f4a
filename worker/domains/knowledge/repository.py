"""The knowledge domain's rows; every statement is in queries.sql."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from worker.db.halfvec import register_halfvec, to_halfvec, to_text
from worker.db.pool import Database, Row
from worker.db.queries import load_queries
from worker.domains.knowledge.chunking import Chunk
from worker.domains.knowledge.rules import Hit, ReusePlan

SQL = load_queries(__package__, "queries.sql")

COPY_TYPES = ("uuid", "uuid", "int4", "text", "text", "int4", "int4", "int4", "int4", "bytea", "text", "text")


async def one(db: Database, name: str, **parameters: Any) -> Row | None:
    """The first row of a named statement, or None."""
    return await db.one(SQL[name], parameters)


async def rows(db: Database, name: str, **parameters: Any) -> list[Row]:
    """All rows of a named statement."""
    return await db.rows(SQL[name], parameters)


async def search(
    db: Database,
    *,
    asked_by: UUID | None,
    workspace_id: UUID,
    query: str,
    vector: array[float],
    embedding_model: str,
    document_ids: Sequence[UUID] | None,
    limit: int,
) -> list[Hit]:
    """Hybrid search in one workspace, best first: what `asked_by` may find (None: a contact)."""
    async with db.connection() as connection, connection.cursor(row_factory=class_row(Hit)) as cursor:
        await cursor.execute(
            SQL["search_chunks"],
            {
                "asked_by": asked_by,
                "workspace_id": workspace_id,
                "query": query,
                "embedding": to_text(vector),
                "embedding_model": embedding_model,
                "document_ids": document_ids,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


@dataclass(frozen=True, slots=True)
class NewSet:
    """A document's chunks to be; `vectors` belong to `plan.new`, in its order."""

    chunks: Sequence[Chunk]
    plan: ReusePlan
    vectors: Sequence[array[float]]
    language: str
    embedding_model: str


async def swap_chunks(connection: AsyncConnection[Any], document: Row, new: NewSet) -> None:
    """Replaces a document's chunks in the caller's transaction: readers see the old set or the new one."""
    kept = new.plan.kept
    await connection.execute(
        SQL["delete_stale_chunks"], {"document_id": document["id"], "kept_ids": list(kept.values())}
    )
    await connection.execute(SQL["move_kept_chunks"], _places(new))
    halfvec = await register_halfvec(connection)
    async with connection.cursor() as cursor, cursor.copy(SQL["copy_chunks"]) as copy:
        copy.set_types([*COPY_TYPES, halfvec])
        for chunk, vector in zip(new.plan.new, new.vectors, strict=True):
            await copy.write_row(_copied(document, chunk, vector, new))


def _places(new: NewSet) -> Row:
    moved = [chunk for chunk in new.chunks if chunk.ordinal in new.plan.kept]
    return {
        "ids": [new.plan.kept[chunk.ordinal] for chunk in moved],
        "ordinals": [chunk.ordinal for chunk in moved],
        "pages_from": [chunk.page_from for chunk in moved],
        "pages_to": [chunk.page_to for chunk in moved],
        "chars_from": [chunk.char_from for chunk in moved],
        "chars_to": [chunk.char_to for chunk in moved],
        "language": new.language,
    }


def _copied(document: Row, chunk: Chunk, vector: array[float], new: NewSet) -> tuple[Any, ...]:
    return (
        document["workspace_id"],
        document["id"],
        chunk.ordinal,
        chunk.heading,
        chunk.text,
        chunk.page_from,
        chunk.page_to,
        chunk.char_from,
        chunk.char_to,
        chunk.content_hash,
        new.language,
        new.embedding_model,
        to_halfvec(vector),
    )
