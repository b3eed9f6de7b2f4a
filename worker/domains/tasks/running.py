"""A task is done: streamed as text, or read as JSON and checked."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from time import monotonic
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from worker.db.pool import Row
from worker.domains.tasks.blocks import Schema, problem_of, read_json
from worker.domains.tasks.ports import TaskPorts
from worker.domains.tasks.repository import SQL
from worker.domains.tasks.rules import figures, to_request
from worker.errors import ProviderError
from worker.providers.llm.port import ChatModel, TaskRequest, Usage
from worker.runtime.faults import alone
from worker.runtime.outcome import Cancelled, Done, Fail, Outcome, Write

FLUSH_SECONDS = 0.1
TRIES = 2
"""At a reply that fits the schema, within one attempt."""


@dataclass(slots=True)
class Work:
    """A result while it is made."""

    task: Row
    model: ChatModel
    is_text: bool
    started: float = field(default_factory=monotonic)
    text: str = ""
    value: Any = None
    sent: int = 0
    seq: int = 0
    flushed_at: float = 0.0
    bills: list[Usage] = field(default_factory=list)
    first_token_ms: int | None = None

    def elapsed_ms(self) -> int:
        """Milliseconds since the attempt began."""
        return round((monotonic() - self.started) * 1000)


async def run_task(ports: TaskPorts, task_id: UUID) -> Outcome:
    """Does one task. Raises a ProviderError; cancelling keeps what was written so far."""
    task = await ports.db.one(SQL["get_task"], {"task_id": task_id})
    if task is None:
        return Done()
    recipe = ports.recipes.get(task["kind"])
    if recipe is None:
        return Fail("task.no_recipe", f"The worker does not know how to do tasks of kind {task['kind']}.")
    problem = problem_of(task["input"], task["input_schema"])
    if problem:
        return Fail("task.bad_input", f"The input does not fit. {problem}")
    wanted = {"workspace_id": task["workspace_id"], "brand_id": task["brand_id"]}
    brand = await ports.db.one(SQL["get_brand"], wanted)
    work = Work(task, ports.models.pick(task["requested_model"]), recipe.json_schema is None)
    request = to_request(task["kind"], recipe, task["input"], brand)
    try:
        if recipe.json_schema is None:
            await _write_text(ports, work, request)
        elif not await _write_json(work, request, recipe.json_schema):
            return Fail(
                "task.invalid_output", "The model's reply did not have the form it should.", _write(work)
            )
    except asyncio.CancelledError:
        return Cancelled(write=_write(work))
    except ProviderError as error:
        if task["requested_model"] is None:
            raise
        return alone(error)
    return Done(write=_write(work, is_complete=True))


async def _write_text(ports: TaskPorts, work: Work, request: TaskRequest) -> None:
    await _listen(work, request, ports)
    await _flush(ports, work)


async def _write_json(work: Work, request: TaskRequest, schema: Schema) -> bool:
    """Asks once more with what was wrong. Nobody hears JSON word by word: it is of no use before its end."""
    for _ in range(TRIES):
        work.text = ""
        await _listen(work, request)
        work.value, problem = read_json(work.text, schema)
        if not problem:
            return True
        request = replace(request, complaint=problem)
    return False


async def _listen(work: Work, request: TaskRequest, ports: TaskPorts | None = None) -> None:
    """Takes a reply in, broadcasting it when `ports` are given."""
    async with aclosing(work.model.stream(request)) as events:
        async for event in events:
            if isinstance(event, Usage):
                work.bills.append(event)
                continue
            if work.first_token_ms is None:
                work.first_token_ms = work.elapsed_ms()
            work.text += event.text.replace("\0", "")  # which Postgres does not store
            if ports is not None and monotonic() - work.flushed_at >= FLUSH_SECONDS:
                await _flush(ports, work)


async def _flush(ports: TaskPorts, work: Work) -> None:
    """Broadcasts what is new; the row stays the truth."""
    piece = work.text[work.sent :]
    if not piece:
        return
    user_id, task_id = work.task["created_by"], work.task["id"]
    await ports.db.one(
        SQL["broadcast_delta"], {"user_id": user_id, "task_id": task_id, "seq": work.seq, "text": piece}
    )
    work.sent, work.seq, work.flushed_at = len(work.text), work.seq + 1, monotonic()


def _write(work: Work, *, is_complete: bool = False) -> Write:
    parameters = {
        **asdict(figures(work.model.name, work.model.model, work.bills)),
        "task_id": work.task["id"],
        "is_complete": is_complete,
        "result": work.text if work.is_text else "",
        "result_json": None if work.value is None else Jsonb(work.value),
        "first_token_ms": work.first_token_ms,
        "latency_ms": work.elapsed_ms(),
    }

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["finish_task"], parameters)

    return write
