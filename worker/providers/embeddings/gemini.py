"""Embeddings from Gemini."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from google.genai import types

from worker.providers.embeddings.batching import GEMINI_001, GEMINI_2, Limits, batches, estimated_tokens
from worker.providers.embeddings.port import DIMENSIONS, EmbeddingKind, Embeddings
from worker.providers.embeddings.vectors import unit
from worker.providers.vendors import faults
from worker.providers.vendors.google_sdk import PROVIDER, Connection, Endpoint, translated

DEFAULT_MODEL = "gemini-embedding-2"

_TASK_TYPES = {"document": "RETRIEVAL_DOCUMENT", "query": "RETRIEVAL_QUERY"}
_PREFIXES = {"document": "title: none | text: ", "query": "task: question answering | query: "}


class GeminiEmbedder:
    """gemini-embedding-001 takes a task type; later models want the task inside the text."""

    name = PROVIDER
    dimensions = DIMENSIONS

    def __init__(self, endpoint: Endpoint, model: str = DEFAULT_MODEL) -> None:
        self.model = model
        self._connection = Connection(endpoint)

    @property
    def _takes_task_type(self) -> bool:
        return self.model.startswith("gemini-embedding-001")

    @property
    def _limits(self) -> Limits:
        return GEMINI_001 if self._takes_task_type else GEMINI_2

    async def embed(self, texts: Sequence[str], *, kind: EmbeddingKind) -> Embeddings:
        """See the port. Cut vectors are not of length 1 when they arrive, so they are scaled here."""
        vectors: list[array[float]] = []
        for batch in batches(texts, self._limits):
            vectors += await self._request([texts[index] for index in batch], kind)
        return Embeddings(vectors, sum(map(estimated_tokens, texts)))

    async def _request(self, texts: list[str], kind: EmbeddingKind) -> list[array[float]]:
        prefix = "" if self._takes_task_type else _PREFIXES[kind]
        config = types.EmbedContentConfig(
            output_dimensionality=DIMENSIONS,
            task_type=_TASK_TYPES[kind] if self._takes_task_type else None,
        )
        # Each text is a Content of its own: a plain list of strings would become one vector.
        contents = [types.Content(parts=[types.Part(text=prefix + text)]) for text in texts]
        with translated():
            response = await self._connection.client.aio.models.embed_content(
                model=self.model, contents=contents, config=config
            )
        embeddings = response.embeddings or []
        if len(embeddings) != len(texts):
            raise faults.bad_response(PROVIDER)
        return [unit(embedding.values or (), PROVIDER) for embedding in embeddings]

    async def close(self) -> None:
        await self._connection.close()
