"""The port every chat model fulfils."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

NO_ANSWER = "NO_ANSWER_IN_SOURCES"
"""What an answer consists of, alone, when the sources do not answer the question."""


def is_no_answer(answer: str) -> bool:
    """Whether a complete answer says that the sources do not answer, forgiving quotes and punctuation."""
    return answer.strip().strip("`*\"'.:").startswith(NO_ANSWER)


def may_become_no_answer(answer_so_far: str) -> bool:
    """Whether a beginning could still turn into NO_ANSWER: hold it back from the reader until it cannot."""
    start = answer_so_far.lstrip("`*\"' \n")
    return start.startswith(NO_ANSWER) or NO_ANSWER.startswith(start)


@dataclass(frozen=True, slots=True)
class Source:
    """One retrieved passage; answers cite it as ``[ordinal]``."""

    ordinal: int
    title: str
    page: int | None
    text: str
    chunk_id: int


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """An earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A question, what was said before it, and the passages that may answer it."""

    question: str
    sources: tuple[Source, ...] = ()
    messages: tuple[ChatMessage, ...] = ()
    system: str = ""
    """Extra instructions of the product, put before the rules on sources."""
    brand: str = ""
    """How the answer should sound; style, never facts."""
    temperature: float | None = None
    """None leaves it to the model; some reasoning models refuse any other value."""
    max_output_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """Work to do on a text. `instructions` and `wishes` say what to do; `text` is data, `brand` is style."""

    kind: str
    """Name of the kind of work, for a provider that cannot read instructions: "summarise", "edit", …"""
    instructions: str
    """The product's own words."""
    wishes: str = ""
    """What the asker wants, in their words."""
    text: str = ""
    brand: str = ""
    json_schema: Mapping[str, Any] | None = None
    """The reply is one JSON value of this schema: an object, each property required, nothing additional."""
    complaint: str = ""
    """What was wrong with the reply before this one."""
    length: Literal["short", "medium", "long"] = "medium"
    temperature: float | None = None
    max_output_tokens: int = 4096


Request = ChatRequest | TaskRequest


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """The last event of a stream. Costs are in millionths of a US dollar; None when the price is unknown."""

    prompt_tokens: int
    completion_tokens: int
    cost_microusd: int | None
    model: str
    """The model that answered, as ``provider:model``; with fallbacks not always the one asked first."""
    is_cut: bool = False
    """The output limit ended the text."""


ChatEvent = TextDelta | Usage


class ChatModel(Protocol):
    """Streams an answer to a question, or the result of a task."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...

    def stream(self, request: Request) -> AsyncGenerator[ChatEvent]:
        """Text deltas, then exactly one Usage. Raises a ProviderError, also in mid-stream.

        Close the iterator (``aclosing``) to stop early; the connection to the vendor is dropped then.
        """
        ...

    async def close(self) -> None:
        """Releases connections; the model cannot be used afterwards."""
        ...


class ModelChoice(Protocol):
    """Models by name, where a request may ask for one."""

    def pick(self, model: str | None) -> ChatModel:
        """The model called `provider:model`; for None the installation's own.

        Raises ProviderRejected `llm.model_unavailable`.
        """
        ...
