"""Recordings become transcripts: short and long ones, in order, seen by whose they are."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.integration.voice.ear import Ear, says
from tests.integration.voice.studio import Studio
from tests.support.actors import Cast
from tests.support.recordings import silence, tone, write
from worker.domains.voice.ports import VoiceOptions
from worker.providers.speech.splitting import Limits

IN_PIECES = VoiceOptions(limits=Limits(seconds=4.0, search=2.0, recording_seconds=60.0))


async def test_what_is_said_is_written_down(studio: Studio, cast: Cast, ear: Ear, memo: bytes) -> None:
    ear.script = [says("  Bonjour à tous. ", "fr")]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo, "Réunion.ogg")
    before = studio.recording(recording_id)
    assert (before["status"], before["title"], before["byte_size"]) == ("pending", "Réunion.ogg", len(memo))
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["status"], made["stage"], made["error_code"]) == ("transcribed", None, None)
    assert (made["transcript"], made["language"], made["model"]) == (
        "Bonjour à tous.", "fr", "openai:gpt-transcribe",
    )  # fmt: skip
    assert made["seconds"] == pytest.approx(2.5, abs=0.05)
    (segment,) = made["segments"]
    assert (segment["start"], segment["text"]) == (0.0, "Bonjour à tous.")
    assert segment["end"] == pytest.approx(2.5, abs=0.05)
    assert made["transcribed_at"] is not None
    assert made["answer_id"] is None
    name, mime, content = ear.transcriptions[0].fields["file"]
    assert (name, mime, content) == ("audio.ogg", "audio/ogg", memo)


async def test_pieces_are_put_together_in_order(studio: Studio, cast: Cast, ear: Ear, talk: bytes) -> None:
    studio.options = IN_PIECES
    recording_id = studio.upload(cast.editor, cast.workspace_id, talk, "talk.flac")
    await studio.work_off()
    made = studio.recording(recording_id)
    count = len(ear.transcriptions)
    assert count >= 3
    assert made["transcript"] == "\n\n".join(f"Sentence {number}." for number in range(1, count + 1))
    segments = made["segments"]
    assert [each["text"] for each in segments] == [f"Sentence {number}." for number in range(1, count + 1)]
    assert segments[0]["start"] == 0
    assert all(a["end"] == b["start"] > a["start"] for a, b in pairwise(segments))
    assert segments[-1]["end"] == pytest.approx(made["seconds"], abs=0.001) == pytest.approx(12.0, abs=0.1)
    assert studio.value("select count(*) from app.recording_pieces") == 0
    assert studio.ledger() == [(12, "committed")]


async def test_longer_than_a_request_may_be_is_split_at_a_pause(
    guarded: Studio, cast: Cast, ear: Ear, tmp_path: Path
) -> None:
    """Twenty-one minutes with our real limits and the real sandbox: one request holds twenty."""
    said = tone(18)
    said.extend(silence(2))
    data = write(tmp_path / "meeting.ogg", [said] * 63).read_bytes()
    recording_id = guarded.upload(cast.editor, cast.workspace_id, data, "meeting.ogg")
    await guarded.work_off()
    made = guarded.recording(recording_id)
    assert (made["status"], made["error_code"]) == ("transcribed", None)
    assert len(made["segments"]) == len(ear.transcriptions) == 2
    assert 18 <= made["segments"][1]["start"] % 20 < 20, "cut where somebody paused"
    assert made["seconds"] == pytest.approx(1260, abs=0.1)
    assert guarded.ledger()[0][1] == "committed"
    assert all(asked.size < 26_214_400 for asked in ear.transcriptions)


async def test_silence_of_the_recogniser_is_an_empty_transcript(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    ear.script = [says("")]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    await studio.work_off()
    made = studio.recording(recording_id)
    assert (made["status"], made["transcript"], made["segments"]) == ("transcribed", "", [])


async def test_its_user_hears_each_step_and_nobody_else(studio: Studio, cast: Cast, memo: bytes) -> None:
    studio.upload(cast.editor, cast.workspace_id, memo)
    await studio.work_off()
    sent = studio.db.rows(
        "select topic, payload ->> 'status', payload ->> 'stage', private from realtime.messages"
        " where event = 'recording' order by inserted_at"
    )
    assert {row[0] for row in sent} == {f"user:{cast.editor.user_id}"}
    assert [row[1] for row in sent if row[2] is None] == ["pending", "processing", "transcribed"]
    assert [row[2] for row in sent if row[2]] == ["fetching", "reading", "transcribing"]
    assert all(row[3] for row in sent)


async def test_a_transcript_is_as_private_as_a_conversation(studio: Studio, cast: Cast, memo: bytes) -> None:
    studio.upload(cast.editor, cast.workspace_id, memo)
    seen = {}
    for actor in (*cast.members(), cast.stranger):
        with studio.db.as_user(actor) as cursor:
            counted = cursor.execute("select count(*) from public.recordings").fetchone()
            assert counted is not None
            seen[actor.name] = counted[0]
    readers = {"owner", "admin", "editor", "support"}
    assert seen == {name: int(name in readers) for name in seen}
    assert len(seen) == 8
