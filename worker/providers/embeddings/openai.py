"""Embeddings from OpenAI, and from any API of the same shape."""

from __future__ import annotations

import base64
import json
from array import array
from collections.abc import Sequence
from typing import Any, Literal

from worker.providers.embeddings.batching import OPENAI, batches, estimated_tokens
from worker.providers.embeddings.port import DIMENSIONS, EmbeddingKind, Embeddings
from worker.providers.embeddings.vectors import from_little_endian, unit
from worker.providers.vendors import faults
from worker.providers.vendors.openai_sdk import Endpoint, of_body, translated

DEFAULT_MODEL = "text-embedding-3-small"


class OpenAIEmbedder:
    """Only the text-embedding-3 family can be cut to our width."""

    dimensions = DIMENSIONS

    def __init__(
        self,
        endpoint: Endpoint,
        model: str = DEFAULT_MODEL,
        encoding: Literal["base64", "float"] = "base64",
    ) -> None:
        self.name = endpoint.provider
        self.model = model
        self._encoding: Literal["base64", "float"] = encoding
        self._client = endpoint.client()

    async def embed(self, texts: Sequence[str], *, kind: EmbeddingKind) -> Embeddings:
        """See the port; `kind` makes no difference to these models."""
        vectors: list[array[float]] = []
        tokens = 0
        for batch in batches(texts, OPENAI):
            part = await self._request([texts[index] for index in batch])
            vectors += part.vectors
            tokens += part.tokens
        return Embeddings(vectors, tokens)

    async def _request(self, texts: list[str]) -> Embeddings:
        with translated(self.name):
            response = await self._client.embeddings.with_raw_response.create(
                input=texts, model=self.model, dimensions=DIMENSIONS, encoding_format=self._encoding
            )
            body = json.loads(response.content)
        return _parsed(body, texts, self.name)

    async def close(self) -> None:
        await self._client.close()


def _parsed(body: Any, texts: list[str], provider: str) -> Embeddings:
    """Vectors by their index; everything about the shape is checked, nothing assumed."""
    if isinstance(body, dict) and body.get("error"):
        raise of_body(provider, body["error"])
    try:
        by_index = {int(item["index"]): _numbers(item["embedding"]) for item in body["data"]}
        ordered = [by_index[index] for index in range(len(texts))]
    except (KeyError, TypeError, ValueError) as error:
        raise faults.bad_response(provider) from error
    usage = body.get("usage") or {}
    tokens = usage.get("total_tokens") or sum(map(estimated_tokens, texts))
    return Embeddings([unit(numbers, provider) for numbers in ordered], int(tokens))


def _numbers(embedding: str | list[float]) -> array[float]:
    if isinstance(embedding, str):
        return from_little_endian(base64.b64decode(embedding, validate=True))
    return array("f", embedding)
