"""The voice domain's jobs."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from worker.domains.voice.ports import VoicePorts
from worker.domains.voice.repository import SQL
from worker.domains.voice.speaking import speak
from worker.domains.voice.transcribing import BUCKET, transcribe
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import DONE, Done, Outcome
from worker.runtime.registry import Registry


def register(registry: Registry, ports: VoicePorts) -> None:
    """Adds the handlers of kinds `voice.*`."""

    async def transcription(job: Job, ctx: JobContext) -> Outcome:
        return await transcribe(ports, job, ctx)

    async def ask(job: Job, ctx: JobContext) -> Outcome:
        async def write(connection: AsyncConnection[Any]) -> None:
            await connection.execute(SQL["ask_recording"], {"recording_id": job.subject()})

        return Done(write)

    async def speech(job: Job, ctx: JobContext) -> Outcome:
        return await speak(ports, job)

    async def remove_objects(job: Job, ctx: JobContext) -> Outcome:
        rows = await ports.db.rows(SQL["list_unused"], {"paths": list(job.args["paths"])})
        await ports.storage.remove(BUCKET, [row["path"] for row in rows])
        return DONE

    registry.add("voice.transcribe", transcription)
    registry.add("voice.ask", ask)
    registry.add("voice.speak", speech)
    registry.add("voice.remove_objects", remove_objects)
