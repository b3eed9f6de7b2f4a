"""Answers from OpenRouter: OpenAI's shape at another address, with vendor/model names."""

from __future__ import annotations

from worker.providers.llm.openai import OpenAIChatModel
from worker.providers.vendors.openai_sdk import Endpoint

DEFAULT_MODEL = "openai/gpt-5.4-mini"


class OpenRouterChatModel(OpenAIChatModel):
    """Faults may come with status 200 or as an event of the stream; the base class reads both."""

    output_limit_parameter = "max_tokens"

    def __init__(self, endpoint: Endpoint, model: str = DEFAULT_MODEL) -> None:
        super().__init__(endpoint, model)
