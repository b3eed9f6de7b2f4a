"""The tasks domain's jobs."""

from __future__ import annotations

from worker.domains.tasks.ports import TaskPorts
from worker.domains.tasks.running import run_task
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import Outcome
from worker.runtime.registry import Registry


def register(registry: Registry, ports: TaskPorts) -> None:
    """Adds the handler of kind `tasks.run_task`."""

    async def run(job: Job, ctx: JobContext) -> Outcome:
        return await run_task(ports, job.subject())

    registry.add("tasks.run_task", run)
