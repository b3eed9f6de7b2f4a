"""The knowledge domain's jobs."""

from __future__ import annotations

from worker.domains.knowledge import repository
from worker.domains.knowledge.answer import answer
from worker.domains.knowledge.ingest import ingest
from worker.domains.knowledge.ports import KnowledgePorts
from worker.domains.knowledge.search import run_search
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import Done, Outcome
from worker.runtime.registry import Registry


def register(registry: Registry, ports: KnowledgePorts) -> None:
    """Adds the handlers of kinds `knowledge.*`."""

    async def ingest_document(job: Job, ctx: JobContext) -> Outcome:
        return await ingest(ports, ctx, job.subject(), int(job.args["version"]))

    async def answer_question(job: Job, ctx: JobContext) -> Outcome:
        return await answer(ports, job.subject())

    async def search(job: Job, ctx: JobContext) -> Outcome:
        return await run_search(ports, job.subject())

    async def remove_object(job: Job, ctx: JobContext) -> Outcome:
        bucket, path = str(job.args["bucket"]), str(job.args["path"])
        used = await repository.one(ports.db, "is_object_in_use", path=path)
        if not (used and used["in_use"]):
            await ports.storage.remove(bucket, [path])
        return Done()

    registry.add("knowledge.ingest_document", ingest_document)
    registry.add("knowledge.answer_question", answer_question)
    registry.add("knowledge.run_search", search)
    registry.add("knowledge.remove_object", remove_object)
