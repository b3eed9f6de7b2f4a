"""The bucket and the files in it: whose folder is whose, and that nothing outlives its row."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from tests.integration.voice.ear import Ear, says
from tests.integration.voice.studio import BUCKET, INSERT, Studio, object_row
from tests.support.actors import Actor, Cast

KINDS = (
    "own", "viewer's own", "another's", "another workspace's", "answers", "dots", "no user",
    "answers as a file", "no name", "loud workspace", "loud user",
)  # fmt: skip


def path_of(cast: Cast, kind: str) -> tuple[Actor, str]:
    ws, editor = cast.workspace_id, cast.editor
    return {
        "own": (editor, f"{ws}/{editor.user_id}/a.ogg"),
        "viewer's own": (cast.viewer, f"{ws}/{cast.viewer.user_id}/a.ogg"),
        "another's": (editor, f"{ws}/{cast.sales.user_id}/a.ogg"),
        "another workspace's": (cast.stranger, f"{ws}/{cast.stranger.user_id}/a.ogg"),
        "answers": (editor, f"{ws}/{editor.user_id}/answers/a.mp3"),
        "dots": (editor, f"{ws}/{editor.user_id}/../x/a.ogg"),
        "no user": (editor, f"{ws}/a.ogg"),
        "answers as a file": (editor, f"{ws}/{editor.user_id}/answers"),
        "no name": (editor, f"{ws}/{editor.user_id}/"),
        "loud workspace": (editor, f"{str(ws).upper()}/{editor.user_id}/a.ogg"),
        "loud user": (editor, f"{ws}/{str(editor.user_id).upper()}/a.ogg"),
    }[kind]


@pytest.mark.parametrize("kind", KINDS)
async def test_one_uploads_into_ones_own_folder_only(studio: Studio, cast: Cast, kind: str) -> None:
    actor, path = path_of(cast, kind)
    with studio.db.as_user(actor) as cursor:
        if kind == "own":
            cursor.execute(INSERT, object_row(actor, path, 1))
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                cursor.execute(INSERT, object_row(actor, path, 1))
    assert studio.value("select count(*) from public.recordings") == int(kind == "own")


async def test_nothing_is_overwritten_or_moved(studio: Studio, cast: Cast, memo: bytes) -> None:
    studio.upload(cast.editor, cast.workspace_id, memo)
    with studio.db.as_user(cast.editor) as cursor:
        cursor.execute("update storage.objects set name = name || '2' where bucket_id = %s", (BUCKET,))
        assert cursor.rowcount == 0


async def test_files_are_read_by_whose_they_are_and_who_reads_every_conversation(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    ear.script = [says("When?")]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "answer_recording", recording_id, None, True)
    await studio.work_off()
    speech = studio.recording(recording_id)["speech_path"]
    studio.db.admin.execute(INSERT, object_row(cast.editor, speech, 1))  # as the storage door notes it
    seen = {}
    for actor in (*cast.members(), cast.stranger):
        with studio.db.as_user(actor) as cursor:
            cursor.execute("select 1 from storage.objects where bucket_id = %s", (BUCKET,))
            seen[actor.name] = cursor.rowcount
    readers = {"owner", "admin", "editor", "support"}
    assert seen == {name: 2 * int(name in readers) for name in seen}
    assert studio.value("select count(*) from public.recordings") == 1, "speech is no recording"


async def test_a_deleted_recording_takes_everything_along(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    ear.script = [says("When?")]
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "answer_recording", recording_id, None, True)
    await studio.work_off()
    path = studio.recording(recording_id)["speech_path"]
    studio.db.admin.execute(INSERT, object_row(cast.editor, path, 1))
    with pytest.raises(psycopg.Error) as caught:
        studio.call(cast.owner, "delete_recording", recording_id)
    assert caught.value.diag.message_detail == "recording.forbidden"
    studio.call(cast.editor, "delete_recording", recording_id)
    assert studio.value("select count(*) from public.recordings") == 0
    await studio.work_off()
    assert studio.files() == []
    assert studio.value("select count(*) from public.messages") == 2, "the conversation stays"


async def test_who_manages_members_deletes_what_people_left_behind(
    studio: Studio, cast: Cast, memo: bytes
) -> None:
    recording_id = studio.upload(cast.sales, cast.workspace_id, memo)
    studio.call(cast.owner, "remove_member", cast.workspace_id, cast.sales.user_id)
    for actor, code in (
        (cast.support, "workspace.forbidden"),
        (cast.editor, "recording.not_found"),
        (cast.sales, "recording.not_found"),
    ):
        with pytest.raises(psycopg.Error) as caught:
            studio.call(actor, "delete_recording", recording_id)
        assert caught.value.diag.message_detail == code, actor.name
    kept = "select committed from app.usage_counters where metric = 'storage_bytes'"
    assert studio.value(kept) == len(memo)
    studio.call(cast.admin, "delete_recording", recording_id)
    assert studio.value(kept) == 0
    said = studio.row("select actor_id, subject from public.audit_log where action = 'recording.deleted'")
    assert said == {"actor_id": cast.admin.user_id, "subject": str(recording_id)}
    await studio.work_off()
    assert studio.files() == []


async def test_ones_own_is_deleted_without_a_word_in_the_audit(
    studio: Studio, cast: Cast, memo: bytes
) -> None:
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    role = "update public.workspace_members set role = 'viewer' where user_id = %s"
    studio.db.admin.execute(role, (cast.editor.user_id,))
    studio.call(cast.editor, "delete_recording", recording_id)
    assert studio.value("select count(*) from public.audit_log where action = 'recording.deleted'") == 0


async def test_deleted_before_its_turn_it_costs_nothing(
    studio: Studio, cast: Cast, ear: Ear, memo: bytes
) -> None:
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    studio.call(cast.editor, "delete_recording", recording_id)
    await studio.work_off()
    assert ear.api.asked == []
    assert studio.ledger() == []
    assert studio.files() == []


async def test_a_file_removed_at_the_door_takes_its_recording_along(
    studio: Studio, cast: Cast, memo: bytes
) -> None:
    recording_id = studio.upload(cast.editor, cast.workspace_id, memo)
    path = studio.recording(recording_id)["object_path"]
    with studio.db.admin.transaction():
        studio.db.admin.execute("set local storage.allow_delete_query = 'true'")
        studio.db.admin.execute("delete from storage.objects where name = %s", (path,))
    assert studio.value("select count(*) from public.recordings") == 0
    assert studio.value("select status from public.jobs where kind = 'voice.transcribe'") == "cancelled"


async def test_a_file_of_nobodys_folder_is_no_recording(studio: Studio, cast: Cast) -> None:
    for path in (f"{cast.workspace_id}/{uuid4()}/a.ogg", "a.ogg", f"{uuid4()}/{cast.editor.user_id}/a.ogg"):
        studio.db.admin.execute(INSERT, object_row(cast.editor, path, 1))
    assert studio.value("select count(*) from public.recordings") == 0
