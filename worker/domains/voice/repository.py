"""The voice domain's rows; every statement is in queries.sql."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from worker.db.pool import Database
from worker.db.queries import load_queries
from worker.domains.voice.rules import Span, from_stored, segments_of, to_stored
from worker.providers.speech.port import Piece, Transcript

SQL = load_queries(__package__, "queries.sql")


async def kept_pieces(db: Database, recording_id: UUID) -> dict[Span, Transcript]:
    """Transcripts that earlier attempts paid for, by where their pieces begin and end."""
    rows = await db.rows(SQL["list_pieces"], {"recording_id": recording_id})
    spans = ((row["start_seconds"], row["end_seconds"]) for row in rows)
    return {span: from_stored(span, row["transcript"]) for span, row in zip(spans, rows, strict=True)}


async def keep_piece(db: Database, recording_id: UUID, piece: Piece, transcript: Transcript) -> None:
    """For the next attempt; the recording may be gone by now."""
    async with db.connection() as connection:
        await connection.execute(
            SQL["keep_piece"],
            {
                "recording_id": recording_id,
                "start": piece.start,
                "end": piece.end,
                "transcript": Jsonb(to_stored(transcript)),
            },
        )


def finished(recording_id: UUID, transcript: Transcript) -> dict[str, Any]:
    """Parameters of `finish_recording`."""
    return {
        "recording_id": recording_id,
        "transcript": transcript.text,
        "segments": Jsonb(segments_of(transcript)),
        "language": transcript.language,
        "model": transcript.model,
    }
