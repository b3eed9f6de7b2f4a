"""Which speech provider the settings mean."""

from __future__ import annotations

from dataclasses import dataclass

from worker.providers.speech.offline import NoSpeech
from worker.providers.speech.openai import OpenAIRealtimeTokens, OpenAISpeaker, OpenAITranscriber
from worker.providers.speech.port import RealtimeTokens, Speaker, Transcriber
from worker.providers.vendors.connect import openai_endpoint
from worker.settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class Speech:
    """What a voice feature needs, from one provider."""

    transcriber: Transcriber
    speaker: Speaker
    tokens: RealtimeTokens

    async def close(self) -> None:
        for part in (self.transcriber, self.speaker, self.tokens):
            await part.close()


def speech(settings: ProviderSettings) -> Speech:
    """The configured provider; with "auto" and no key, none. Raises ConfigurationError."""
    choice = settings.lamina_speech_provider
    if choice == "none" or (choice == "auto" and settings.openai_api_key is None):
        return Speech(NoSpeech(), NoSpeech(), NoSpeech())
    endpoint = openai_endpoint("openai", settings, timeout=settings.lamina_speech_timeout_seconds)
    return Speech(
        OpenAITranscriber(endpoint, settings.lamina_transcription_model),
        OpenAISpeaker(endpoint, settings.lamina_speech_model),
        OpenAIRealtimeTokens(endpoint, settings.lamina_realtime_model),
    )
