"""Decisions of the service domain; no I/O."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from worker.providers.sentiment.port import Rating

LATEST = 8
"""So many of a customer's messages make the mood of a ticket."""

FADING = 0.6
"""Weight of a message by that of the one after it: what was said last counts most."""

UPSET = -0.3
DROP = 0.5

RATING_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "can_tell": {"type": "boolean"},
        "score": {"type": "number"},
        "confidence": {"type": "number"},
        "language": {"type": "string"},
    },
    "required": ["can_tell", "score", "confidence", "language"],
    "additionalProperties": False,
}


def mood(scores: Sequence[float]) -> float | None:
    """Of a ticket, from the known scores of its latest messages, newest first; None when none is known."""
    if not scores:
        return None
    weights = [FADING**age for age in range(len(scores))]
    weighted = sum(score * weight for score, weight in zip(scores, weights, strict=True))
    return round(max(-1.0, min(1.0, weighted / sum(weights))), 4)


def is_drop(before: float | None, after: float | None) -> bool:
    """Whether somebody should look: the mood has turned upset, or has fallen far and is bad."""
    if after is None or after >= 0:
        return False
    has_turned = after <= UPSET and (before is None or before > UPSET)
    return has_turned or (before is not None and before - after >= DROP)


def read_rating(said: str) -> Rating | None:
    """What a model replied to RATING_SCHEMA; None when it does not fit."""
    try:
        value = json.loads(said)
        can_tell, language = value["can_tell"], str(value["language"]).lower()
        score, confidence = float(value["score"]), float(value["confidence"])
    except (ValueError, TypeError, KeyError):
        return None
    known = language if language.isascii() and language.isalpha() and len(language) in (2, 3) else None
    if can_tell is not True:
        return Rating(None, None, known)
    if not (-1 <= score <= 1 and 0 <= confidence <= 1):
        return None
    return Rating(score, confidence, known)
