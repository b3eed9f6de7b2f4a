"""The port every embedder fulfils."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

DIMENSIONS = 1536
"""Width of every vector column; a model that cannot give it is not usable."""

EmbeddingKind = Literal["document", "query"]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors in the order of the texts, each float32, `DIMENSIONS` wide and of length 1 (L2)."""

    vectors: list[array[float]]
    tokens: int
    """What the vendor billed; an estimate where it does not say, 0 offline."""


class Embedder(Protocol):
    """Turns texts into vectors of one space, which `name` and `model` together identify."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def dimensions(self) -> int: ...

    async def embed(self, texts: Sequence[str], *, kind: EmbeddingKind) -> Embeddings:
        """One vector per text; any number of texts, batched inside.

        Raises ProviderRejected (`provider.empty_text`) for a blank text, else the ProviderError of the fault.
        """
        ...

    async def close(self) -> None:
        """Releases connections; the embedder cannot be used afterwards."""
        ...
