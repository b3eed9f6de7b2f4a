"""The transcripts of the pieces as one of the whole recording. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from worker.providers.speech.port import Piece, Segment, Transcript


def joined(parts: Sequence[tuple[Piece, Transcript]]) -> Transcript:
    """In order; times are those of the whole recording. The language is that of most seconds."""
    if not parts:
        raise ValueError("a recording has at least one piece")
    languages: Counter[str] = Counter()
    for piece, transcript in parts:
        if transcript.language:
            languages[transcript.language] += round((piece.end - piece.start) * 1000)
    segments = (
        Segment(piece.start + segment.start, piece.start + segment.end, segment.text)
        for piece, transcript in parts
        for segment in transcript.segments
    )
    texts = (transcript.text.strip() for _, transcript in parts)
    return Transcript(
        text="\n\n".join(text for text in texts if text),
        language=languages.most_common(1)[0][0] if languages else None,
        seconds=parts[-1][0].end,
        segments=tuple(segments),
        model=parts[0][1].model,
    )
