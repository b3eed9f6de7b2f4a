"""Seconds are used once for a transcript and never for none, whatever happens on the way."""

from __future__ import annotations

import asyncio
from uuid import UUID

from tests.contract.providers.vendor import hang_up, json_reply
from tests.integration.jobs.engine import until
from tests.integration.voice.ear import Ear, held, says
from tests.integration.voice.studio import BUCKET, INSERT, Studio, object_row
from tests.integration.voice.test_answers import QUESTION, refused
from tests.integration.voice.test_transcripts import IN_PIECES
from tests.support.actors import Cast, give_plan
from worker.providers.speech.offline import NoSpeech
from worker.providers.speech.select import Speech

BROKEN = json_reply({"error": {"message": "The server had an error", "type": "server_error"}}, 500)
NO_KEY = json_reply({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, 401)


async def test_attempts_pay_once_and_go_on_where_the_last_one_stopped(
    studio: Studio, cast: Cast, ear: Ear, talk: bytes
) -> None:
    studio.options = IN_PIECES
    ear.script = [says("One."), BROKEN, says("Two."), hang_up(), says("Three.")]
    recording_id = studio.upload(cast.editor, cast.workspace_id, talk, "talk.flac")
    await studio.work_off()
    made = studio.recording(recording_id)
    assert made["transcript"].startswith("One.\n\nTwo.\n\nThree.")
    assert studio.job(recording_id)["attempts"] == 3
    assert len(ear.transcriptions) == len(made["segments"]) + 2, "each piece was written down once"
    assert studio.ledger() == [(12, "committed")]
    assert studio.used() == (0, 12)


async def test_a_failure_gives_the_seconds_back_and_another_try_takes_them_again(
    studio: Studio, cast: Cast, ear: Ear, talk: bytes
) -> None:
    studio.options = IN_PIECES
    ear.script = [says("One."), NO_KEY]
    recording_id = studio.upload(cast.editor, cast.workspace_id, talk, "talk.flac")
    await studio.work_off()
    failed = studio.recording(recording_id)
    assert (failed["status"], failed["error_code"]) == ("failed", "provider.unauthorised")
    assert failed["transcript"] is None
    assert (studio.ledger(), studio.used()) == ([(12, "released")], (0, 0))
    ear.script = [says("Two.")]
    studio.call(cast.editor, "retry_job", failed["job_id"])
    assert studio.recording(recording_id)["status"] == "pending"
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["status"], made["error_code"]) == ("transcribed", None)
    assert made["transcript"].startswith("One.\n\nTwo.")
    assert len(ear.transcriptions) == len(made["segments"]) + 1
    assert (studio.ledger(), studio.used()) == ([(12, "committed")], (0, 12))


async def test_without_a_provider_it_says_so(studio: Studio, cast: Cast, memo: bytes) -> None:
    studio.speech = Speech(NoSpeech(), NoSpeech(), NoSpeech())
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["status"], made["error_code"]) == ("failed", "speech.not_configured")
    assert "OPENAI_API_KEY" in made["error_message"]
    assert studio.job(recording_id)["attempts"] == 1
    assert studio.used() == (0, 0)


async def test_above_the_plan_nothing_is_sent(studio: Studio, cast: Cast, ear: Ear, memo: bytes) -> None:
    give_plan(studio.db.admin, cast.workspace_id, "free")
    studio.db.admin.execute("select app.consume(%s, 'voice_seconds', 598)", (cast.workspace_id,))
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["status"], made["error_code"]) == ("failed", "quota.exceeded")
    assert "598 of 600 voice_seconds used, 3 more wanted" in made["error_message"]
    assert made["seconds"] > 2
    assert ear.api.asked == []
    assert studio.ledger() == [(598, "committed")]


async def test_a_plan_without_voice_transcribes_nothing(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    with studio.db.admin.transaction():  # the terms of a plan never change, so the guard is put aside
        studio.db.admin.execute("set local session_replication_role = replica")
        studio.db.admin.execute("delete from public.plan_entitlements where entitlement = 'voice'")
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["status"], made["error_code"]) == ("failed", "plan.not_entitled")
    assert ear.api.asked == []


