"""Chunks put straight into the database, with vectors of the test's choice."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from tests.support.database import Database
from worker.db.halfvec import to_text
from worker.providers.embeddings.port import DIMENSIONS

MODEL = "offline:offline-hash-1536"
Vector = list[float]


def random_vector(random_numbers: random.Random) -> Vector:
    """A unit vector in any direction, already rounded to half precision."""
    return halved(unit([random_numbers.gauss(0, 1) for _ in range(DIMENSIONS)]))


def unit(values: Sequence[float]) -> Vector:
    length = math.hypot(*values)
    return [value / length for value in values]


def halved(values: Sequence[float]) -> Vector:
    """As the database stores them."""
    form = f"{len(values)}e"
    return list(struct.unpack(form, struct.pack(form, *values)))


def cosine_distance(left: Vector, right: Vector) -> float:
    dot = sum(a * b for a, b in zip(left, right, strict=True))
    return 1.0 - dot / math.hypot(*left) / math.hypot(*right)


def add_document(db: Database, workspace_id: UUID, title: str = "Shelf", language: str = "english") -> UUID:
    """A processed text without chunks yet."""
    found: UUID = db.value(
        "insert into public.documents (workspace_id, kind, title, status, processed_version, language)"
        " values (%s, 'text', %s, 'processed', 1, %s) returning id",
        workspace_id,
        title,
        language,
    )
    return found


def add_chunks(
    db: Database,
    document_id: UUID,
    texts: Sequence[str],
    vectors: Sequence[Vector],
    *,
    language: str = "english",
    model: str = MODEL,
) -> list[int]:
    """Ids of the new chunks, in order."""
    rows = db.rows(
        "insert into public.chunks (workspace_id, document_id, ordinal, content, page_from, page_to,"
        " char_from, char_to, content_hash, language, embedding_model, embedding)"
        " select d.workspace_id, d.id, g.place, g.content, 1, 1, 0, 1, %s, %s, %s,"
        " g.vector::extensions.halfvec(1536)"
        " from public.documents as d,"
        " unnest(%s::text[], %s::text[]) with ordinality as g (content, vector, place)"
        " where d.id = %s order by g.place returning id",
        sha256(b"").digest(),
        language,
        model,
        list(texts),
        [to_text(vector) for vector in vectors],
        document_id,
    )
    return [row[0] for row in rows]


def add_crowd(db: Database, document_id: UUID, count: int, text: str, vector: Vector) -> None:
    """So many chunks of the same text and vector."""
    db.admin.execute(
        "insert into public.chunks (workspace_id, document_id, ordinal, content, page_from, page_to,"
        " char_from, char_to, content_hash, language, embedding_model, embedding)"
        " select d.workspace_id, d.id, n, %s, 1, 1, 0, 1, '', 'english', %s, %s::extensions.halfvec(1536)"
        " from public.documents as d, generate_series(1, %s) as n where d.id = %s",
        (text, MODEL, to_text(vector), count, document_id),
    )
