"""Providers that do what a test tells them, and remember what they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worker.providers.embeddings.offline import OfflineEmbedder
from worker.providers.embeddings.port import EmbeddingKind, Embeddings
from worker.providers.llm.port import ChatEvent, ChatRequest, TextDelta, Usage
from worker.providers.storage.offline import FolderStorage


class RecordingEmbedder(OfflineEmbedder):
    """The offline vectors; `faults` are raised by the next calls, one each; `hold` makes calls wait."""

    def __init__(self, model: str = OfflineEmbedder.model) -> None:
        self.model = model
        self.texts: list[str] = []
        self.faults: list[Exception] = []
        self._gate = asyncio.Event()
        self._gate.set()

    def hold(self) -> None:
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    async def embed(self, texts: Sequence[str], *, kind: EmbeddingKind) -> Embeddings:
        await self._gate.wait()
        if self.faults:
            raise self.faults.pop(0)
        if kind == "document":
            self.texts.extend(texts)
        return await super().embed(texts, kind=kind)


class FaultyStorage(FolderStorage):
    """The folder, but `faults` are raised by the next calls, one each."""

    def __init__(self, root: Path, faults: list[Exception]) -> None:
        super().__init__(root)
        self.faults = faults

    async def download(self, bucket: str, path: str, target: Path, *, max_bytes: int) -> int:
        if self.faults:
            raise self.faults.pop(0)
        return await super().download(bucket, path, target, max_bytes=max_bytes)

    async def remove(self, bucket: str, paths: Sequence[str]) -> None:
        if self.faults:
            raise self.faults.pop(0)
        await super().remove(bucket, paths)


@dataclass
class ScriptedModel:
    """Streams `script` piece by piece: a text is a delta, an exception is raised, an event is waited for.

    Each call takes the next script; the last one serves all later calls.
    """

    scripts: list[Sequence[str | Exception | asyncio.Event]]
    name: str = "scripted"
    model: str = "script-1"
    requests: list[ChatRequest] = field(default_factory=list)
    deltas: int = 0
    is_closed_early: bool = False

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        self.requests.append(request)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        pieces = 0
        try:
            for step in script:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, Exception):
                    raise step
                else:
                    pieces, self.deltas = pieces + 1, self.deltas + 1
                    yield TextDelta(step)
        except (asyncio.CancelledError, GeneratorExit):
            self.is_closed_early = True
            raise
        yield Usage(100, pieces, 250, f"{self.name}:{self.model}")

    async def close(self) -> None:
        """Nothing is open."""
