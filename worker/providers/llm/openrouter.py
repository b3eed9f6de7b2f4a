"""Answers from OpenRouter: OpenAI's shape at another address, with vendor/model names."""

from __future__ import annotations

from typing import Any

from worker.providers.llm.openai import OpenAIChatModel
from worker.providers.llm.port import Request
from worker.providers.vendors.openai_sdk import Endpoint

DEFAULT_MODEL = "openai/gpt-5.4-mini"


class OpenRouterChatModel(OpenAIChatModel):
    """Faults may come with status 200 or as an event of the stream; the base class reads both."""

    output_limit_parameter = "max_tokens"

    def __init__(self, endpoint: Endpoint, model: str = DEFAULT_MODEL) -> None:
        super().__init__(endpoint, model)

    def _extra_body(self, request: Request) -> dict[str, Any]:
        """Only hosts that keep to a schema may serve one: https://openrouter.ai/docs/structured-outputs."""
        body = super()._extra_body(request)
        if "response_format" in body:
            body["provider"] = {"require_parameters": True}
        return body