async def test_cancelled_in_the_middle_and_taken_up_again(
    studio: Studio, cast: Cast, ear: Ear, talk: bytes
) -> None:
    studio.options = IN_PIECES
    never = asyncio.Event()
    ear.script = [says("One."), held(never)]
    recording_id = studio.upload(cast.editor, cast.workspace_id, talk, "talk.flac")
    async with studio.working():
        await until(lambda: len(ear.transcriptions) == 2)
        assert studio.used() == (12, 0)
        studio.call(cast.editor, "cancel_job", studio.job(recording_id)["id"])
        await until(lambda: studio.recording(recording_id)["status"] == "cancelled", 5)
    never.set()
    stopped = studio.recording(recording_id)
    assert (stopped["error_code"], stopped["transcript"]) == ("job.cancelled", None)
    assert studio.used() == (0, 12), "what is cancelled while it runs has been used"
    ear.script = [says("Two.")]
    studio.call(cast.editor, "retry_job", stopped["job_id"])
    await studio.work_off()
    made = studio.recording(recording_id)
    assert made["transcript"].startswith("One.\n\nTwo.")
    assert len(ear.transcriptions) == len(made["segments"]) + 1
    assert studio.used() == (0, 24)


async def test_the_ledger_takes_nothing_for_an_attempt_that_is_over(
    studio: Studio, cast: Cast, memo: bytes
) -> None:
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    job_id = studio.job(recording_id)["id"]
    with studio.db.as_worker() as cursor:
        said = cursor.execute("select code from app.meter_recording(%s, 1, 2.5)", (job_id,)).fetchone()
    assert said == ("job.cancelled",)
    assert studio.ledger() == []


async def heard(studio: Studio, cast: Cast, memo: bytes) -> UUID:
    """A recording of 3 seconds whose answer was read aloud."""
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "answer_recording", recording_id, None, True)
    await studio.work_off()
    assert studio.recording(recording_id)["speech_status"] == "ready"
    return recording_id


def reading_seconds(studio: Studio, recording_id: UUID) -> int:
    """Fifteen characters in a second."""
    answer_id = studio.recording(recording_id)["answer_id"]
    return -(-len(studio.value("select content from public.messages where id = %s", answer_id)) // 15)


async def test_reading_aloud_uses_seconds_each_time(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    ear.script = [says(QUESTION)]
    recording_id = await heard(studio, cast, memo)
    seconds = reading_seconds(studio, recording_id)
    assert studio.ledger() == [(3, "committed"), (seconds, "committed")]
    with studio.db.admin.transaction():  # the platform's staff takes the file away
        path = studio.recording(recording_id)["speech_path"]
        studio.db.admin.execute(INSERT, object_row(cast.editor, path, 1))
        studio.db.admin.execute("set local storage.allow_delete_query = 'true'")
        studio.db.admin.execute("delete from storage.objects where name = %s", (path,))
    studio.call(cast.editor, "answer_recording", recording_id, None, True)
    assert studio.used() == (seconds, 3 + seconds), "held at once, where it is asked for"
    await studio.work_off()
    assert studio.used() == (0, 3 + 2 * seconds)
    assert len(ear.readings) == 2


async def test_nobody_deletes_an_answer_to_hear_it_anew(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    ear.script = [says(QUESTION)]
    recording_id = await heard(studio, cast, memo)
    made = studio.recording(recording_id)
    for path in (made["object_path"], made["speech_path"]):
        studio.db.admin.execute(INSERT + " on conflict do nothing", object_row(cast.editor, path, 1))
    with studio.db.as_user(cast.editor) as cursor:
        cursor.execute("set local storage.allow_delete_query = 'true'")
        names = cursor.execute("delete from storage.objects where bucket_id = %s returning name", (BUCKET,))
        assert names.fetchall() == [(made["object_path"],)]


async def test_without_seconds_left_nothing_is_read_aloud(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    give_plan(studio.db.admin, cast.workspace_id, "free")
    studio.db.admin.execute("select app.consume(%s, 'voice_seconds', 597)", (cast.workspace_id,))
    ear.script = [says(QUESTION)]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "answer_recording", recording_id, None, True)
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["speech_status"], made["speech_error_code"]) == ("failed", "quota.exceeded")
    assert studio.value("select status from public.messages where id = %s", made["answer_id"]) == "complete"
    assert refused(studio, cast.editor, recording_id, None, True) == ("PT402", "quota.exceeded")
    assert ear.readings == []
    assert studio.used() == (0, 600)
