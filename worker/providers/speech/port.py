"""The ports of speech."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

AudioFormat = Literal["mp3", "opus", "aac", "flac", "wav"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A file one request can hold; times in seconds within the whole recording.

    `name` ends as the vendor expects of the container, `mime` says it too.
    """

    path: str
    name: str
    mime: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Segment:
    """What was said between two moments of the recording, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said; `text` is empty where nobody spoke, `language` an ISO 639-1 code or None if not told."""

    text: str
    language: str | None
    seconds: float
    segments: tuple[Segment, ...]
    model: str
    """`provider:model`."""


@dataclass(frozen=True, slots=True)
class RealtimeToken:
    """A key a browser may hold: it opens realtime sessions until `expires_at` (unix seconds)."""

    value: str = field(repr=False)
    expires_at: int
    model: str
    url: str
    """Where the browser sends its WebRTC offer."""


class Transcriber(Protocol):
    """Writes down what is said in one piece of audio; `splitting.prepare` makes pieces of any recording."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...

    async def transcribe(self, piece: Piece, *, language: str | None = None) -> Transcript:
        """Times of the result are those of the piece. `language` is a hint, ISO 639-1.

        Raises a ProviderError; ProviderRejected `speech.not_configured` where there is no provider.
        """
        ...

    async def close(self) -> None:
        """Releases connections."""
        ...


class Speaker(Protocol):
    """Reads a text aloud."""

    @property
    def name(self) -> str: ...

    async def speak(self, text: str, *, voice: str, format: AudioFormat = "mp3") -> bytes:
        """An audio file. Raises a ProviderError, such as `speech.text_too_long` or `speech.no_text`."""
        ...

    async def close(self) -> None:
        """Releases connections."""
        ...


class RealtimeTokens(Protocol):
    """Mints keys for conversations between a browser and the vendor."""

    @property
    def name(self) -> str: ...

    async def realtime_token(self, *, instructions: str, voice: str, seconds: int = 60) -> RealtimeToken:
        """A token that must be used within `seconds` (10 to 7200). Raises a ProviderError.

        The session it opens may last longer than the token, and the browser may change its instructions.
        """
        ...

    async def close(self) -> None:
        """Releases connections."""
        ...
