"""A list of chat models, asked in turn until one begins to answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

from worker.errors import ProviderError, ProviderRateLimited, ProviderUnavailable
from worker.providers.llm.port import ChatEvent, ChatModel, Request


class FallbackChatModel:
    """Moves on when a model is unavailable or limits us before its first word; later faults are raised."""

    def __init__(self, models: Sequence[ChatModel]) -> None:
        if not models:
            raise ValueError("A fallback list needs at least one model.")
        self._models = tuple(models)

    @property
    def name(self) -> str:
        return self._models[0].name

    @property
    def model(self) -> str:
        return self._models[0].model

    async def stream(self, request: Request) -> AsyncGenerator[ChatEvent]:
        """See the port. When all fail, the error of the first is raised: it is the one we wanted."""
        first_error: ProviderError | None = None
        for model in self._models:
            begun = False
            try:
                async with aclosing(model.stream(request)) as events:
                    async for event in events:
                        begun = True
                        yield event
                return
            except (ProviderUnavailable, ProviderRateLimited) as error:
                if begun:
                    raise
                first_error = first_error or error
        raise cast("ProviderError", first_error)

    async def close(self) -> None:
        for model in self._models:
            await model.close()
