"""OpenAI's audio endpoints for the tests of recordings: what is heard and what is spoken, by script."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

from aiohttp import web

from tests.contract.providers.audio_api import AudioApi, Request
from tests.contract.providers.vendor import Reply, json_reply, raw_reply

MP3 = b"ID3\x04 spoken"


@dataclass
class Ear:
    """`script` holds replies to the next transcriptions; after them a piece is a sentence with its number."""

    api: AudioApi
    script: list[Reply] = field(default_factory=list)
    spoken: list[Reply] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.api.replies = [self.reply]

    async def reply(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/speech"):
            speak = (
                self.spoken.pop(0) if self.spoken else raw_reply(MP3, headers={"Content-Type": "audio/mpeg"})
            )
            return await speak(request)
        number = next(self._numbers)
        return await (self.script.pop(0) if self.script else says(f"Sentence {number}."))(request)

    @property
    def transcriptions(self) -> list[Request]:
        return [asked for asked in self.api.asked if asked.path.endswith("/transcriptions")]

    @property
    def readings(self) -> list[Request]:
        return [asked for asked in self.api.asked if asked.path.endswith("/speech")]


def says(text: str, language: str = "en") -> Reply:
    """A transcription that heard this."""
    return json_reply({"text": text, "languages": [{"code": language}]})


def held(until: asyncio.Event) -> Reply:
    """A transcription that takes until the test lets it go."""

    async def reply(request: web.Request) -> web.StreamResponse:
        await until.wait()
        return await says("At last.")(request)

    return reply
