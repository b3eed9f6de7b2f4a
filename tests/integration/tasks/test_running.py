"""A task is done: its result, its figures, who hears it, what happens when the provider fails."""

from __future__ import annotations

from typing import Any

from tests.integration.identity.calls import refused
from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.tasks.workshop import Workshop
from tests.support.actors import Cast
from worker.errors import ProviderRateLimited, ProviderRejected, ProviderUnavailable
from worker.providers.llm.port import TaskRequest, Usage

TEXT = "Grain ships enter the harbour at noon. The harbour office sends a pilot to each grain ship."
AWAY = ProviderUnavailable("provider.unavailable", "The vendor cannot serve now.", provider="x")
BUSY = ProviderRateLimited("provider.rate_limited", "Slow down.", provider="x", retry_after=0.05)
FILTERED = ProviderRejected("provider.content_filtered", "The vendor forbids it.", provider="x")


def scripted(workshop: Workshop, *scripts: list[Any]) -> ScriptedModel:
    workshop.model = model = ScriptedModel(list(scripts))
    return model


async def test_the_result_and_its_figures_are_stored(workshop: Workshop) -> None:
    scripted(workshop, ["Ships come ", "at noon."])
    row = await workshop.done("summarise", text=TEXT)
    assert (row["status"], row["result"], row["result_json"]) == ("complete", "Ships come at noon.", None)
    assert (row["provider"], row["model"]) == ("scripted", "scripted:script-1")
    assert (row["prompt_tokens"], row["completion_tokens"], row["cost_microusd"]) == (100, 2, 250)
    assert 0 <= row["first_token_ms"] <= row["latency_ms"] < 60_000
    assert (row["error_code"], row["is_cut"]) == (None, False)
    assert row["finished_at"] >= row["created_at"]
    assert workshop.value("select status from public.jobs where id = %s", row["job_id"]) == "succeeded"


async def test_who_started_it_hears_it(workshop: Workshop) -> None:
    scripted(workshop, ["Ships ", "come ", "at noon: ü 漢字."])
    row = await workshop.done("rewrite", text=TEXT, tone="dry")
    assert [delta["seq"] for delta in workshop.sent(row, "task.delta")] == [0, 1, 2]
    assert workshop.heard(row) == row["result"] == "Ships come at noon: ü 漢字."
    assert [status["status"] for status in workshop.sent(row, "task.status")] == ["streaming"]
    (done,) = workshop.sent(row, "task.done")
    assert (done["status"], done["kind"], done["error_code"]) == ("complete", "rewrite", None)


async def test_what_is_asked_of_the_model(workshop: Workshop) -> None:
    model = scripted(workshop, ["x"])
    await workshop.done("rewrite", text=TEXT, instructions="No jargon.", tone="dry", audience="sailors")
    (request,) = model.requests
    assert isinstance(request, TaskRequest)
    assert (request.kind, request.text, request.brand) == ("rewrite", TEXT, "")
    assert request.wishes == "No jargon.\nAudience: sailors\nTone: dry"
    assert request.instructions.startswith("You say the text in other words")
    assert request.json_schema is None


async def test_the_brand_speaks_in_every_task(workshop: Workshop) -> None:
    workshop.brand(name="Morvan Port", voice="Warm, brief.", rules="Never say customer.", language="Breton")
    model = scripted(workshop, ["x"])
    for kind, task_input in (
        ("draft", {"instructions": "A post."}),
        ("draft", {"instructions": "A post.", "language": "French"}),
        ("edit", {"text": TEXT}),
        ("translate", {"text": TEXT, "language": "French"}),
    ):
        await workshop.done(kind, **task_input)
    brands = {request.brand for request in model.requests if isinstance(request, TaskRequest)}
    assert brands == {"Name: Morvan Port\nVoice: Warm, brief.\nRules: Never say customer."}
    wishes = [request.wishes for request in model.requests if isinstance(request, TaskRequest)]
    assert wishes == ["A post.\nLanguage: Breton", "A post.\nLanguage: French", "", "Language: French"]


async def test_the_brand_of_another_workspace_is_not_used(workshop: Workshop, cast: Cast) -> None:
    workshop.brand(name="Morvan Port")
    own = workshop.call(cast.stranger, "create_workspace('Own')")[0]["id"]
    model = scripted(workshop, ["x"])
    await workshop.done("edit", actor=cast.stranger, workspace_id=own, text=TEXT)
    assert isinstance(model.requests[0], TaskRequest)
    assert model.requests[0].brand == ""


