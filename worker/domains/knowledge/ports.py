"""What the knowledge domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from worker.db.pool import Database
from worker.providers.embeddings.port import Embedder
from worker.providers.llm.port import ChatModel
from worker.providers.storage.port import ObjectStorage

Result = TypeVar("Result")


class Sandbox(Protocol):
    """Runs CPU-heavy work in a child process under time and memory caps."""

    async def run(self, function: Callable[..., Result], *args: Any) -> Result: ...


@dataclass(frozen=True, slots=True)
class KnowledgePorts:
    """Everything the handlers use."""

    db: Database
    embedder: Embedder
    model: ChatModel
    storage: ObjectStorage
    sandbox: Sandbox
