"""A recording becomes a transcript: fetch, measure, reserve the seconds, write down piece by piece."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from worker.db.pool import Row
from worker.domains.voice import repository
from worker.domains.voice.ports import VoicePorts
from worker.domains.voice.repository import SQL
from worker.domains.voice.rules import without_nul
from worker.errors import ComputationKilled, DocumentRejected, ObjectNotFound, ObjectTooLarge
from worker.providers.speech.joining import joined
from worker.providers.speech.port import Transcript
from worker.providers.speech.splitting import Recording, prepare
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Done, Fail, Outcome

BUCKET = "voice"


async def transcribe(ports: VoicePorts, job: Job, ctx: JobContext) -> Outcome:
    """Writes down one recording. Raises DocumentRejected or a ProviderError.

    The seconds are reserved once with the job: used when it succeeds, given back when it does not.
    """
    recording = await ports.db.one(SQL["get_recording"], {"recording_id": job.subject()})
    if recording is None:
        return DONE
    with tempfile.TemporaryDirectory(prefix="lamina-") as name:
        folder = Path(name)
        await ctx.progress("fetching", 0.02)
        source = await _fetch(ports, recording, folder / "recording")
        await ctx.progress("reading", 0.1)
        prepared = await _prepare(ports, source, folder)
        refused = await _meter(ports, job, prepared.seconds)
        if refused is not None:
            return refused
        transcript = await _transcribe(ports, ctx, recording["id"], prepared)
    parameters = repository.finished(recording["id"], transcript)

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["finish_recording"], parameters)

    return Done(write)


async def _fetch(ports: VoicePorts, recording: Row, target: Path) -> Path:
    limit = ports.options.max_bytes
    try:
        await ports.storage.download(BUCKET, recording["object_path"], target, max_bytes=limit)
    except ObjectNotFound as error:
        raise DocumentRejected("audio.file_missing", "The uploaded file is gone.") from error
    except ObjectTooLarge as error:
        raise DocumentRejected("audio.too_large", f"The file is larger than {limit >> 20} MiB.") from error
    return target


async def _prepare(ports: VoicePorts, source: Path, folder: Path) -> Recording:
    """In a child process: FFmpeg reads what a stranger made."""
    try:
        return await ports.sandbox.run(prepare, source, folder, ports.options.limits)
    except ComputationKilled as error:
        raise DocumentRejected("audio.bomb", f"The recording could not be read: {error.message}") from error


async def _meter(ports: VoicePorts, job: Job, seconds: float) -> Fail | None:
    said = await ports.db.one(
        SQL["meter_recording"], {"job_id": job.id, "attempt": job.attempt, "seconds": seconds}
    )
    return Fail(said["code"], said["message"]) if said and said["code"] else None


async def _transcribe(
    ports: VoicePorts, ctx: JobContext, recording_id: UUID, recording: Recording
) -> Transcript:
    """Piece after piece. Each one is kept as soon as it is there: another attempt goes on behind it."""
    kept = await repository.kept_pieces(ports.db, recording_id)
    parts = []
    for number, piece in enumerate(recording.pieces):
        await ctx.progress("transcribing", 0.2 + 0.75 * number / len(recording.pieces))
        transcript = kept.get((piece.start, piece.end))
        if transcript is None:
            transcript = without_nul(await ports.transcriber.transcribe(piece))
            if len(recording.pieces) > 1:
                await repository.keep_piece(ports.db, recording_id, piece, transcript)
        parts.append((piece, transcript))
    return joined(parts)
