"""How each vendor says the same things, as its documentation and SDK have it."""

from __future__ import annotations

import base64
from array import array
from collections.abc import Sequence
from typing import Any, Protocol

from tests.contract.providers.vendor import Reply, event_stream, json_reply
from worker.providers.embeddings.gemini import GeminiEmbedder
from worker.providers.embeddings.openai import OpenAIEmbedder
from worker.providers.embeddings.openrouter import OpenRouterEmbedder
from worker.providers.embeddings.port import Embedder
from worker.providers.llm.gemini import GeminiChatModel
from worker.providers.llm.openai import OpenAIChatModel
from worker.providers.llm.openrouter import OpenRouterChatModel
from worker.providers.llm.port import ChatModel
from worker.providers.vendors import google_sdk, openai_sdk

SILENCE = 0.6
"""Seconds the clients under test wait for a vendor."""


class Dialect(Protocol):
    name: str

    def chat(self, url: str) -> ChatModel: ...
    def embedder(self, url: str) -> Embedder: ...
    def answer(self, pieces: Sequence[str], *, then: str = "end", finish: str = "stop") -> Reply: ...
    def error(
        self, status: int, message: str, *, code: str = "", headers: dict[str, str] | None = None
    ) -> Reply: ...
    def error_inside(self, status: int, message: str, *, after: Sequence[str] = ()) -> Reply: ...
    def vectors(self, vectors: Sequence[Sequence[float]]) -> Reply: ...
    def schema_in(self, body: dict[str, Any]) -> Any: ...
    def system_in(self, body: dict[str, Any]) -> str: ...


class OpenAI:
    name = "openai"

    def _endpoint(self, url: str) -> openai_sdk.Endpoint:
        return openai_sdk.Endpoint(self.name, f"{url}/v1", "test-key", SILENCE, SILENCE)

    def chat(self, url: str) -> ChatModel:
        return OpenAIChatModel(self._endpoint(url))

    def embedder(self, url: str) -> Embedder:
        return OpenAIEmbedder(self._endpoint(url))

    def answer(self, pieces: Sequence[str], *, then: str = "end", finish: str = "stop") -> Reply:
        if then != "end":
            return event_stream([self._chunk(piece) for piece in pieces], then=then)
        usage = {"choices": [], "usage": self._usage(), **self._frame()}
        last = self._chunk(None, {"stop": "stop", "length": "length", "filtered": "content_filter"}[finish])
        return event_stream([*(self._chunk(piece) for piece in pieces), last, usage, "data: [DONE]"])

    def _usage(self) -> dict[str, Any]:
        return {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010}

    def _frame(self) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def _chunk(self, text: str | None, finish: str | None = None) -> dict[str, Any]:
        delta = {} if text is None else {"role": "assistant", "content": text}
        return {**self._frame(), "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    def error(
        self, status: int, message: str, *, code: str = "", headers: dict[str, str] | None = None
    ) -> Reply:
        body = {"error": {"message": message, "type": "error", "param": None, "code": code or None}}
        return json_reply(body, status, headers)

    def error_inside(self, status: int, message: str, *, after: Sequence[str] = ()) -> Reply:
        error = {"error": {"message": message, "code": status}}
        if not after:
            return json_reply(error)
        return event_stream([*(self._chunk(piece) for piece in after), error])

    def vectors(self, vectors: Sequence[Sequence[float]]) -> Reply:
        """In reverse order: the index decides, not the place."""
        data = [
            {"object": "embedding", "index": index, "embedding": self._written(vector)}
            for index, vector in reversed(list(enumerate(vectors)))
        ]
        usage = {"prompt_tokens": 7, "total_tokens": 7}
        return json_reply({"object": "list", "data": data, "model": "m", "usage": usage})

    def _written(self, vector: Sequence[float]) -> Any:
        return base64.b64encode(array("f", vector).tobytes()).decode()

    def schema_in(self, body: dict[str, Any]) -> Any:
        """The schema a request asks the reply to fit, None without one."""
        if "response_format" not in body:
            return None
        asked = body["response_format"]
        assert (asked["type"], asked["json_schema"]["strict"]) == ("json_schema", True)
        assert asked["json_schema"]["name"] == "design_assistant"
        return asked["json_schema"]["schema"]

    def system_in(self, body: dict[str, Any]) -> str:
        """What a request says with the product's voice."""
        return "".join(turn["content"] for turn in body["messages"] if turn["role"] == "system")


class OpenRouter(OpenAI):
    name = "openrouter"

    def chat(self, url: str) -> ChatModel:
        return OpenRouterChatModel(self._endpoint(url))

    def embedder(self, url: str) -> Embedder:
        return OpenRouterEmbedder(self._endpoint(url))

    def answer(self, pieces: Sequence[str], *, then: str = "end", finish: str = "stop") -> Reply:
        return super().answer([*pieces], then=then, finish=finish)

    def _usage(self) -> dict[str, Any]:
        return {**super()._usage(), "cost": 0.000795}

    def _written(self, vector: Sequence[float]) -> Any:
        return list(vector)

    def schema_in(self, body: dict[str, Any]) -> Any:
        schema = super().schema_in(body)
        assert body.get("provider") == (None if schema is None else {"require_parameters": True})
        return schema

    def error(
        self, status: int, message: str, *, code: str = "", headers: dict[str, str] | None = None
    ) -> Reply:
        return json_reply({"error": {"code": status, "message": message}}, status, headers)


class Gemini:
    name = "gemini"
    embedding_model = "gemini-embedding-2"

    def _endpoint(self, url: str) -> google_sdk.Endpoint:
        return google_sdk.Endpoint(url, "test-key", SILENCE)

    def chat(self, url: str) -> ChatModel:
        return GeminiChatModel(self._endpoint(url))

    def embedder(self, url: str) -> Embedder:
        return GeminiEmbedder(self._endpoint(url), self.embedding_model)

    def answer(self, pieces: Sequence[str], *, then: str = "end", finish: str = "stop") -> Reply:
        chunks = [self._chunk(piece) for piece in pieces]
        if then != "end":
            return event_stream(chunks, then=then)
        reason = {"stop": "STOP", "length": "MAX_TOKENS", "filtered": "SAFETY"}[finish]
        last = {
            "candidates": [{"content": {"parts": [], "role": "model"}, "finishReason": reason}],
            "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 8, "thoughtsTokenCount": 2},
        }
        return event_stream([*chunks, last])

    def _chunk(self, text: str) -> dict[str, Any]:
        return {"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}}]}

    def error(
        self, status: int, message: str, *, code: str = "", headers: dict[str, str] | None = None
    ) -> Reply:
        body = {"error": {"code": status, "message": message, "status": code or "UNKNOWN"}}
        return json_reply(body, status, headers)

    def error_inside(self, status: int, message: str, *, after: Sequence[str] = ()) -> Reply:
        error = {"error": {"code": status, "message": message, "status": "UNKNOWN"}}
        if not after:
            return json_reply(error)
        return event_stream([*(self._chunk(piece) for piece in after), error])

    def vectors(self, vectors: Sequence[Sequence[float]]) -> Reply:
        return json_reply({"embeddings": [{"values": list(vector)} for vector in vectors]})

    def schema_in(self, body: dict[str, Any]) -> Any:
        config = body["generationConfig"]
        schema = config.get("responseJsonSchema")
        assert config.get("responseMimeType") == (None if schema is None else "application/json")
        return schema

    def system_in(self, body: dict[str, Any]) -> str:
        return "".join(part["text"] for part in body["systemInstruction"]["parts"])


DIALECTS: list[Dialect] = [OpenAI(), OpenRouter(), Gemini()]
