"""Without a provider nothing is recognised or spoken, and every call says so.

There is no offline twin: none of a recogniser's models comes with this project.
"""

from __future__ import annotations

from worker.errors import ProviderRejected
from worker.providers.speech.port import AudioFormat, Piece, RealtimeToken, Transcript


class NoSpeech:
    """Transcriber, speaker and tokens in one."""

    name = "none"
    model = "none"

    async def transcribe(self, piece: Piece, *, language: str | None = None) -> Transcript:
        """See the port."""
        raise _not_configured()

    async def speak(self, text: str, *, voice: str, format: AudioFormat = "mp3") -> bytes:
        """See the port."""
        raise _not_configured()

    async def realtime_token(self, *, instructions: str, voice: str, seconds: int = 60) -> RealtimeToken:
        """See the port."""
        raise _not_configured()

    async def close(self) -> None:
        """Nothing is open."""


def _not_configured() -> ProviderRejected:
    return ProviderRejected(
        "speech.not_configured", "No speech provider is configured: set OPENAI_API_KEY.", provider="none"
    )
