"""Sentiment by a language model, in any language it reads."""

from __future__ import annotations

from contextlib import aclosing

from worker.domains.service.rules import RATING_SCHEMA, read_rating
from worker.errors import ProviderUnavailable
from worker.providers.llm.port import ChatModel, TaskRequest, TextDelta
from worker.providers.sentiment.port import Rating

INSTRUCTIONS = (
    "You judge how the person who wrote the text feels about us, a company they wrote to. score is -1 "
    "(angry, disappointed) over 0 (matter of fact) to 1 (delighted). confidence is 0 to 1: how sure you are. "
    "language is the ISO 639-1 code of the text. can_tell is false, and score and confidence are 0, when the "
    "text has no words to judge by. Irony counts as what is meant."
)
LONGEST_TEXT = 4000
MAX_TOKENS = 1024


class ModelRater:
    """Asks the installation's chat model, whose owner closes it."""

    name = "llm"
    is_metered = True

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    @property
    def model(self) -> str:
        return f"{self._model.name}:{self._model.model}"

    async def rate(self, text: str, *, hint: str | None = None) -> Rating:
        """See the port. Raises ProviderUnavailable `sentiment.bad_reply` for a reply that fits no schema."""
        wishes = f"The writer's language is probably {hint}." if hint else ""
        request = TaskRequest(
            "sentiment",
            INSTRUCTIONS,
            wishes,
            text[:LONGEST_TEXT],
            json_schema=RATING_SCHEMA,
            max_output_tokens=MAX_TOKENS,
        )
        said = ""
        async with aclosing(self._model.stream(request)) as events:
            async for event in events:
                said += event.text if isinstance(event, TextDelta) else ""
        rating = read_rating(said)
        if rating is None:
            raise ProviderUnavailable(
                "sentiment.bad_reply", "The model's reply was no rating.", provider=self._model.name
            )
        return rating
