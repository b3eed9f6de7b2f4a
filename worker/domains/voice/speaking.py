"""An answer is read aloud: an extra, whose failure changes neither transcript nor answer."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from worker.domains.voice.ports import VoicePorts
from worker.domains.voice.repository import SQL
from worker.domains.voice.rules import speech_path, spoken
from worker.domains.voice.transcribing import BUCKET
from worker.runtime.job import Job
from worker.runtime.outcome import DONE, Done, Fail, Outcome


async def speak(ports: VoicePorts, job: Job) -> Outcome:
    """Puts an MP3 of the answer into the bucket, if the plan has its seconds. Raises a ProviderError."""
    recording_id = job.subject()
    answer = await ports.db.one(SQL["get_answer"], {"recording_id": recording_id})
    if answer is None:
        return DONE
    said = await ports.db.one(SQL["meter_speech"], {"job_id": job.id, "attempt": job.attempt})
    if said and said["code"]:
        return Fail(said["code"], said["message"])
    text, is_whole = spoken(answer["content"])
    audio = await ports.speaker.speak(text, voice=ports.options.voice)
    path = speech_path(answer["workspace_id"], answer["created_by"], answer["answer_id"])
    await ports.storage.upload(BUCKET, path, audio, mime="audio/mpeg")

    async def write(connection: AsyncConnection[Any]) -> None:
        parameters = {
            "recording_id": recording_id,
            "answer_id": answer["answer_id"],
            "path": path,
            "is_whole": is_whole,
        }
        await connection.execute(SQL["finish_speech"], parameters)

    return Done(write)
