"""``studio``: a fresh database, the cast, a bucket, and OpenAI's audio endpoints played on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.contract.providers.audio_api import running_audio_api
from tests.integration.voice.ear import Ear
from tests.integration.voice.studio import Studio
from tests.support.actors import Cast
from tests.support.database import Database
from tests.support.recordings import silence, tone, write
from worker.providers.speech.openai import OpenAIRealtimeTokens, OpenAISpeaker, OpenAITranscriber
from worker.providers.speech.select import Speech
from worker.providers.vendors.openai_sdk import Endpoint
from worker.sandbox import ProcessSandbox, SandboxLimits


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)


@pytest_asyncio.fixture
async def ear() -> AsyncIterator[Ear]:
    async with running_audio_api() as api:
        yield Ear(api)


@pytest_asyncio.fixture
async def studio(db: Database, cast: Cast, ear: Ear, tmp_path: Path) -> AsyncIterator[Studio]:
    """Recordings are decoded in this process."""
    endpoint = Endpoint("openai", ear.api.url, "test-key", 5.0, 20.0)
    speech = Speech(
        OpenAITranscriber(endpoint, "gpt-transcribe"),
        OpenAISpeaker(endpoint, "gpt-4o-mini-tts"),
        OpenAIRealtimeTokens(endpoint, "gpt-realtime-2.1-mini"),
    )
    yield Studio(db, tmp_path / "buckets", speech)
    await speech.close()


@pytest_asyncio.fixture
async def guarded(studio: Studio) -> AsyncIterator[Studio]:
    """The same with the real sandbox, for files that nobody trusts."""
    sandbox = ProcessSandbox(SandboxLimits(cpu_seconds=30, wall_seconds=90))
    studio.sandbox = sandbox
    yield studio
    await sandbox.close()


@pytest.fixture
def memo(tmp_path: Path) -> bytes:
    """Two and a half seconds."""
    return write(tmp_path / "memo.ogg", [tone(2.5)]).read_bytes()


@pytest.fixture
def talk(tmp_path: Path) -> bytes:
    """Twelve seconds with a pause after every two and a half."""
    return write(tmp_path / "talk.flac", [tone(2.5), silence(0.5)] * 4).read_bytes()
