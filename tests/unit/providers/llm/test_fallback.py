from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from worker.errors import ProviderError, ProviderRateLimited, ProviderRejected, ProviderTimeout
from worker.providers.llm.fallback import FallbackChatModel
from worker.providers.llm.port import ChatEvent, ChatRequest, TextDelta, Usage


class Scripted:
    """Says its words, then fails or ends."""

    name = "scripted"

    def __init__(self, model: str, words: list[str], fault: ProviderError | None = None) -> None:
        self.model = model
        self.asked = 0
        self.closed = False
        self._words = words
        self._fault = fault

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        self.asked += 1
        for word in self._words:
            yield TextDelta(word)
        if self._fault:
            raise self._fault
        yield Usage(1, 1, None, self.model)

    async def close(self) -> None:
        self.closed = True


LIMITED = ProviderRateLimited("provider.rate_limited", "Slow down.", provider="one", retry_after=5)
SLOW = ProviderTimeout("provider.timeout", "Too slow.", provider="two")
REFUSED = ProviderRejected("provider.bad_request", "No.", provider="one")


async def read(model: FallbackChatModel) -> list[ChatEvent]:
    return [event async for event in model.stream(ChatRequest("?"))]


async def test_the_first_model_answers_alone() -> None:
    first, second = Scripted("a", ["yes"]), Scripted("b", ["no"])
    events = await read(FallbackChatModel([first, second]))
    assert events == [TextDelta("yes"), Usage(1, 1, None, "a")]
    assert second.asked == 0


async def test_moves_on_before_the_first_word() -> None:
    events = await read(
        FallbackChatModel([Scripted("a", [], LIMITED), Scripted("b", [], SLOW), Scripted("c", ["yes"])])
    )
    assert events == [TextDelta("yes"), Usage(1, 1, None, "c")]


async def test_does_not_move_on_after_the_first_word() -> None:
    second = Scripted("b", ["no"])
    with pytest.raises(ProviderTimeout):
        await read(FallbackChatModel([Scripted("a", ["ye"], SLOW), second]))
    assert second.asked == 0


async def test_does_not_move_on_from_a_refusal() -> None:
    second = Scripted("b", ["no"])
    with pytest.raises(ProviderRejected):
        await read(FallbackChatModel([Scripted("a", [], REFUSED), second]))
    assert second.asked == 0


async def test_raises_the_first_fault_when_all_fail() -> None:
    with pytest.raises(ProviderRateLimited) as caught:
        await read(FallbackChatModel([Scripted("a", [], LIMITED), Scripted("b", [], SLOW)]))
    assert caught.value.retry_after == 5


async def test_closes_all() -> None:
    models = [Scripted("a", []), Scripted("b", [])]
    await FallbackChatModel(models).close()
    assert all(model.closed for model in models)
