"""Words of a text, reduced so that inflected forms meet; for the offline providers. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from worker.providers.stopwords import STOP_WORDS

_TOKEN = re.compile(r"[^\W_]+(?:[.,:/\-'’](?=\d)\d+)*", re.UNICODE)
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)


_SIGNS = (("°c", " celsius"), ("°f", " fahrenheit"), ("%", " percent"))


def plain(text: str) -> str:
    """Lower case without accents or compatibility forms: `Éﬀet` and `effet` become the same."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def tokens(text: str) -> list[str]:
    """Words and numbers in order, plain; scripts without spaces give overlapping pairs of characters."""
    written = plain(text)
    for sign, word in _SIGNS:
        written = written.replace(sign, word)
    found: list[str] = _TOKEN.findall(written)
    if text.isascii() or not _UNSPACED.search(text):
        return found
    return [piece for token in found for piece in _pieces(token)]


def _pieces(token: str) -> list[str]:
    if not _UNSPACED.search(token) or len(token) < 3:
        return [token]
    return [token[index : index + 2] for index in range(len(token) - 1)]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A light stem good for several European languages; numbers and short words stay as they are."""
    if len(word) < 4 or not word.isalpha():
        return word
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _undouble(word[: len(word) - len(ending)] + replacement)
    return word


_ENDINGS = (
    ("ements", ""),
    ("ement", ""),
    ("ments", "ment"),
    ("nesses", ""),
    ("ations", "at"),
    ("ation", "at"),
    ("ingly", ""),
    ("edly", ""),
    ("ness", ""),
    ("euses", "eu"),
    ("euse", "eu"),
    ("ities", ""),
    ("ices", "ic"),
    ("ites", ""),
    ("ies", "y"),
    ("ied", "y"),
    ("ing", ""),
    ("aux", "al"),
    ("ity", ""),
    ("ite", ""),
    ("ated", "at"),
    ("ates", "at"),
    ("ate", "at"),
    ("sses", "ss"),
    ("ers", "er"),
    ("ees", ""),
    ("ed", ""),
    ("ee", ""),
    ("ly", ""),
    ("es", ""),
    ("ss", "ss"),
    ("us", "us"),
    ("is", "is"),
    ("os", ""),
    ("as", ""),
    ("s", ""),
    ("e", ""),
    ("o", ""),
    ("a", ""),
)


def _undouble(word: str) -> str:
    """`stopp` to `stop`, but `fall` stays."""
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word


def terms(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order."""
    return [stem(token) for token in tokens(text) if token not in STOP_WORDS]
