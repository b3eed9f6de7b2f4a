"""Answers from OpenAI's chat completions, and from any API of the same shape."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any, cast

import openai
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from worker.errors import ProviderRejected
from worker.providers.llm.port import ChatEvent, Request, TaskRequest, TextDelta, Usage
from worker.providers.llm.prices import cost_microusd
from worker.providers.llm.prompt import render
from worker.providers.vendors import faults
from worker.providers.vendors.openai_sdk import Endpoint, of_body, translated

DEFAULT_MODEL = "gpt-5.4-mini"


class OpenAIChatModel:
    """Streams with usage; `output_limit_parameter` is what this API calls the cap on output tokens."""

    output_limit_parameter = "max_completion_tokens"

    def __init__(self, endpoint: Endpoint, model: str = DEFAULT_MODEL) -> None:
        self.name = endpoint.provider
        self.model = model
        self._client = endpoint.client()

    async def stream(self, request: Request) -> AsyncGenerator[ChatEvent]:
        """See the port."""
        with translated(self.name):
            stream = await self._open(request)
            reading = _Reading(self.name, self.model)
            async with stream:
                async for chunk in stream:
                    text = reading.take(chunk)
                    if text:
                        yield TextDelta(text)
        yield reading.finish()

    async def _open(self, request: Request) -> openai.AsyncStream[ChatCompletionChunk]:
        raw = await self._client.chat.completions.with_raw_response.create(
            model=self.model,
            messages=_messages(request),
            stream=True,
            stream_options={"include_usage": True},
            temperature=openai.omit if request.temperature is None else request.temperature,
            extra_body=self._extra_body(request),
        )
        if "json" in raw.headers.get("content-type", ""):
            body = json.loads(await raw.http_response.aread())
            raise of_body(self.name, body.get("error") if isinstance(body, dict) else None)
        return raw.parse()

    def _extra_body(self, request: Request) -> dict[str, Any]:
        """A strict schema is kept to: https://platform.openai.com/docs/guides/structured-outputs."""
        body: dict[str, Any] = {self.output_limit_parameter: request.max_output_tokens}
        if isinstance(request, TaskRequest) and request.json_schema is not None:
            described = {"name": request.kind, "strict": True, "schema": dict(request.json_schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        return body

    async def close(self) -> None:
        await self._client.close()


class _Reading:
    """What a stream has said so far."""

    def __init__(self, provider: str, model: str) -> None:
        self._provider = provider
        self._model = f"{provider}:{model}"
        self._usage: Any = None
        self._said_something = False
        self._finish: str | None = None

    def take(self, chunk: object) -> str:
        """The text of a chunk; "" for one that carries none. Raises for all else: the SDK does not check."""
        if not isinstance(chunk, ChatCompletionChunk):
            raise faults.bad_response(self._provider)
        error = getattr(chunk, "error", None)
        if error:
            raise of_body(self._provider, error)
        self._usage = chunk.usage or self._usage
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self._finish = choice.finish_reason or self._finish
        if self._finish == "content_filter" or (choice.delta and choice.delta.refusal):
            raise faults.filtered(self._provider)
        text = (choice.delta.content if choice.delta else None) or ""
        self._said_something = self._said_something or bool(text)
        return text

    def finish(self) -> Usage:
        """The bill. Raises when the stream ended before the answer did."""
        if self._finish == "length" and not self._said_something:
            raise ProviderRejected(
                "provider.output_limit", "The model used up its output limit before answering."
            )
        if self._finish in (None, "error") or not self._said_something:
            raise faults.bad_response(self._provider)
        prompt = int(getattr(self._usage, "prompt_tokens", None) or 0)
        completion = int(getattr(self._usage, "completion_tokens", None) or 0)
        is_cut = self._finish == "length"
        return Usage(prompt, completion, self._cost(prompt, completion), self._model, is_cut)

    def _cost(self, prompt: int, completion: int) -> int | None:
        """OpenRouter says what it charged, in dollars; others leave it to the price list."""
        charged = getattr(self._usage, "cost", None)
        if isinstance(charged, int | float):
            return round(charged * 1_000_000)
        return cost_microusd(self._model, prompt, completion) if self._usage else None


def _messages(request: Request) -> list[ChatCompletionMessageParam]:
    prompt = render(request)
    turns = [{"role": message.role, "content": message.content} for message in prompt.messages]
    return cast("list[ChatCompletionMessageParam]", [{"role": "system", "content": prompt.system}, *turns])
