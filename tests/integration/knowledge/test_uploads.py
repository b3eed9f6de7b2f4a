"""Uploaded PDFs: registered with the upload, read in the sandbox, replaced by overwriting."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import psycopg
import pytest

from tests.integration.identity.calls import denied
from tests.integration.jobs.engine import until
from tests.integration.knowledge.house import BUCKET, House, metadata_of
from tests.integration.knowledge.stubs import RecordingEmbedder
from tests.support import pdfs
from tests.support.actors import Cast

FIRST = "The lighthouse of Morvan was lit in 1871. Its keeper was called Ada Brennan. " * 6
SECOND = "The harbour of Morvan was dredged in 1902. Its pilot was called Tom Quill. " * 6
THIRD = "The chapel of Morvan was roofed in 1955. Its priest was called Luc Marin. " * 6


def test_an_upload_registers_document_and_job(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/reports/Annual report.pdf"
    document = house.document(house.upload(cast.editor, name, pdfs.handbook()))
    assert (document["kind"], document["title"]) == ("pdf", "Annual report.pdf")
    assert (document["status"], document["version"]) == ("pending", 1)
    assert (document["workspace_id"], document["created_by"]) == (cast.workspace_id, cast.editor.user_id)
    assert document["byte_size"] == len(pdfs.handbook())
    (job,) = house.jobs("ingest_document")
    assert (job["subject_id"], job["args"], job["status"]) == (document["id"], {"version": 1}, "queued")


def test_the_uploader_is_known_when_the_storage_door_writes_as_service(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    with house.db.as_service() as cursor:
        cursor.execute(
            "insert into storage.objects (bucket_id, name, owner, owner_id, metadata, version)"
            " values (%s, %s, %s, %s, %s, 'v1')",
            (BUCKET, name, cast.editor.user_id, str(cast.editor.user_id), metadata_of(b"x")),
        )
    assert house.document(house.document_at(name))["created_by"] == cast.editor.user_id


def test_an_upload_that_is_rolled_back_leaves_nothing(house: House, cast: Cast) -> None:
    with house.db.as_user(cast.editor) as cursor:
        cursor.execute(
            "insert into storage.objects (bucket_id, name, metadata) values (%s, %s, %s)",
            (BUCKET, f"{cast.workspace_id}/a.pdf", metadata_of(b"x")),
        )
        cursor.connection.rollback()
    assert house.db.rows("select id from public.documents") == []
    assert house.jobs("ingest_document") == []


def test_an_upload_counts_when_it_is_complete_and_a_download_is_none(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    with house.db.as_user(cast.editor) as cursor:
        cursor.execute("insert into storage.objects (bucket_id, name) values (%s, %s)", (BUCKET, name))
    assert house.db.rows("select id from public.documents") == []
    house.overwrite(cast.editor, name, b"%PDF-1.7")
    assert house.document(house.document_at(name))["version"] == 1
    with house.db.as_service() as cursor:
        cursor.execute("update storage.objects set last_accessed_at = now(), user_metadata = '{}'")
    assert house.document(house.document_at(name))["version"] == 1
    assert len(house.jobs("ingest_document")) == 1


def test_only_who_may_write_uploads_and_only_into_their_workspace(house: House, cast: Cast) -> None:
    insert = "insert into storage.objects (bucket_id, name, metadata) values (%s, %s, %s)"
    for actor in (cast.viewer, cast.sales, cast.stranger):
        with denied(), house.db.as_user(actor) as cursor:
            cursor.execute(insert, (BUCKET, f"{cast.workspace_id}/a.pdf", metadata_of(b"x")))
    for name in ("loose.pdf", f"{uuid4()}/a.pdf", f"a/{cast.workspace_id}/a.pdf"):
        with denied(), house.db.as_user(cast.editor) as cursor:
            cursor.execute(insert, (BUCKET, name, metadata_of(b"x")))
    assert house.db.rows("select id from public.documents") == []


@pytest.mark.parametrize("way", ["{own}/../{other}/a.pdf", "{own}/./a.pdf", "{own}/b/..", "{own}/../a.pdf"])
def test_no_name_leads_out_of_its_folder(house: House, cast: Cast, way: str) -> None:
    name = way.format(own=cast.workspace_id, other=uuid4())
    insert = "insert into storage.objects (bucket_id, name, metadata) values (%s, %s, %s)"
    with denied(), house.db.as_user(cast.editor) as cursor:
        cursor.execute(insert, (BUCKET, name, metadata_of(b"x")))
    honest = f"{cast.workspace_id}/..a/b..c.pdf"
    house.upload(cast.editor, honest, pdfs.handbook())
    with denied(), house.db.as_user(cast.editor) as cursor:
        cursor.execute("update storage.objects set name = %s where name = %s", (name, honest))


def test_a_folder_in_capital_letters_is_the_same_workspace(house: House, cast: Cast) -> None:
    document_id = house.upload(cast.editor, f"{str(cast.workspace_id).upper()}/a.pdf", pdfs.handbook())
    assert house.document(document_id)["workspace_id"] == cast.workspace_id


async def test_a_pdf_becomes_searchable_with_its_pages(guarded: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/morvan.pdf"
    document_id = guarded.upload(cast.editor, name, pdfs.pages([FIRST, SECOND, THIRD]))
    await guarded.work_off()
    document = guarded.document(document_id)
    assert (document["status"], document["page_count"], document["language"]) == ("processed", 3, "english")
    assert document["content_hash"] == hashlib.sha256((guarded.bucket / name).read_bytes()).digest()
    chunks = guarded.chunks(document_id)
    assert document["chunk_count"] == len(chunks)
    for page, keeper in ((1, "Ada Brennan"), (2, "Tom Quill"), (3, "Luc Marin")):
        holding = [chunk for chunk in chunks if keeper in chunk["content"]]
        assert any(chunk["page_from"] <= page <= chunk["page_to"] for chunk in holding)
    hits = guarded.call_rows(cast.viewer, "search_chunks", cast.workspace_id, "pilot dredged harbour")
    assert hits[0]["document_id"] == document_id
    assert hits[0]["page_from"] <= 2 <= hits[0]["page_to"]


async def test_members_hear_each_step(house: House, cast: Cast) -> None:
    house.upload(cast.editor, f"{cast.workspace_id}/a.pdf", pdfs.pages([FIRST]))
    await house.work_off()
    sent = house.db.rows(
        "select payload ->> 'status', payload ->> 'stage', private from realtime.messages"
        " where topic = %s and event = 'document' order by inserted_at",
        f"workspace:{cast.workspace_id}",
    )
    assert [row[0] for row in sent if row[1] is None] == ["pending", "processing", "processed"]
    assert [row[1] for row in sent if row[1]] == ["fetching", "reading", "embedding", "saving"]
    assert all(row[2] for row in sent)


async def test_an_overwritten_pdf_is_the_next_version(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/morvan.pdf"
    house.embedder = embedder = RecordingEmbedder()
    document_id = house.upload(cast.editor, name, pdfs.pages([FIRST, SECOND]))
    await house.work_off()
    before = house.chunks(document_id)
    house.overwrite(cast.editor, name, pdfs.pages([FIRST, THIRD]))
    document = house.document(document_id)
    assert (document["status"], document["version"], document["processed_version"]) == ("pending", 2, 1)
    assert house.chunks(document_id) == before  # the old version stays searchable meanwhile
    embedder.texts.clear()
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["processed_version"]) == ("processed", 2)
    text = " ".join(chunk["content"] for chunk in house.chunks(document_id))
    assert "Ada Brennan" in text
    assert "Luc Marin" in text
    assert "Tom Quill" not in text
    known = {chunk["content_hash"] for chunk in before}
    fresh = [chunk for chunk in house.chunks(document_id) if chunk["content_hash"] not in known]
    assert len(embedder.texts) == len(fresh)


async def test_the_same_file_again_is_not_embedded_again(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/morvan.pdf"
    house.embedder = embedder = RecordingEmbedder()
    data = pdfs.pages([FIRST])
    document_id = house.upload(cast.editor, name, data)
    await house.work_off()
    before = house.chunks(document_id)
    embedder.texts.clear()
    house.overwrite(cast.editor, name, data)
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["version"], document["processed_version"]) == ("processed", 2, 2)
    assert embedder.texts == []
    assert house.chunks(document_id) == before


async def test_an_overwrite_while_the_old_file_is_processed_wins(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/morvan.pdf"
    house.embedder = embedder = RecordingEmbedder()
    embedder.hold()
    document_id = house.upload(cast.editor, name, pdfs.pages([FIRST]))
    async with house.working():
        await until(lambda: house.document(document_id)["stage"] == "embedding")
        house.overwrite(cast.editor, name, pdfs.pages([SECOND]))
        embedder.release()
        await house.reach(document_id, "processed")
    document = house.document(document_id)
    assert (document["version"], document["processed_version"]) == (2, 2)
    text = " ".join(chunk["content"] for chunk in house.chunks(document_id))
    assert "Tom Quill" in text
    assert "Ada Brennan" not in text
    assert [job["status"] for job in house.jobs("ingest_document")] == ["succeeded", "succeeded"]


async def test_a_file_moved_within_its_workspace_stays_the_same_document(house: House, cast: Cast) -> None:
    old, new = f"{cast.workspace_id}/old.pdf", f"{cast.workspace_id}/folder/new.pdf"
    document_id = house.upload(cast.editor, old, pdfs.pages([FIRST]))
    await house.work_off()
    before = house.chunks(document_id)
    house.move(cast.editor, old, new)
    assert house.document_at(new) == document_id
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["processed_version"]) == ("processed", document["version"])
    assert house.chunks(document_id) == before
    assert house.holds(new)


async def test_a_file_moved_to_another_workspace_is_a_document_there(house: House, cast: Cast) -> None:
    other = house.call(cast.editor, "create_workspace", "Another")["id"]
    old, new = f"{cast.workspace_id}/a.pdf", f"{other}/a.pdf"
    document_id = house.upload(cast.editor, old, pdfs.pages([FIRST]))
    await house.work_off()
    house.move(cast.editor, old, new)
    assert house.row("select id from public.documents where id = %s", document_id) is None
    await house.work_off()
    document = house.document(house.document_at(new))
    assert (document["status"], document["workspace_id"]) == ("processed", other)
    assert {chunk["workspace_id"] for chunk in house.chunks(document["id"])} == {other}
    assert (
        house.db.value("select count(*) from public.chunks where workspace_id = %s", cast.workspace_id) == 0
    )
    assert house.holds(new)


def test_members_rename_and_change_nothing_else(house: House, cast: Cast) -> None:
    document_id = house.upload(cast.editor, f"{cast.workspace_id}/a.pdf", pdfs.handbook())
    with house.db.as_user(cast.editor) as cursor:
        cursor.execute("update public.documents set title = 'Renamed' where id = %s", (document_id,))
        assert cursor.rowcount == 1
    with house.db.as_user(cast.viewer) as cursor:
        cursor.execute("update public.documents set title = 'Defaced' where id = %s", (document_id,))
        assert cursor.rowcount == 0
    for change in (
        "status = 'processed'",
        "object_path = 'x'",
        "version = 9",
        "workspace_id = gen_random_uuid()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), house.db.as_user(cast.owner) as cursor:
            cursor.execute(f"update public.documents set {change}".encode())
    assert house.document(document_id)["title"] == "Renamed"
