"""Which language a text is in, by its most common small words; a question's, if that is clear. Pure."""

from __future__ import annotations

import re
from collections import Counter

from worker.providers.stopwords import BY_LANGUAGE
from worker.providers.words import tokens

WORDS = re.compile(r"[^\W\d_]+")
LEAST_SHARE = 0.08
"""Share of words that must be a language's small words; below, the text is taken for none of them."""

FALLBACK = "simple"

LEAD = 2
"""So many more small words than any other language must a question have of its own, to be taken for it."""

_SMALL_WORDS = {
    "english": "the of and to in is that for it with as was on are be this by not or from at which",
    "french": "le la les de des du et est une un que qui dans pour pas sur au aux avec ce par plus ne",
    "german": "der die das und ist von zu den dem des ein eine nicht mit sich auf für im auch als werden",
    "spanish": "el la los las de del y es en que un una por con para no se su al lo como más o pero sus",
    "italian": "il la gli di del della e è che un una per con non si da nel sono al come più i alla dei",
    "portuguese": "o a os as de do da dos das e é em um uma que não para com por se no na mais ao como",
    "dutch": "de het een en van is in dat op te zijn voor met niet aan er die door als bij ook naar om wordt",
}
SMALL_WORDS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}


def detect_language(text: str) -> str:
    """Name of a text search configuration: one of the seven above, or `simple`."""
    counts = Counter(word.lower() for word in WORDS.findall(text))
    total = sum(counts.values())
    if not total:
        return FALLBACK
    hits = {
        language: sum(counts[word] for word in words if word in counts)
        for language, words in SMALL_WORDS.items()
    }
    best = max(hits, key=lambda language: hits[language])
    return best if hits[best] / total >= LEAST_SHARE else FALLBACK


def language_of_question(question: str) -> str | None:
    """ISO 639 code, for one of six languages; None when the few words of a question leave it open."""
    said = set(tokens(question))
    counts = {language: len(said & words) for language, words in BY_LANGUAGE.items()}
    first, second = sorted(counts, key=lambda language: -counts[language])[:2]
    return first if counts[first] - counts[second] >= LEAD else None
