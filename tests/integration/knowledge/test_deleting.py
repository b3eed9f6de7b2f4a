"""Documents go in any state: rows, chunks, queued work and the file."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.integration.identity.calls import refused
from tests.integration.jobs.engine import until
from tests.integration.knowledge.house import BUCKET, House, paragraphs
from tests.integration.knowledge.stubs import RecordingEmbedder
from tests.support import pdfs
from tests.support.actors import Actor, Cast

TEXT = "The lighthouse of Morvan was lit in 1871. Its keeper was called Ada Brennan. " * 6


def delete(house: House, actor: Actor, document_id: UUID) -> None:
    house.call(actor, "delete_document", document_id)


def assert_gone(house: House, document_id: UUID) -> None:
    assert house.row("select id from public.documents where id = %s", document_id) is None
    assert house.chunks(document_id) == []
    assert (
        house.db.value(
            "select count(*) from public.jobs where subject_id = %s and gate <> 'closed'", document_id
        )
        == 0
    )


async def test_a_pending_document_goes_with_its_queued_job(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    document_id = house.upload(cast.editor, name, pdfs.pages([TEXT]))
    delete(house, cast.editor, document_id)
    assert_gone(house, document_id)
    assert [job["status"] for job in house.jobs("ingest_document")] == ["cancelled"]
    (removal,) = house.jobs("remove_object", "queued")
    assert removal["args"] == {"bucket": BUCKET, "path": name}
    assert removal["workspace_id"] == cast.workspace_id
    await house.work_off()
    assert not house.holds(name)


async def test_a_running_ingest_is_stopped_and_writes_nothing(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    house.embedder = embedder = RecordingEmbedder()
    embedder.hold()
    document_id = house.upload(cast.editor, name, pdfs.pages([TEXT]))
    async with house.working():
        await until(lambda: house.document(document_id)["stage"] == "embedding")
        assert house.document(document_id)["status"] == "processing"
        delete(house, cast.editor, document_id)
        await until(lambda: house.jobs("ingest_document")[0]["status"] == "cancelled")
        await until(lambda: not house.holds(name))
    assert_gone(house, document_id)


@pytest.mark.parametrize("kind", ["pdf", "text"])
async def test_a_processed_document_goes_with_chunks_and_file(house: House, cast: Cast, kind: str) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    if kind == "pdf":
        document_id = house.upload(cast.editor, name, pdfs.pages([TEXT]))
    else:
        document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon"))
    await house.work_off()
    assert house.chunks(document_id)
    delete(house, cast.editor, document_id)
    assert_gone(house, document_id)
    assert len(house.jobs("remove_object")) == (1 if kind == "pdf" else 0)
    assert house.db.value("select count(*) from public.document_versions") == 0
    assert house.call_rows(cast.viewer, "search_chunks", cast.workspace_id, "lighthouse Avon") == []
    await house.work_off()
    assert not house.holds(name)


def test_a_document_does_not_wait_for_a_job_deleted_while_it_ran(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, "The mill stands.")
    claim = "select id from app.claim_jobs('w', '{ingest}', '{1}', '{knowledge.ingest_document}', 60)"
    with house.db.as_worker() as cursor:
        (job_id,) = cursor.execute(claim).fetchone() or ()
    assert house.document(document_id)["status"] == "processing"
    house.call_rows(cast.editor, "delete_job", job_id)
    document = house.document(document_id)
    assert (document["status"], document["error_code"]) == ("failed", "job.cancelled")
    assert house.jobs("ingest_document") == []


async def test_a_failed_document_goes_too(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    document_id = house.upload(cast.editor, name, pdfs.not_a_pdf())
    await house.work_off()
    assert house.document(document_id)["status"] == "failed"
    delete(house, cast.editor, document_id)
    await house.work_off()
    assert_gone(house, document_id)
    assert not house.holds(name)


async def test_an_ingest_whose_document_vanished_ends_quietly(house: House, cast: Cast) -> None:
    """As when the file is removed through the Storage API."""
    house.embedder = embedder = RecordingEmbedder()
    embedder.hold()
    names = [f"{cast.workspace_id}/{letter}.pdf" for letter in "ab"]
    running = house.upload(cast.editor, names[0], pdfs.pages([TEXT]))
    async with house.working(ingest=1):
        await until(lambda: house.document(running)["stage"] == "embedding")
        queued = house.upload(cast.editor, names[1], pdfs.pages([TEXT]))
        with house.db.as_user(cast.editor) as cursor:
            cursor.execute("delete from storage.objects where bucket_id = %s", (BUCKET,))
            assert cursor.rowcount == 2
        embedder.release()
        await until(lambda: len(house.jobs("ingest_document", "succeeded")) == 2)
    assert_gone(house, running)
    assert_gone(house, queued)
    assert house.jobs("remove_object") == []


async def test_a_file_uploaded_again_is_not_removed(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    first = house.upload(cast.editor, name, pdfs.pages([TEXT]))
    delete(house, cast.editor, first)
    house.overwrite(cast.editor, name, pdfs.pages([TEXT, TEXT]))
    second = house.document_at(name)
    assert second not in (None, first)
    await house.work_off()
    assert house.holds(name)
    assert house.document(second)["status"] == "processed"
    assert [job["status"] for job in house.jobs("remove_object")] == ["succeeded"]


async def test_the_files_of_a_deleted_workspace_are_removed(house: House, cast: Cast) -> None:
    names = [f"{cast.workspace_id}/{letter}.pdf" for letter in "ab"]
    for name in names:
        house.upload(cast.editor, name, pdfs.pages([TEXT]))
    house.write(cast.editor, cast.workspace_id, paragraphs("Avon"))
    house.call(cast.owner, "delete_workspace", cast.workspace_id)
    await house.work_off()
    assert house.db.value("select count(*) from public.documents") == 0
    assert [job["status"] for job in house.jobs("remove_object")] == ["succeeded"] * 2
    assert not any(map(house.holds, names))


def test_who_may_not_write_deletes_nothing(house: House, cast: Cast) -> None:
    document_id = house.upload(cast.editor, f"{cast.workspace_id}/a.pdf", pdfs.handbook())
    with refused(403, "workspace.forbidden"):
        delete(house, cast.viewer, document_id)
    with refused(404, "document.not_found"):
        delete(house, cast.stranger, document_id)
    assert house.document(document_id)["status"] == "pending"
    assert house.jobs("remove_object") == []
