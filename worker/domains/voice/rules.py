"""Decisions of the voice domain; no I/O."""

from __future__ import annotations

import re
from typing import Any

from worker.providers.speech.port import Segment, Transcript

Span = tuple[float, float]
"""Where a piece begins and ends in its recording, in seconds."""

SPOKEN_CHARACTERS = 4096

_CITATION = re.compile(r"\s{0,8}\[\d{1,3}\]")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^)\s]{0,2000}\)")
_MARKS = re.compile(r"^[ \t]{0,3}(#{1,6}|>|[-*+])[ \t]+|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?…](?=\s)|\n")


def spoken(answer: str) -> tuple[str, bool]:
    """The answer as it is read aloud, and whether that is all of it.

    Without citations and Markdown; a long one ends with the last sentence that fits.
    """
    text = _MARKS.sub("", _CITATION.sub("", _LINK.sub(r"\1", answer))).replace("\0", "").strip()
    if len(text) <= SPOKEN_CHARACTERS:
        return text, True
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, SPOKEN_CHARACTERS)]
    return text[: ends[-1] if ends else SPOKEN_CHARACTERS].rstrip(), False


def speech_path(workspace_id: object, user_id: object, answer_id: object) -> str:
    """Where the speech of an answer is in the bucket: one place, so that writing it twice is harmless."""
    return f"{workspace_id}/{user_id}/answers/{answer_id}.mp3"


def segments_of(transcript: Transcript) -> list[dict[str, Any]]:
    """As they are stored: seconds to the millisecond."""
    return [
        {"start": round(segment.start, 3), "end": round(segment.end, 3), "text": segment.text}
        for segment in transcript.segments
    ]


def without_nul(transcript: Transcript) -> Transcript:
    """Postgres stores no NUL."""
    return Transcript(
        transcript.text.replace("\0", ""),
        transcript.language,
        transcript.seconds,
        tuple(Segment(each.start, each.end, each.text.replace("\0", "")) for each in transcript.segments),
        transcript.model,
    )


def to_stored(transcript: Transcript) -> dict[str, Any]:
    """The transcript of a piece as JSON."""
    return {
        "text": transcript.text,
        "language": transcript.language,
        "model": transcript.model,
        "segments": segments_of(transcript),
    }


def from_stored(span: Span, stored: dict[str, Any]) -> Transcript:
    """The reverse of `to_stored`."""
    return Transcript(
        stored["text"],
        stored["language"],
        span[1] - span[0],
        tuple(Segment(each["start"], each["end"], each["text"]) for each in stored["segments"]),
        stored["model"],
    )
