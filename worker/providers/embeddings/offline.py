"""Embeddings without a model: words, word pairs and letter groups hashed into signed dimensions.

Texts that share words, inflected words or parts of words are near each other; synonyms are not. It needs no
network, no download and no state, and gives the same vector in every process and on every machine.
"""

from __future__ import annotations

import asyncio
import math
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

from worker.errors import ProviderRejected
from worker.providers.embeddings.port import DIMENSIONS, EmbeddingKind, Embeddings
from worker.providers.stopwords import STOP_WORDS
from worker.providers.words import stem, tokens

_SLICE = 16
"""Texts between two turns of the event loop; about 5 ms of work."""

_WORD, _GRAMS, _PAIR, _STOP = 1.0, 0.5, 0.5, 0.05

Feature = tuple[int, float]


class OfflineEmbedder:
    """See the module."""

    name = "offline"
    model = "offline-hash-1536"
    dimensions = DIMENSIONS

    async def embed(self, texts: Sequence[str], *, kind: EmbeddingKind) -> Embeddings:
        """See the port; questions and documents are treated alike."""
        vectors: list[array[float]] = []
        for index, text in enumerate(texts):
            if index % _SLICE == 0:
                await asyncio.sleep(0)
            vectors.append(embed_text(text))
        return Embeddings(vectors, 0)

    async def close(self) -> None:
        """Nothing is open."""


def embed_text(text: str) -> array[float]:
    """The unit vector of one text. Raises ProviderRejected for a blank one."""
    if not text.strip():
        raise ProviderRejected("provider.empty_text", "A text without content cannot be embedded.")
    words = tokens(text) or [text.strip()]
    values = [0.0] * DIMENSIONS
    for word, count in Counter(words).items():
        features = _features(word)
        if count == 1:
            for dimension, value in features:
                values[dimension] += value
        else:
            weight = 1.0 + math.log(count)
            for dimension, value in features:
                values[dimension] += value * weight
    _add_pairs(values, words)
    return _unit(values)


def _add_pairs(values: list[float], words: list[str]) -> None:
    kept = [stem(word) for word in words if word not in STOP_WORDS]
    for left, right in pairwise(kept):
        number = crc32(f"{left} {right}".encode())
        values[(number >> 1) % DIMENSIONS] += _PAIR if number & 1 else -_PAIR


@lru_cache(maxsize=50_000)
def _features(word: str) -> tuple[Feature, ...]:
    """The stem and the letter groups of the word, as dimension and signed weight."""
    if word in STOP_WORDS:
        return (_feature(word, _STOP),)
    root = stem(word)
    features = [_feature(f"w {root}", _WORD * _information(root))]
    grams = _letter_groups(root)
    if grams:
        share = _GRAMS * _information(root) / math.sqrt(len(grams))
        features += [_feature(f"g {gram}", share) for gram in grams]
    return tuple(features)


def _letter_groups(root: str) -> list[str]:
    """Groups of four letters with the word's edges marked; numbers have none, since 1984 is not near 1985."""
    if len(root) < 4 or not root.isalpha():
        return []
    edged = f"^{root}$"
    return [edged[index : index + 4] for index in range(len(edged) - 3)]


def _information(root: str) -> float:
    """Longer words and numbers say more; a stand-in for document frequency, which a lone text has not."""
    return 1.4 if root[0].isdigit() else min(1.6, 0.7 + 0.1 * len(root))


def _feature(name: str, weight: float) -> Feature:
    number = crc32(name.encode())
    return (number >> 1) % DIMENSIONS, weight if number & 1 else -weight


def _unit(values: list[float]) -> array[float]:
    length = math.hypot(*values)
    if length == 0.0:
        values[0] = length = 1.0
    scale = 1.0 / length
    return array("f", [value * scale for value in values])
