"""What the voice domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from worker.db.pool import Database
from worker.providers.speech.port import Speaker, Transcriber
from worker.providers.speech.splitting import Limits
from worker.providers.storage.port import ObjectStorage

Result = TypeVar("Result")


class Sandbox(Protocol):
    """Runs CPU-heavy work in a child process under time and memory caps."""

    async def run(self, function: Callable[..., Result], *args: Any) -> Result: ...


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """What a recording and a request may hold, and the vendor's name of the voice that reads answers."""

    limits: Limits = field(default_factory=lambda: Limits(recording_seconds=25 * 60.0))
    max_bytes: int = 200 * 1024 * 1024
    voice: str = "alloy"


@dataclass(frozen=True, slots=True)
class VoicePorts:
    """Everything the handlers use."""

    db: Database
    transcriber: Transcriber
    speaker: Speaker
    storage: ObjectStorage
    sandbox: Sandbox
    options: VoiceOptions = VoiceOptions()
