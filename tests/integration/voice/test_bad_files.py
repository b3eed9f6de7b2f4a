"""Files that are no recording, too long, too large or gone: each has its code, and none is sent anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.voice.ear import Ear
from tests.integration.voice.studio import BUCKET, Studio
from tests.support.actors import Cast, give_plan
from tests.support.recordings import silence, tone, write
from worker.domains.voice.ports import VoiceOptions
from worker.providers.speech.splitting import Limits
from worker.sandbox import ProcessSandbox, SandboxLimits

SMALL = VoiceOptions(limits=Limits(recording_seconds=2.0), max_bytes=1024 * 1024)


def made(tmp_path: Path, kind: str) -> bytes:
    """A bad file of this kind."""
    path = tmp_path / "made.flac"
    return {
        "nothing": lambda: b"",
        "text": lambda: b"This is no recording at all, but a text. " * 50,
        "playlist": lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        "damaged": lambda: write(path, [tone(1)]).read_bytes()[:30] + b"\x55" * 4000,
        "quiet": lambda: write(path, [silence(1)]).read_bytes(),
        "short": lambda: write(path, [tone(0.05)]).read_bytes(),
        "long": lambda: write(path, [tone(3)]).read_bytes(),
        "large": lambda: b"RIFF" + bytes(1024 * 1024),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("nothing", "audio.empty"),
        ("text", "audio.unreadable"),
        ("playlist", "audio.unreadable"),
        ("damaged", "audio.unreadable"),
        ("quiet", "audio.empty"),
        ("short", "audio.empty"),
        ("long", "audio.too_long"),
        ("large", "audio.too_large"),
    ],
)
async def test_each_has_its_code(
    guarded: Studio, cast: Cast, ear: Ear, tmp_path: Path, kind: str, code: str
) -> None:
    guarded.options = SMALL
    recording_id = guarded.upload(cast.editor, cast.workspace_id, made(tmp_path, kind))
    await guarded.work_off()
    row = guarded.recording(recording_id)
    assert (row["status"], row["error_code"]) == ("failed", code)
    assert len(row["error_message"]) > 10
    assert guarded.job(recording_id)["attempts"] == 1, "it is not tried again"
    assert ear.api.asked == []
    assert guarded.ledger() == []


async def test_a_file_that_is_gone(studio: Studio, cast: Cast, memo: bytes) -> None:
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    (studio.root / BUCKET / studio.recording(recording_id)["object_path"]).unlink()
    await studio.work_off()
    assert studio.recording(recording_id)["error_code"] == "audio.file_missing"


async def test_what_takes_too_much_to_read(studio: Studio, cast: Cast, tmp_path: Path) -> None:
    sandbox = ProcessSandbox(SandboxLimits(cpu_seconds=1, wall_seconds=30))
    studio.sandbox = sandbox
    hour = write(tmp_path / "hour.mp3", [tone(30)]).read_bytes() * 120
    studio.options = VoiceOptions(limits=Limits(recording_seconds=7200.0))
    recording_id = studio.upload(cast.editor, cast.workspace_id, hour, "hour.mp3")
    await studio.work_off()
    await sandbox.close()
    assert studio.recording(recording_id)["error_code"] == "audio.bomb"


async def test_bytes_above_the_plan_are_refused_and_removed(studio: Studio, cast: Cast, memo: bytes) -> None:
    give_plan(studio.db.admin, cast.workspace_id, "free")
    full = 104857600 - len(memo) + 1
    studio.db.admin.execute("select app.consume(%s, 'storage_bytes', %s)", (cast.workspace_id, full))
    assert studio.upload(cast.editor, cast.workspace_id, memo) is None
    row = studio.row("select * from public.recordings")
    assert (row["status"], row["error_code"], row["object_path"]) == ("failed", "quota.exceeded", None)
    assert row["created_by"] == cast.editor.user_id
    await studio.work_off()
    assert studio.files() == []


async def test_bytes_count_while_the_recording_is_there(studio: Studio, cast: Cast, memo: bytes) -> None:
    used = "select committed from app.usage_counters where metric = 'storage_bytes' and workspace_id = %s"
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    assert studio.value(used, cast.workspace_id) == len(memo)
    studio.call(cast.editor, "delete_recording", recording_id)
    assert studio.value(used, cast.workspace_id) == 0
