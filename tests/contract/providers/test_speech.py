"""Speech over OpenAI's audio endpoints, played by a server in their documented shapes, and without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.contract.providers.audio_api import AudioApi, running_audio_api
from tests.contract.providers.vendor import Reply, hang_up, json_reply, raw_reply, silence
from tests.support.recordings import silence as quiet
from tests.support.recordings import tone, write
from worker.errors import (
    ConfigurationError,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.speech.joining import joined
from worker.providers.speech.openai import (
    REQUEST_BYTES,
    OpenAIRealtimeTokens,
    OpenAISpeaker,
    OpenAITranscriber,
)
from worker.providers.speech.port import Piece
from worker.providers.speech.select import Speech, speech
from worker.providers.speech.splitting import Limits, prepare
from worker.providers.vendors.openai_sdk import Endpoint
from worker.settings import ProviderSettings

SILENCE = 0.6
TEXT = {"text": " Bonjour à tous. ", "usage": {"type": "duration", "seconds": 2}}


@pytest.fixture
async def api() -> AsyncIterator[AudioApi]:
    async with running_audio_api() as made:
        yield made


def endpoint(api: AudioApi) -> Endpoint:
    return Endpoint("openai", api.url, "test-key", SILENCE, SILENCE)


@pytest.fixture
async def transcriber(api: AudioApi) -> AsyncIterator[OpenAITranscriber]:
    made = OpenAITranscriber(endpoint(api), "gpt-4o-mini-transcribe")
    yield made
    await made.close()


@pytest.fixture
async def speaker(api: AudioApi) -> AsyncIterator[OpenAISpeaker]:
    made = OpenAISpeaker(endpoint(api), "gpt-4o-mini-tts")
    yield made
    await made.close()


@pytest.fixture
async def tokens(api: AudioApi) -> AsyncIterator[OpenAIRealtimeTokens]:
    made = OpenAIRealtimeTokens(endpoint(api), "gpt-realtime-2.1-mini")
    yield made
    await made.close()


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    path = write(tmp_path / "voice.ogg", [tone(2)])
    return prepare(path, tmp_path).pieces[0]


async def test_a_recording_is_sent_as_a_form(
    api: AudioApi, transcriber: OpenAITranscriber, piece: Piece
) -> None:
    api.replies = [json_reply(TEXT)]
    transcript = await transcriber.transcribe(piece, language="fr")
    asked = api.asked[0]
    assert (asked.path, asked.key) == ("/v1/audio/transcriptions", "Bearer test-key")
    assert asked.fields == {
        "file": ("audio.ogg", "audio/ogg", await asyncio.to_thread(Path(piece.path).read_bytes)),
        "model": "gpt-4o-mini-transcribe",
        "response_format": "json",
        "language": "fr",
    }
    assert (transcript.text, transcript.language) == ("Bonjour à tous.", None)
    assert transcript.seconds == pytest.approx(2.0, abs=0.05)
    assert [(part.start, part.end, part.text) for part in transcript.segments] == [
        (0.0, transcript.seconds, "Bonjour à tous.")
    ]
    assert transcript.model == "openai:gpt-4o-mini-transcribe"


async def test_gpt_transcribe_takes_and_tells_languages_as_a_list(api: AudioApi, piece: Piece) -> None:
    transcriber = OpenAITranscriber(endpoint(api), "gpt-transcribe")
    api.replies = [
        json_reply({**TEXT, "languages": [{"code": "fr"}, {"code": "en"}]}),
        json_reply({**TEXT, "languages": []}),
    ]
    assert (await transcriber.transcribe(piece, language="fr")).language == "fr"
    assert (await transcriber.transcribe(piece)).language is None
    await transcriber.close()
    assert api.asked[0].fields["languages[]"] == "fr"
    assert "language" not in api.asked[0].fields
    assert not [name for name in api.asked[1].fields if name.startswith("language")]


async def test_where_nobody_speaks(api: AudioApi, transcriber: OpenAITranscriber, piece: Piece) -> None:
    api.replies = [json_reply({"text": ""})]
    transcript = await transcriber.transcribe(piece)
    assert (transcript.text, transcript.segments) == ("", ())


async def test_a_long_recording_in_pieces_and_together_again(
    api: AudioApi, transcriber: OpenAITranscriber, tmp_path: Path
) -> None:
    path = write(tmp_path / "talk.mp3", [tone(2.2), quiet(0.5)] * 4)
    pieces = prepare(path, tmp_path, Limits(seconds=6.0, search=3.0)).pieces
    api.replies = [json_reply({"text": "One."}), json_reply({"text": "Two."})]
    whole = joined([(piece, await transcriber.transcribe(piece)) for piece in pieces])
    assert len(api.asked) == len(pieces) == 2
    assert (whole.text, whole.seconds) == ("One.\n\nTwo.", pieces[-1].end)
    assert whole.segments[1].start == pieces[1].start > 0


async def test_the_largest_piece_passes_and_a_larger_one_is_not_sent(api: AudioApi, tmp_path: Path) -> None:
    transcriber = OpenAITranscriber(Endpoint("openai", api.url, "k", 5.0, 30.0), "gpt-transcribe")
    api.replies = [json_reply(TEXT)]
    path = tmp_path / "audio.wav"
    path.write_bytes(bytes(Limits().bytes))
    full = Piece(str(path), "audio.wav", "audio/wav", 0.0, 800.0)
    assert (await transcriber.transcribe(full, language="fr")).text == "Bonjour à tous."
    assert Limits().bytes < api.asked[0].size <= REQUEST_BYTES
    path.write_bytes(bytes(REQUEST_BYTES))
    with pytest.raises(ProviderRejected) as caught:
        await transcriber.transcribe(full)
    assert (caught.value.code, len(api.asked)) == ("provider.request_too_large", 1)
    await transcriber.close()


def error(status: int, message: str, *, code: str | None = None, **headers: str) -> Reply:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return json_reply(body, status, headers)


FAULTS = [
    (error(429, "Slow down", **{"Retry-After": "9"}), ProviderRateLimited, "provider.rate_limited"),
    (error(429, "Quota", code="insufficient_quota"), ProviderRejected, "provider.no_credit"),
    (error(401, "Incorrect API key", code="invalid_api_key"), ProviderAuthError, "provider.unauthorised"),
    (error(413, "Too large"), ProviderRejected, "provider.request_too_large"),
    (error(404, "The model `x` does not exist"), ProviderRejected, "provider.model_not_found"),
    (error(400, "audio duration is longer than 1400 seconds"), ProviderRejected, "provider.bad_request"),
    (error(500, "Oops"), ProviderUnavailable, "provider.unavailable"),
    (
        json_reply({"error": {"message": "Slow down", "type": "rate_limit_error", "code": None}}),
        ProviderRateLimited,
        "provider.rate_limited",
    ),
    (json_reply({"error": {"message": "Oops", "code": 500}}), ProviderUnavailable, "provider.unavailable"),
    (json_reply(["nothing"]), ProviderUnavailable, "provider.bad_response"),
    (
        raw_reply(b"<html>", 200, {"Content-Type": "application/json"}),
        ProviderUnavailable,
        "provider.bad_response",
    ),
    (hang_up(), ProviderUnavailable, "provider.unavailable"),
    (silence(), ProviderTimeout, "provider.timeout"),
]


@pytest.mark.parametrize("call", ["transcribe", "speak", "realtime_token"])
@pytest.mark.parametrize(("reply", "kind", "code"), FAULTS)
async def test_faults(
    api: AudioApi, piece: Piece, call: str, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    api.replies = [reply]
    transcriber = OpenAITranscriber(endpoint(api), "m")
    speaker, tokens = OpenAISpeaker(endpoint(api), "m"), OpenAIRealtimeTokens(endpoint(api), "m")
    calls = {
        "transcribe": transcriber.transcribe(piece),
        "speak": speaker.speak("Bonjour", voice="coral"),
        "realtime_token": tokens.realtime_token(instructions="Be kind.", voice="marin"),
    }
    chosen = calls.pop(call)
    for unused in calls.values():
        unused.close()
    with pytest.raises(ProviderError) as caught:
        await chosen
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(api.asked) == 1
    await asyncio.gather(transcriber.close(), speaker.close(), tokens.close())


async def test_how_long_to_wait(api: AudioApi, transcriber: OpenAITranscriber, piece: Piece) -> None:
    api.replies = [error(429, "Slow down", **{"Retry-After": "9"})]
    with pytest.raises(ProviderRateLimited) as caught:
        await transcriber.transcribe(piece)
    assert caught.value.retry_after == 9.0


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": 5}])
async def test_an_answer_without_text(
    api: AudioApi, transcriber: OpenAITranscriber, piece: Piece, body: dict[str, Any]
) -> None:
    api.replies = [json_reply(body)]
    with pytest.raises(ProviderUnavailable) as caught:
        await transcriber.transcribe(piece)
    assert caught.value.code == "provider.bad_response"


async def test_reads_aloud(api: AudioApi, speaker: OpenAISpeaker) -> None:
    api.replies = [raw_reply(b"ID3" + bytes(1000), 200, {"Content-Type": "audio/mpeg"})]
    assert await speaker.speak("Bonjour", voice="coral", format="mp3") == b"ID3" + bytes(1000)
    assert (api.asked[0].path, api.asked[0].fields) == (
        "/v1/audio/speech",
        {"model": "gpt-4o-mini-tts", "input": "Bonjour", "voice": "coral", "response_format": "mp3"},
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "speech.no_text"), (" \n", "speech.no_text"), ("x" * 4097, "speech.text_too_long")],
)
async def test_what_is_not_read_aloud(api: AudioApi, speaker: OpenAISpeaker, text: str, code: str) -> None:
    with pytest.raises(ProviderRejected) as caught:
        await speaker.speak(text, voice="coral")
    assert (caught.value.code, api.asked) == (code, [])


async def test_no_audio_is_no_answer(api: AudioApi, speaker: OpenAISpeaker) -> None:
    api.replies = [raw_reply(b"", 200, {"Content-Type": "audio/mpeg"})]
    with pytest.raises(ProviderUnavailable):
        await speaker.speak("Bonjour", voice="coral")


@pytest.mark.parametrize(("then", "kind"), [("reset", ProviderUnavailable), ("silence", ProviderTimeout)])
async def test_half_of_the_audio_is_none(
    api: AudioApi, speaker: OpenAISpeaker, then: str, kind: type[ProviderError]
) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg", "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(bytes(500))
        assert request.transport is not None
        if then == "silence":
            await asyncio.sleep(30)
        request.transport.abort()
        return response

    api.replies = [half]
    with pytest.raises(ProviderError) as caught:
        await speaker.speak("Bonjour", voice="coral")
    assert type(caught.value) is kind


async def test_a_token_for_a_browser(api: AudioApi, tokens: OpenAIRealtimeTokens) -> None:
    session = {"type": "realtime", "object": "realtime.session", "id": "sess_1", "model": "m"}
    api.replies = [json_reply({"value": "ek_abc", "expires_at": 1_800_000_060, "session": session})]
    token = await tokens.realtime_token(instructions="Be kind.", voice="marin", seconds=5)
    assert (api.asked[0].path, api.asked[0].fields) == (
        "/v1/realtime/client_secrets",
        {
            "expires_after": {"anchor": "created_at", "seconds": 10},
            "session": {
                "type": "realtime",
                "model": "gpt-realtime-2.1-mini",
                "instructions": "Be kind.",
                "audio": {"output": {"voice": "marin"}},
            },
        },
    )
    assert (token.value, token.expires_at, token.model) == ("ek_abc", 1_800_000_060, "gpt-realtime-2.1-mini")
    assert token.url == f"{api.url}/realtime/calls"
    assert "ek_abc" not in repr(token)


@pytest.mark.parametrize("body", [{"expires_at": 1}, {"value": "", "expires_at": 1}, {"value": "ek"}])
async def test_a_token_must_be_whole(
    api: AudioApi, tokens: OpenAIRealtimeTokens, body: dict[str, Any]
) -> None:
    api.replies = [json_reply(body)]
    with pytest.raises(ProviderUnavailable):
        await tokens.realtime_token(instructions="", voice="marin")


def chosen(**values: Any) -> Speech:
    empty = {"openai_api_key": None, "lamina_speech_provider": "auto"}
    return speech(ProviderSettings(_env_file=None, **{**empty, **values}))


async def test_without_a_provider_every_call_says_so(piece: Piece) -> None:
    for none in (chosen(), chosen(openai_api_key="k", lamina_speech_provider="none")):
        assert none.transcriber.name == none.speaker.name == none.tokens.name == "none"
        for call in (
            none.transcriber.transcribe(piece),
            none.speaker.speak("x", voice="coral"),
            none.tokens.realtime_token(instructions="", voice="marin"),
        ):
            with pytest.raises(ProviderRejected) as caught:
                await call
            assert caught.value.code == "speech.not_configured"
        await none.close()


async def test_a_key_chooses_the_provider_and_settings_the_models() -> None:
    made = chosen(openai_api_key="k", lamina_transcription_model="gpt-4o-mini-transcribe")
    assert made.transcriber.name == made.speaker.name == made.tokens.name == "openai"
    assert made.transcriber.model == "gpt-4o-mini-transcribe"
    await made.close()
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        chosen(lamina_speech_provider="openai")