async def test_a_model_can_be_asked_for_by_name(workshop: Workshop) -> None:
    usual, named = scripted(workshop, ["usual"]), ScriptedModel([["named"]], name="openai", model="gpt-5.5")
    workshop.named["openai:gpt-5.5"] = named
    row = await workshop.done("edit", text=TEXT, model="openai:gpt-5.5")
    assert (row["result"], row["provider"], row["model"]) == ("named", "openai", "openai:gpt-5.5")
    assert usual.requests == []
    row = await workshop.done("edit", text=TEXT, model="gemini:gemini-3.5-flash")
    assert (row["status"], row["error_code"]) == ("failed", "llm.model_unavailable")


async def test_a_model_asked_for_by_name_that_is_busy_holds_nobody_else_back(workshop: Workshop) -> None:
    scripted(workshop, ["usual"])
    workshop.named["openai:gpt-5.5"] = ScriptedModel([[BUSY], ["named"]], name="openai", model="gpt-5.5")
    row = await workshop.done("edit", text=TEXT, model="openai:gpt-5.5")
    assert (row["status"], row["result"]) == ("complete", "named")
    assert workshop.value("select count(*) from app.provider_pauses") == 0


async def test_long_texts_may_come_back_whole(workshop: Workshop) -> None:
    model = scripted(workshop, ["x"])
    await workshop.done("edit", text="Grain. " * 3000)
    assert model.requests[0].max_output_tokens > 7000


async def test_a_cut_result_says_so(workshop: Workshop) -> None:
    class Cut(ScriptedModel):
        async def stream(self, request: Any) -> Any:
            async for event in super().stream(request):
                yield (
                    Usage(9, 9, None, "scripted:script-1", is_cut=True) if isinstance(event, Usage) else event
                )

    workshop.model = Cut([["Ships"]])
    row = await workshop.done("edit", text=TEXT)
    assert (row["status"], row["is_cut"], row["cost_microusd"]) == ("complete", True, None)


async def test_a_passing_fault_is_tried_again(workshop: Workshop) -> None:
    scripted(workshop, ["Half a", AWAY], [BUSY], ["Whole."])
    row = await workshop.done("edit", text=TEXT)
    assert (row["status"], row["result"], row["error_code"]) == ("complete", "Whole.", None)
    assert workshop.heard(row) == "Whole."


async def test_a_lasting_fault_ends_it_and_gives_the_quota_back(workshop: Workshop) -> None:
    scripted(workshop, [FILTERED])
    row = await workshop.done("edit", text=TEXT)
    assert (row["status"], row["error_code"]) == ("failed", "provider.content_filtered")
    assert row["error_message"] == "The vendor forbids it."
    (done,) = workshop.sent(row, "task.done")
    assert (done["status"], done["error_code"]) == ("failed", "provider.content_filtered")
    assert workshop.db.rows("select status from public.usage_ledger where job_id = %s", row["job_id"]) == [
        ("released",)
    ]


async def test_a_failed_task_can_be_retried(workshop: Workshop, cast: Cast) -> None:
    scripted(workshop, [FILTERED], ["Now."])
    row = await workshop.done("edit", text=TEXT)
    with refused(403, "job.forbidden"):
        workshop.call(cast.sales, "retry_job(%s)", (row["job_id"],))
    workshop.call(cast.editor, "retry_job(%s)", (row["job_id"],))
    pending = workshop.task(row["id"])
    assert (pending["status"], pending["error_code"], pending["finished_at"]) == ("pending", None, None)
    await workshop.work_off()
    again = workshop.task(row["id"])
    assert (again["status"], again["result"], again["error_code"]) == ("complete", "Now.", None)
    with refused(409, "job.not_retryable"):
        workshop.call(cast.editor, "retry_job(%s)", (row["job_id"],))


async def test_the_offline_twin_says_what_it_is(workshop: Workshop) -> None:
    row = await workshop.done("summarise", text=TEXT, length="short")
    assert (row["provider"], row["cost_microusd"]) == ("offline", 0)
    assert row["result"].startswith("Grain ships enter the harbour at noon.")
    assert "no language model was asked" in row["result"]
    row = await workshop.done("translate", text=TEXT, language="French")
    assert (row["status"], row["error_code"], row["result"]) == ("failed", "llm.offline_cannot", "")


async def test_a_nul_is_dropped(workshop: Workshop) -> None:
    scripted(workshop, ["Ships\0 come", "\0."])
    row = await workshop.done("edit", text=TEXT)
    assert (row["status"], row["result"]) == ("complete", "Ships come.")
    assert workshop.heard(row) == "Ships come."
