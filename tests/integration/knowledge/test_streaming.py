"""An answer while it is written: heard word by word, cancelled, broken, begun again; the row is the truth."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.jobs.engine import until
from tests.integration.knowledge.asking import answered, ask, ended, heard, message, sent
from tests.integration.knowledge.house import House
from tests.integration.knowledge.stubs import RecordingEmbedder, ScriptedModel
from tests.support.actors import Cast
from worker.errors import ProviderRateLimited, ProviderRejected, ProviderUnavailable

TEXT = "The lighthouse of Morvan was lit in 1871. Its first keeper was Ada Brennan."
AWAY = ProviderUnavailable("provider.unavailable", "The vendor cannot serve now.", provider="x")
BUSY = ProviderRateLimited("provider.rate_limited", "Slow down.", provider="x", retry_after=0.05)
FILTERED = ProviderRejected("provider.content_filtered", "The vendor forbids an answer.", provider="x")
NOT_SAID = "The documents do not say."


@pytest.fixture(autouse=True)
async def _each_delta_is_sent(house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """And there is a document to cite."""
    monkeypatch.setattr("worker.domains.knowledge.answer.FLUSH_SECONDS", 0.0)
    house.write(cast.editor, cast.workspace_id, TEXT)
    await house.work_off()


def scripted(house: House, *scripts: list[Any]) -> ScriptedModel:
    house.model = model = ScriptedModel(list(scripts))
    return model


def when(house: House, cast: Cast) -> dict[str, Any]:
    return ask(house, cast.editor, cast.workspace_id, "When was the lighthouse lit?")


def cancel(house: House, cast: Cast, asked: dict[str, Any]) -> None:
    house.call(cast.editor, "cancel_job", asked["job_id"])


async def test_the_deltas_are_the_answer(house: House, cast: Cast) -> None:
    scripted(house, ["It was lit ", "in 1871", " [1].", "\n\nVoilà: ü, 漢字, 🦊."])
    asked = when(house, cast)
    await house.work_off()
    deltas = sent(house, asked, "answer.delta")
    assert [delta["seq"] for delta in deltas] == [0, 1, 2, 3]
    assert (
        heard(house, asked)
        == message(house, asked)["content"]
        == "It was lit in 1871 [1].\n\nVoilà: ü, 漢字, 🦊."
    )
    assert [status["status"] for status in sent(house, asked, "answer.status")] == ["streaming"]
    (done,) = sent(house, asked, "answer.done")
    assert (done["status"], done["answered"], done["error_code"]) == ("complete", True, None)


async def test_the_offline_model_streams_too(house: House, cast: Cast) -> None:
    asked = when(house, cast)
    await house.work_off()
    assert "1871" in message(house, asked)["content"]
    assert heard(house, asked) == message(house, asked)["content"]
    assert len(sent(house, asked, "answer.delta")) > 3


async def test_words_are_heard_before_the_end(house: House, cast: Cast) -> None:
    go = asyncio.Event()
    scripted(house, ["The first words", go, " and the last."])
    asked = when(house, cast)
    async with house.working():
        await until(lambda: heard(house, asked) == "The first words")
        assert (message(house, asked)["status"], message(house, asked)["content"]) == ("streaming", "")
        go.set()
        assert (await ended(house, asked))["content"] == "The first words and the last."


@pytest.mark.parametrize("pieces", [["NO_", "ANSWER_IN", "_SOURCES"], ["`NO_ANSWER_IN_SOURCES`", "."]])
async def test_nobody_hears_the_word_for_no_answer(house: House, cast: Cast, pieces: list[str]) -> None:
    scripted(house, pieces)
    asked = when(house, cast)
    await house.work_off()
    row = message(house, asked)
    assert (row["answered"], row["content"], row["citations"]) == (False, NOT_SAID, [])
    assert [delta["text"] for delta in sent(house, asked, "answer.delta")] == [NOT_SAID]
    assert sent(house, asked, "answer.done")[0]["answered"] is False


async def test_what_only_begins_like_it_is_heard_whole(house: House, cast: Cast) -> None:
    scripted(house, ["NO", "_ANS", "IBLE host is named [1]."])
    asked = when(house, cast)
    await house.work_off()
    assert heard(house, asked) == message(house, asked)["content"] == "NO_ANSIBLE host is named [1]."
    assert message(house, asked)["answered"] is True


async def test_a_nul_in_the_answer_is_dropped(house: House, cast: Cast) -> None:
    scripted(house, ["In\0 1871", "\0", " [1]."])
    asked = when(house, cast)
    await house.work_off()
    assert (message(house, asked)["status"], message(house, asked)["content"]) == ("complete", "In 1871 [1].")
    assert heard(house, asked) == "In 1871 [1]."


async def test_cancelling_keeps_what_was_written(house: House, cast: Cast) -> None:
    model = scripted(house, ["It was lit in 1871 [1]", " by", asyncio.Event()])
    asked = when(house, cast)
    async with house.working():
        await until(lambda: heard(house, asked) == "It was lit in 1871 [1] by")
        cancel(house, cast, asked)
        row = await ended(house, asked)
    assert (row["status"], row["error_code"]) == ("cancelled", "job.cancelled")
    assert row["content"] == "It was lit in 1871 [1] by"
    assert [citation["ordinal"] for citation in row["citations"]] == [1]
    assert (row["provider"], row["answered"], row["completion_tokens"]) == ("scripted", None, None)
    assert row["latency_ms"] is not None
    assert row["finished_at"] is not None
    assert model.is_closed_early
    assert [done["status"] for done in sent(house, asked, "answer.done")] == ["cancelled"]


async def test_cancelling_before_the_first_words_leaves_none(house: House, cast: Cast) -> None:
    model = scripted(house, ["NO_ANS", asyncio.Event()])
    asked = when(house, cast)
    async with house.working():
        await until(lambda: model.deltas == 1)
        cancel(house, cast, asked)
        row = await ended(house, asked)
    assert (row["status"], row["content"]) == ("cancelled", "")


async def test_a_question_is_cancelled_before_it_is_begun_and_asked_anew(house: House, cast: Cast) -> None:
    model = scripted(house, ["In 1871 [1]."])
    asked = when(house, cast)
    cancel(house, cast, asked)
    row = message(house, asked)
    assert (row["status"], row["error_code"], row["content"]) == ("cancelled", "job.cancelled", "")
    assert row["error_message"]
    await house.work_off()
    assert model.requests == []
    house.call(cast.editor, "retry_job", asked["job_id"])
    assert (message(house, asked)["status"], message(house, asked)["finished_at"]) == ("pending", None)
    await house.work_off()
    row = message(house, asked)
    assert (row["status"], row["content"], row["error_code"]) == ("complete", "In 1871 [1].", None)


@pytest.mark.parametrize(
    "fault", [AWAY, BUSY, RuntimeError("a fault of ours")], ids=["away", "busy", "crash"]
)
async def test_a_stream_that_breaks_is_begun_again(house: House, cast: Cast, fault: Exception) -> None:
    scripted(house, ["It was lit", " in 17", fault], ["In 1871", " [1]."])
    asked = when(house, cast)
    await house.work_off()
    row = message(house, asked)
    assert (row["status"], row["content"], row["answered"]) == ("complete", "In 1871 [1].", True)
    assert (row["error_code"], row["error_message"]) == (None, None)
    assert [delta["seq"] for delta in sent(house, asked, "answer.delta")].count(0) == 2
    assert heard(house, asked) == row["content"]
    assert [done["status"] for done in sent(house, asked, "answer.done")] == ["complete"]


async def test_a_refusal_is_final(house: House, cast: Cast) -> None:
    model = scripted(house, ["It was", FILTERED])
    asked = when(house, cast)
    await house.work_off()
    row = message(house, asked)
    assert (row["status"], row["error_code"]) == ("failed", "provider.content_filtered")
    assert (row["error_message"], row["content"]) == ("The vendor forbids an answer.", "")
    assert len(model.requests) == 1
    (done,) = sent(house, asked, "answer.done")
    assert (done["status"], done["error_code"]) == ("failed", "provider.content_filtered")


async def test_after_the_last_attempt_it_fails_and_can_be_tried_again(house: House, cast: Cast) -> None:
    model = scripted(house, [AWAY])
    asked = when(house, cast)
    await house.work_off()
    row = message(house, asked)
    assert (row["status"], row["error_code"]) == ("failed", "provider.unavailable")
    assert len(model.requests) == 3
    model.scripts = [["In 1871 [1]."]]
    house.call(cast.editor, "retry_job", asked["job_id"])
    await house.work_off()
    row = message(house, asked)
    assert (row["status"], row["content"], row["error_code"]) == ("complete", "In 1871 [1].", None)


async def test_one_failed_answer_stops_no_other(house: House, cast: Cast) -> None:
    scripted(house, [FILTERED], ["In 1871 [1]."], ["Ada Brennan [1]."])
    first = when(house, cast)
    house_of = {"conversation": first["conversation_id"]}
    same = ask(house, cast.editor, cast.workspace_id, "Really, when was it lit?", **house_of)
    other = ask(house, cast.owner, cast.workspace_id, "Who was the keeper?")
    async with house.working(interactive=1):
        for asked in (first, same, other):
            await ended(house, asked)
    assert [message(house, asked)["status"] for asked in (first, same, other)] == [
        "failed",
        "complete",
        "complete",
    ]


async def test_a_worker_that_stops_gives_the_answer_to_the_next(house: House, cast: Cast) -> None:
    scripted(house, ["It was", asyncio.Event()], ["In 1871 [1]."])
    asked = when(house, cast)
    async with house.working() as worker:
        await until(lambda: heard(house, asked) == "It was")
        worker.stop()
        worker.stop()  # without the grace period
    row = message(house, asked)
    assert (row["status"], row["content"], row["error_code"]) == ("pending", "", None)
    await house.work_off()
    assert message(house, asked)["content"] == heard(house, asked) == "In 1871 [1]."
    assert house.jobs("answer_question")[0]["attempts"] == 1


async def test_an_erased_conversation_ends_its_answer_quietly(house: House, cast: Cast) -> None:
    go = asyncio.Event()
    scripted(house, ["It was", go, " lit."])
    asked = when(house, cast)
    async with house.working():
        await until(lambda: heard(house, asked) == "It was")
        with house.db.as_user(cast.editor) as cursor:
            cursor.execute("delete from public.conversations where id = %s", (asked["conversation_id"],))
            assert cursor.rowcount == 1
        go.set()
        await until(lambda: house.jobs("answer_question")[0]["status"] == "succeeded")
    assert house.db.rows("select id from public.messages") == []


async def test_a_search_that_failed_can_be_tried_again(house: House, cast: Cast) -> None:
    house.embedder = embedder = RecordingEmbedder()
    embedder.faults = [AWAY, ProviderRejected("provider.no_credit", "No credit.", provider="x")]
    search = house.call(cast.viewer, "start_search", cast.workspace_id, "lighthouse")
    await house.work_off()
    query = "select status, error_code, error_message, jsonb_array_length(results) from public.searches"
    assert house.db.rows(query) == [("failed", "provider.no_credit", "No credit.", 0)]
    house.call(cast.viewer, "retry_job", search["job_id"])
    embedder.faults = [AWAY]
    await house.work_off()
    assert house.db.rows(query) == [("complete", None, None, 1)]


async def test_a_retried_answer_embeds_and_answers_once_more(house: House, cast: Cast) -> None:
    house.embedder = embedder = RecordingEmbedder()
    embedder.faults = [BUSY]
    row = await answered(house, cast.editor, cast.workspace_id, "When was the lighthouse lit?")
    assert (row["status"], row["answered"], row["error_code"]) == ("complete", True, None)
    assert "1871" in row["content"]
