"""Answers without a model: quotes the sentences that answer, and says that it does; greets who greets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from worker.providers.llm.courtesy import courtesy
from worker.providers.llm.extraction.answer import Quote, answer
from worker.providers.llm.offline_tasks import perform
from worker.providers.llm.port import (
    NO_ANSWER,
    ChatEvent,
    ChatRequest,
    Request,
    TaskRequest,
    TextDelta,
    Usage,
)
from worker.providers.stopwords import language_of
from worker.providers.words import tokens

MODEL = "extractive-1"

_NOTES = {
    "en": "(Offline answer: quoted from the sources, no language model was asked.)",
    "fr": "(Réponse hors ligne : citée des sources, sans modèle de langage.)",
    "de": "(Offline-Antwort: aus den Quellen zitiert, ohne Sprachmodell.)",
    "es": "(Respuesta sin conexión: citada de las fuentes, sin modelo de lenguaje.)",
    "it": "(Risposta offline: citata dalle fonti, senza modello linguistico.)",
    "pt": "(Resposta offline: citada das fontes, sem modelo de linguagem.)",
}
_TOKEN = re.compile(r"(?<!\s)\s*\S+")


class OfflineChatModel:
    """See the module."""

    name = "offline"
    model = MODEL

    async def stream(self, request: Request) -> AsyncGenerator[ChatEvent]:
        """See the port; deltas are words. Counts words as tokens, and costs nothing."""
        text, read = _done(request)
        words = _TOKEN.findall(text)
        for word in words:
            await asyncio.sleep(0)
            yield TextDelta(word)
        yield Usage(read, len(words), 0, f"{self.name}:{MODEL}")

    async def close(self) -> None:
        """Nothing is open."""


def _done(request: Request) -> tuple[str, int]:
    """What to say, and how many words were read for it."""
    if isinstance(request, TaskRequest):
        return perform(request), len(request.text.split()) + len(request.wishes.split())
    if (reply := courtesy(request.question)) is not None:
        return reply, len(request.question.split())
    quotes = answer(request.question, request.sources, _asked_before(request))
    return _compose(quotes, request.question), sum(len(source.text.split()) for source in request.sources)


def _asked_before(request: ChatRequest) -> str:
    return next((turn.content for turn in reversed(request.messages) if turn.role == "user"), "")


def _compose(quotes: Sequence[Quote], question: str) -> str:
    """The quotes, each with its source, then the note in the language of the question."""
    if not quotes:
        return NO_ANSWER
    body = "\n\n".join(f"{quote.text} [{quote.ordinal}]" for quote in quotes)
    return f"{body}\n\n{_NOTES[language_of(tokens(question))]}"
