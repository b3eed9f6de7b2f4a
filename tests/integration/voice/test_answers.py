"""What was said is asked as a question of the one who said it, and the answer can be heard."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.contract.providers.vendor import json_reply
from tests.integration.voice.ear import MP3, Ear, says
from tests.integration.voice.studio import BUCKET, Studio
from tests.support.actors import Actor, Cast, give_plan

QUESTION = "Who was the first keeper of the lighthouse?"
HANDBOOK = (
    "The lighthouse was lit for the first time in 1837. Ada Brennan was the first keeper of the lighthouse."
)
REFUSED = json_reply({"error": {"message": "Not this voice", "code": "bad_voice"}}, 400)


async def knows(studio: Studio, cast: Cast) -> None:
    studio.call(cast.editor, "create_text_document", cast.workspace_id, "Handbook", HANDBOOK)
    await studio.work_off()


def refused(studio: Studio, actor: Actor, *arguments: Any) -> tuple[str, str]:
    """SQLSTATE and code with which answer_recording refuses."""
    with pytest.raises(psycopg.Error) as caught:
        studio.call(actor, "answer_recording", *arguments)
    return str(caught.value.sqlstate), str(caught.value.diag.message_detail)


async def test_a_spoken_question_is_answered_and_read_aloud(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    await knows(studio, cast)
    ear.script = [says(QUESTION)]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    wanted = studio.call(cast.editor, "answer_recording", recording_id, None, True)
    assert (wanted["wants_answer"], wanted["wants_speech"], wanted["answer_id"]) == (True, True, None)
    await studio.work_off()
    made = studio.recording(recording_id)
    answer = studio.row("select * from public.messages where id = %s", made["answer_id"])
    question = studio.row("select * from public.messages where id = %s", answer["reply_to"])
    assert (question["content"], question["created_by"]) == (QUESTION, cast.editor.user_id)
    assert (answer["status"], answer["created_by"]) == ("complete", cast.editor.user_id)
    assert "Ada Brennan" in answer["content"]
    assert answer["citations"]
    assert answer["conversation_id"] == made["conversation_id"]
    assert (made["speech_status"], made["speech_is_whole"]) == ("ready", True)
    assert made["speech_path"] == f"{cast.workspace_id}/{cast.editor.user_id}/answers/{answer['id']}.mp3"
    assert (studio.root / BUCKET / made["speech_path"]).read_bytes() == MP3
    (reading,) = ear.readings
    assert "Ada Brennan" in reading.fields["input"]
    assert "[1]" not in reading.fields["input"]
    assert (reading.fields["voice"], reading.fields["response_format"]) == ("alloy", "mp3")
    jobs = studio.db.rows("select kind, created_by from public.jobs where kind ~ '^voice' order by id")
    assert [kind for kind, _ in jobs] == ["voice.transcribe", "voice.ask", "voice.speak"]
    assert {by for _, by in jobs} == {cast.editor.user_id}
    assert studio.ledger("requests") == [(1, "committed")]


async def test_asked_after_the_transcript_and_only_once(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    await knows(studio, cast)
    ear.script = [says(QUESTION)]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    await studio.work_off()
    first = studio.call(cast.editor, "answer_recording", recording_id)
    again = studio.call(cast.editor, "answer_recording", recording_id)
    assert first["answer_id"] == again["answer_id"] is not None
    await studio.work_off()
    assert studio.recording(recording_id)["speech_status"] is None
    heard = studio.call(cast.editor, "answer_recording", recording_id, None, True)
    assert (heard["answer_id"], heard["speech_status"]) == (first["answer_id"], "pending")
    await studio.work_off()
    assert studio.recording(recording_id)["speech_status"] == "ready"
    assert studio.value("select count(*) from public.messages") == 2
    assert len(ear.readings) == 1


async def test_it_joins_a_conversation_of_ones_own(studio: Studio, cast: Cast, ear: Ear, memo: bytes) -> None:
    with studio.db.as_user(cast.editor) as cursor:
        row = cursor.execute(
            "insert into public.conversations (workspace_id) values (%s) returning id", (cast.workspace_id,)
        ).fetchone()
    assert row is not None
    ear.script = [says(QUESTION), says(QUESTION)]
    mine = studio.upload(cast.editor, cast.workspace_id, memo)
    theirs = studio.upload(cast.sales, cast.workspace_id, memo)
    assert refused(studio, cast.sales, theirs, row[0]) == ("PT404", "conversation.not_found")
    studio.call(cast.editor, "answer_recording", mine, row[0])
    await studio.work_off()
    found = studio.value(
        "select conversation_id from public.messages where id = %s", studio.recording(mine)["answer_id"]
    )
    assert found == row[0]


async def test_only_its_own_user_asks(studio: Studio, cast: Cast, memo: bytes) -> None:
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    assert refused(studio, cast.owner, recording_id) == ("PT403", "recording.forbidden")
    assert refused(studio, cast.sales, recording_id) == ("PT404", "recording.not_found")
    assert refused(studio, cast.stranger, recording_id) == ("PT404", "recording.not_found")


@pytest.mark.parametrize(("said", "code"), [("", "ask.bad_question"), ("Word. " * 1000, "ask.bad_question")])
async def test_what_is_no_question_leaves_the_transcript(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes, said: str, code: str
) -> None:
    ear.script = [says(said)]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "answer_recording", recording_id, None, True)
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["status"], made["error_code"], made["transcript"]) == ("transcribed", None, said.strip())
    assert (made["answer_id"], made["answer_error_code"]) == (None, code)
    assert made["answer_error_message"]
    assert studio.used() == (0, 3)


async def test_without_requests_left_the_transcript_stays(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    give_plan(studio.db.admin, cast.workspace_id, "free")
    studio.db.admin.execute("select app.consume(%s, 'requests', 100)", (cast.workspace_id,))
    ear.script = [says(QUESTION)]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "answer_recording", recording_id)
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["transcript"], made["answer_error_code"]) == (QUESTION, "quota.exceeded")
    assert refused(studio, cast.editor, recording_id) == ("PT402", "quota.exceeded")
    give_plan(studio.db.admin, cast.workspace_id, "enterprise")
    assert studio.call(cast.editor, "answer_recording", recording_id)["answer_error_code"] is None


async def test_who_has_left_asks_nothing(studio: Studio, cast: Cast, ear: Ear, memo: bytes) -> None:
    ear.script = [says(QUESTION)]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "answer_recording", recording_id)
    studio.db.admin.execute(
        "delete from public.workspace_members where workspace_id = %s and user_id = %s",
        (cast.workspace_id, cast.editor.user_id),
    )
    await studio.work_off()
    assert studio.recording(recording_id)["answer_error_code"] == "workspace.not_found"
    assert studio.value("select count(*) from public.messages") == 0


async def test_speech_that_fails_changes_nothing_else(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    await knows(studio, cast)
    ear.script, ear.spoken = [says(QUESTION)], [REFUSED]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "answer_recording", recording_id, None, True)
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["status"], made["error_code"], made["answer_error_code"]) == ("transcribed", None, None)
    assert (made["speech_status"], made["speech_path"]) == ("failed", None)
    assert made["speech_error_code"] == "provider.bad_request"
    assert studio.value("select status from public.messages where id = %s", made["answer_id"]) == "complete"
    studio.call(cast.editor, "retry_job", studio.job(recording_id, "speak")["id"])
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["speech_status"], made["speech_error_code"]) == ("ready", None)


async def test_speech_goes_with_its_conversation(studio: Studio, cast: Cast, ear: Ear, memo: bytes) -> None:
    ear.script = [says(QUESTION)]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "answer_recording", recording_id, None, True)
    await studio.work_off()
    assert len(studio.files()) == 2
    with studio.db.as_user(cast.editor) as cursor:
        cursor.execute("delete from public.conversations")
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["answer_id"], made["speech_path"], made["speech_status"]) == (None, None, None)
    assert (made["transcript"], made["conversation_id"]) == (QUESTION, None)
    assert [name.rpartition("/")[2] for name in studio.files()] == ["memo.ogg"]
    studio.call(cast.editor, "answer_recording", recording_id, None, True)
    await studio.work_off()
    assert studio.recording(recording_id)["speech_status"] == "ready", "and can be asked anew"
