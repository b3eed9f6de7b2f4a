"""A search that the worker embeds and runs for a client."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from worker.domains.knowledge import repository
from worker.domains.knowledge.ingest import model_name
from worker.domains.knowledge.ports import KnowledgePorts
from worker.domains.knowledge.repository import SQL
from worker.runtime.outcome import Done, Outcome


async def run_search(ports: KnowledgePorts, search_id: UUID) -> Outcome:
    """Embeds the query, searches, stores the hits. Raises a ProviderError."""
    wanted = await repository.one(ports.db, "get_search", search_id=search_id)
    if wanted is None:
        return Done()
    embedded = await ports.embedder.embed([wanted["query"]], kind="query")
    hits = await repository.search(
        ports.db,
        asked_by=wanted["created_by"],
        workspace_id=wanted["workspace_id"],
        query=wanted["query"],
        vector=embedded.vectors[0],
        embedding_model=model_name(ports),
        document_ids=wanted["document_ids"],
        limit=wanted["match_count"],
    )

    async def write(connection: AsyncConnection[Any]) -> None:
        results = Jsonb([asdict(hit) for hit in hits])
        await connection.execute(SQL["finish_search"], {"search_id": search_id, "results": results})

    return Done(write=write)
