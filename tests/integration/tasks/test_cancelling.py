"""A task stops within five seconds, whether or not the worker is told at once; what was written stays."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import pytest

from tests.integration.identity.calls import refused
from tests.integration.jobs.engine import until
from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.tasks.workshop import Row, Workshop
from tests.support.actors import Cast
from worker.runtime.options import WorkerOptions

TEXT = "Grain ships enter the harbour at noon."


def cancel(workshop: Workshop, cast: Cast, row: Row) -> None:
    workshop.call(cast.editor, "cancel_job(%s)", (row["job_id"],))


async def seconds_to_end(workshop: Workshop, cast: Cast, row: Row) -> float:
    started = time.monotonic()
    cancel(workshop, cast, row)
    await until(lambda: workshop.has_ended(row["id"]))
    return time.monotonic() - started


@pytest.mark.parametrize(("listen", "limit"), [(True, 1.0), (False, 5.0)], ids=["told", "not told"])
async def test_it_stops_within_five_seconds(
    workshop: Workshop, cast: Cast, listen: bool, limit: float
) -> None:
    """Not told, the worker learns of it by its heartbeat, with the lease it has in production."""
    workshop.model = model = ScriptedModel([["Ships ", "come", asyncio.Event()]])
    row = workshop.start("edit", text=TEXT)
    async with workshop.working(listen=listen, lease=WorkerOptions("x", {}).lease):
        await until(lambda: workshop.heard(row) == "Ships come")
        assert await seconds_to_end(workshop, cast, row) < limit
        assert model.is_closed_early
    ended = workshop.task(row["id"])
    assert (ended["status"], ended["result"], ended["error_code"]) == (
        "cancelled",
        "Ships come",
        "job.cancelled",
    )
    assert (ended["provider"], ended["prompt_tokens"]) == ("scripted", None)
    (done,) = workshop.sent(row, "task.done")
    assert done["status"] == "cancelled"
    assert (
        workshop.value("select status from public.usage_ledger where job_id = %s", row["job_id"])
        == "committed"
    ), "what was heard is used"


async def test_what_is_cancelled_late_and_tried_again_is_used_again(workshop: Workshop, cast: Cast) -> None:
    workshop.model = ScriptedModel([["Ships ", asyncio.Event()], ["Ships come."]])
    row = workshop.start("edit", text=TEXT)
    async with workshop.working():
        await until(lambda: workshop.heard(row) == "Ships ")
        await seconds_to_end(workshop, cast, row)
        workshop.call(cast.editor, "retry_job(%s)", (row["job_id"],))
        await until(lambda: workshop.task(row["id"])["status"] == "complete")
    used = "select array_agg(status order by id) from public.usage_ledger where metric = 'requests'"
    assert workshop.value(used) == ["committed", "committed"]
    counted = "select committed - reserved from app.usage_counters where metric = 'requests'"
    assert workshop.value(counted) == 2


async def test_half_a_design_is_no_result(workshop: Workshop, cast: Cast) -> None:
    workshop.model = model = ScriptedModel([['{"title": "Half', asyncio.Event()]])
    row = workshop.start("design_assistant", instructions="A page.")
    async with workshop.working():
        await until(lambda: model.deltas == 1)
        await seconds_to_end(workshop, cast, row)
    ended = workshop.task(row["id"])
    assert (ended["status"], ended["result"], ended["result_json"]) == ("cancelled", "", None)
    assert workshop.sent(row, "task.delta") == []


async def test_a_waiting_task_is_cancelled_at_once(workshop: Workshop, cast: Cast) -> None:
    row = workshop.start("edit", text=TEXT)
    cancel(workshop, cast, row)
    settled = "select status from public.usage_ledger where job_id = %s"
    assert workshop.value(settled, row["job_id"]) == "released"
    assert workshop.task(row["id"])["status"] == "cancelled"
    with refused(409, "job.finished"):
        cancel(workshop, cast, row)


async def test_a_cancelled_task_can_be_retried(workshop: Workshop, cast: Cast) -> None:
    workshop.model = ScriptedModel([["Half", asyncio.Event()], ["Whole."]])
    row = workshop.start("edit", text=TEXT)
    async with workshop.working():
        await until(lambda: workshop.heard(row) == "Half")
        await seconds_to_end(workshop, cast, row)
        workshop.call(cast.editor, "retry_job(%s)", (row["job_id"],))
        await until(lambda: workshop.task(row["id"])["status"] == "complete")
    assert workshop.task(row["id"])["result"] == workshop.heard(row) == "Whole."


async def test_others_cancel_only_with_the_right(workshop: Workshop, cast: Cast) -> None:
    row = workshop.start("edit", actor=cast.sales, text=TEXT)
    with refused(403, "job.forbidden"):
        workshop.call(cast.support, "cancel_job(%s)", (row["job_id"],))
    workshop.call(cast.admin, "cancel_job(%s)", (row["job_id"],))
    assert workshop.task(row["id"])["status"] == "cancelled"


async def test_a_deleted_task_stops_too(workshop: Workshop, cast: Cast) -> None:
    workshop.model = model = ScriptedModel([["Half", asyncio.Event()]])
    row = workshop.start("edit", text=TEXT)
    async with workshop.working():
        await until(lambda: workshop.heard(row) == "Half")
        workshop.call(cast.editor, "delete_ai_task(%s)", (row["id"],))
        await until(lambda: model.is_closed_early)
        await until(lambda: _job_status(workshop, row["job_id"]) == "cancelled")
    assert workshop.value("select count(*) from public.ai_tasks") == 0


def _job_status(workshop: Workshop, job_id: int | UUID) -> str:
    found: str = workshop.value("select status from public.jobs where id = %s", job_id)
    return found
