"""Tasks without a model: what rules can honestly do, and a refusal of the rest."""

from __future__ import annotations

import json
from collections.abc import Callable

from worker.errors import ProviderRejected
from worker.providers.llm.extraction.sentences import units
from worker.providers.llm.extraction.summary import key_sentences
from worker.providers.llm.extraction.tidying import tidied
from worker.providers.llm.port import TaskRequest
from worker.providers.stopwords import language_of
from worker.providers.words import tokens

_NOTES = {
    "en": "(Offline result: made by rules from your own words, no language model was asked.)",
    "fr": "(Résultat hors ligne : tiré de vos propres mots par des règles, sans modèle de langage.)",
    "de": "(Offline-Ergebnis: nach Regeln aus Ihren eigenen Worten gemacht, ohne Sprachmodell.)",
    "es": "(Resultado sin conexión: hecho con reglas a partir de sus palabras, sin modelo de lenguaje.)",
    "it": "(Risultato offline: ricavato con regole dalle sue parole, senza modello linguistico.)",
    "pt": "(Resultado offline: feito por regras com as suas palavras, sem modelo de linguagem.)",
}
_TITLE_LENGTH = 120


def perform(request: TaskRequest) -> str:
    """The result as text, or as JSON when a schema is asked for. Raises ProviderRejected."""
    do = _KINDS.get(request.kind)
    if do is None:
        raise ProviderRejected(
            "llm.offline_cannot",
            "This needs a language model, and none is configured: only the built-in offline one.",
            provider="offline",
        )
    return do(request)


def _note(request: TaskRequest) -> str:
    return _NOTES[language_of(tokens(request.text or request.wishes))]


def _summarise(request: TaskRequest) -> str:
    sentences = key_sentences(request.text, request.length) or [request.text.strip()]
    return f"{' '.join(sentences)}\n\n{_note(request)}"


def _edit(request: TaskRequest) -> str:
    return f"{tidied(request.text)}\n\n{_note(request)}"


def _draft(request: TaskRequest) -> str:
    """An outline: the first wish as heading, the other wishes and the material's main sentences as points."""
    title, points = _outline(request)
    lines = [f"# {title}", "", *(f"- {point}" for point in points)]
    return "\n".join(lines).rstrip() + f"\n\n{_note(request)}"


def _design(request: TaskRequest) -> str:
    title, points = _outline(request)
    blocks: list[dict[str, object]] = [{"type": "heading", "level": 1, "text": title}]
    blocks += [{"type": "paragraph", "text": point} for point in points]
    blocks.append({"type": "paragraph", "text": _note(request)})
    return json.dumps({"title": title, "blocks": blocks}, ensure_ascii=False)


def _outline(request: TaskRequest) -> tuple[str, list[str]]:
    wishes = [unit.text for unit in units(request.wishes)] or ["…"]
    return wishes[0][:_TITLE_LENGTH], [*wishes[1:], *key_sentences(request.text, "long")]


_KINDS: dict[str, Callable[[TaskRequest], str]] = {
    "summarise": _summarise,
    "edit": _edit,
    "draft": _draft,
    "design_assistant": _design,
}
