"""Answers from Gemini."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from google.genai import types

from worker.errors import ProviderRejected
from worker.providers.llm.port import ChatEvent, Request, TaskRequest, TextDelta, Usage
from worker.providers.llm.prices import cost_microusd
from worker.providers.llm.prompt import Prompt, render
from worker.providers.vendors import faults
from worker.providers.vendors.google_sdk import PROVIDER, Connection, Endpoint, translated

DEFAULT_MODEL = "gemini-3.5-flash-lite"

_FILTERED = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION"}
_COMPLETE = {"STOP", "MAX_TOKENS"}


class GeminiChatModel:
    """Streams through the google-genai SDK."""

    name = PROVIDER

    def __init__(self, endpoint: Endpoint, model: str = DEFAULT_MODEL) -> None:
        self.model = model
        self._connection = Connection(endpoint)

    async def stream(self, request: Request) -> AsyncGenerator[ChatEvent]:
        """See the port."""
        prompt = render(request)
        reading = _Reading(self.model)
        with translated():
            stream = await self._connection.client.aio.models.generate_content_stream(
                model=self.model, contents=_contents(prompt), config=_config(prompt, request)
            )
            async for response in stream:
                text = reading.take(response)
                if text:
                    yield TextDelta(text)
        yield reading.finish()

    async def close(self) -> None:
        await self._connection.close()


class _Reading:
    """What a stream has said so far."""

    def __init__(self, model: str) -> None:
        self._model = f"{PROVIDER}:{model}"
        self._usage: types.GenerateContentResponseUsageMetadata | None = None
        self._said_something = False
        self._finish = ""

    def take(self, response: types.GenerateContentResponse) -> str:
        """The text of a chunk, without the model's thoughts. Raises when the vendor blocked it."""
        self._usage = response.usage_metadata or self._usage
        if response.prompt_feedback and response.prompt_feedback.block_reason:
            raise faults.filtered(PROVIDER)
        if not response.candidates:
            return ""
        candidate = response.candidates[0]
        if candidate.finish_reason:
            self._finish = candidate.finish_reason.value
        if self._finish in _FILTERED:
            raise faults.filtered(PROVIDER)
        parts = (candidate.content.parts if candidate.content else None) or []
        text = "".join(part.text for part in parts if part.text and not part.thought)
        self._said_something = self._said_something or bool(text)
        return text

    def finish(self) -> Usage:
        """The bill; thoughts count as output. Raises when the stream ended before the answer did."""
        if self._finish == "MAX_TOKENS" and not self._said_something:
            raise ProviderRejected(
                "provider.output_limit", "The model used up its output limit before answering."
            )
        if self._finish not in _COMPLETE or not self._said_something:
            raise faults.bad_response(PROVIDER)
        is_cut = self._finish == "MAX_TOKENS"
        if self._usage is None:
            return Usage(0, 0, None, self._model, is_cut)
        prompt = self._usage.prompt_token_count or 0
        completion = (self._usage.candidates_token_count or 0) + (self._usage.thoughts_token_count or 0)
        cost = cost_microusd(self._model, prompt, completion)
        return Usage(prompt, completion, cost, self._model, is_cut)


def _config(prompt: Prompt, request: Request) -> types.GenerateContentConfig:
    schema = request.json_schema if isinstance(request, TaskRequest) else None
    return types.GenerateContentConfig(
        system_instruction=prompt.system,
        temperature=request.temperature,
        max_output_tokens=request.max_output_tokens,
        response_mime_type=None if schema is None else "application/json",
        response_json_schema=None if schema is None else dict(schema),
    )


def _contents(prompt: Prompt) -> list[types.ContentUnion]:
    return [
        types.Content(
            role="model" if message.role == "assistant" else "user",
            parts=[types.Part(text=message.content)],
        )
        for message in prompt.messages
    ]
