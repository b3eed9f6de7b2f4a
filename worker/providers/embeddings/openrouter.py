"""Embeddings from OpenRouter: OpenAI's shape at another address, with vendor/model names."""

from __future__ import annotations

from worker.providers.embeddings.openai import OpenAIEmbedder
from worker.providers.vendors.openai_sdk import Endpoint

DEFAULT_MODEL = "openai/text-embedding-3-small"


class OpenRouterEmbedder(OpenAIEmbedder):
    """Asks for plain numbers: not every vendor behind OpenRouter can send base64."""

    def __init__(self, endpoint: Endpoint, model: str = DEFAULT_MODEL) -> None:
        super().__init__(endpoint, model, encoding="float")
