"""Speech from OpenAI: https://developers.openai.com/api/reference/resources/audio

OpenAI has announced the end of /v1/audio/speech with its models for 2027-01-06 and of gpt-4o-*-transcribe
and whisper-1 for 2027-02-26 (https://developers.openai.com/api/docs/deprecations).
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import openai

from worker.errors import ProviderRejected
from worker.providers.speech.port import AudioFormat, Piece, RealtimeToken, Segment, Transcript
from worker.providers.vendors import faults
from worker.providers.vendors.openai_sdk import Endpoint, of_body, translated

REQUEST_BYTES = 26_214_400
MULTIPART_BYTES = 8192
"""More than the other parts of a request and the lines between them take."""

SPOKEN_CHARACTERS = 4096
_TOKEN_SECONDS = (10, 7200)


class OpenAITranscriber:
    """These models tell no times, so the transcript of a piece has one segment."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self.name = endpoint.provider
        self.model = model
        self._client = endpoint.client()

    async def transcribe(self, piece: Piece, *, language: str | None = None) -> Transcript:
        """See the port."""
        content = await asyncio.to_thread(Path(piece.path).read_bytes)
        if len(content) > REQUEST_BYTES - MULTIPART_BYTES:
            raise faults.fault(self.name, 413)
        is_list = self.model.startswith("gpt-transcribe")
        with translated(self.name):
            response = await self._client.audio.transcriptions.with_raw_response.create(
                file=(piece.name, content, piece.mime),
                model=self.model,
                response_format="json",
                language=language if language and not is_list else openai.omit,
                languages=[language] if language and is_list else openai.omit,
            )
            body = json.loads(response.content)
        return self._read(body, piece)

    def _read(self, body: Any, piece: Piece) -> Transcript:
        _raise_error_inside(self.name, body)
        if not isinstance(body.get("text"), str):
            raise faults.bad_response(self.name)
        text = body["text"].strip()
        seconds = piece.end - piece.start
        segments = (Segment(0.0, seconds, text),) if text else ()
        return Transcript(text, _language(body), seconds, segments, f"{self.name}:{self.model}")

    async def close(self) -> None:
        await self._client.close()


class OpenAISpeaker:
    """Reads aloud through /v1/audio/speech."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self.name = endpoint.provider
        self.model = model
        self._client = endpoint.client()

    async def speak(self, text: str, *, voice: str, format: AudioFormat = "mp3") -> bytes:
        """See the port."""
        _check_spoken(text)
        with translated(self.name):
            response = await self._client.audio.speech.with_raw_response.create(
                input=text, model=self.model, voice=voice, response_format=format
            )
            if "json" in response.headers.get("content-type", ""):
                _raise_error_inside(self.name, json.loads(response.content))
                raise faults.bad_response(self.name)
        if not response.content:
            raise faults.bad_response(self.name)
        return bytes(response.content)

    async def close(self) -> None:
        await self._client.close()


class OpenAIRealtimeTokens:
    """Client secrets for WebRTC: https://developers.openai.com/api/docs/guides/realtime-webrtc"""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self.name = endpoint.provider
        self.model = model
        self._url = f"{endpoint.base_url.rstrip('/')}/realtime/calls"
        self._client = endpoint.client()

    async def realtime_token(self, *, instructions: str, voice: str, seconds: int = 60) -> RealtimeToken:
        """See the port."""
        lifetime = max(_TOKEN_SECONDS[0], min(seconds, _TOKEN_SECONDS[1]))
        with translated(self.name):
            response = await self._client.realtime.client_secrets.with_raw_response.create(
                expires_after={"anchor": "created_at", "seconds": lifetime},
                session={
                    "type": "realtime",
                    "model": self.model,
                    "instructions": instructions,
                    "audio": {"output": {"voice": voice}},
                },
            )
            body = json.loads(response.content)
        _raise_error_inside(self.name, body)
        value, expires_at = body.get("value"), body.get("expires_at")
        if not (isinstance(value, str) and value and isinstance(expires_at, int)):
            raise faults.bad_response(self.name)
        return RealtimeToken(value, expires_at, self.model, self._url)

    async def close(self) -> None:
        await self._client.close()


def _check_spoken(text: str) -> None:
    if not text.strip():
        raise ProviderRejected("speech.no_text", "There is no text to read aloud.")
    if len(text) > SPOKEN_CHARACTERS:
        raise ProviderRejected(
            "speech.text_too_long", f"At most {SPOKEN_CHARACTERS} characters are read aloud at once."
        )


def _raise_error_inside(provider: str, body: Any) -> None:
    """A response of status 200 may hold an error, or no object at all."""
    if not isinstance(body, dict):
        raise faults.bad_response(provider)
    if body.get("error"):
        raise of_body(provider, body["error"])


def _language(body: dict[str, Any]) -> str | None:
    """gpt-transcribe lists the languages it heard, of which the first is taken; others say nothing."""
    listed = body.get("languages")
    first = listed[0] if isinstance(listed, list) and listed else None
    code = first.get("code") if isinstance(first, dict) else None
    return code if isinstance(code, str) and code else None
