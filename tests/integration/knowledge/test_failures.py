"""Documents that cannot be read, providers that do not serve: stable codes, words, and a way on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.identity.calls import refused
from tests.integration.jobs.engine import until
from tests.integration.knowledge.house import House, paragraphs
from tests.integration.knowledge.stubs import FaultyStorage, RecordingEmbedder
from tests.support import pdfs
from tests.support.actors import Cast
from worker.errors import ProviderRateLimited, ProviderRejected, ProviderUnavailable

TEXT = "The lighthouse of Morvan was lit in 1871. Its keeper was called Ada Brennan. " * 6

BAD: dict[str, Callable[[], bytes]] = {
    "document.not_a_pdf": pdfs.not_a_pdf,
    "document.encrypted": pdfs.encrypted,
    "document.too_many_pages": pdfs.too_many_pages,
    "document.no_text": pdfs.scanned,
    "document.damaged": pdfs.damaged,
    "document.bomb": pdfs.memory_bomb,
    "document.too_large": lambda: pdfs.handbook() + b"\n" * 20 * pdfs.MIB,
}


async def test_bad_files_fail_by_name_and_stop_nothing(guarded: House, cast: Cast) -> None:
    folder = str(cast.workspace_id)
    bad = {code: guarded.upload(cast.editor, f"{folder}/{code}.pdf", make()) for code, make in BAD.items()}
    good = guarded.upload(cast.editor, f"{folder}/good.pdf", pdfs.pages([TEXT]))
    async with guarded.working(ingest=1):  # one slot: each of them comes before the good one
        await until(lambda: guarded.document(good)["status"] == "processed", 40)
    for code, document_id in bad.items():
        document = guarded.document(document_id)
        assert (document["status"], document["error_code"]) == ("failed", code)
        assert document["error_message"].endswith(".")
        assert (document["stage"], document["processed_version"]) == (None, None)
        assert guarded.chunks(document_id) == []
    assert [job["status"] for job in guarded.jobs("ingest_document")] == ["failed"] * len(bad) + ["succeeded"]
    assert {job["attempts"] for job in guarded.jobs("ingest_document")} == {
        1
    }  # nobody tries a bad file again


@pytest.mark.parametrize(
    "make", [pdfs.nul, pdfs.ligatures, pdfs.many_scripts, pdfs.right_to_left, pdfs.two_columns]
)
async def test_strange_text_is_stored(guarded: House, cast: Cast, make: Callable[[], bytes]) -> None:
    document_id = guarded.upload(cast.editor, f"{cast.workspace_id}/a.pdf", make())
    await guarded.work_off()
    assert guarded.document(document_id)["status"] == "processed"
    content = " ".join(chunk["content"] for chunk in guarded.chunks(document_id))
    assert content.strip()
    assert not any(ord(character) < 32 and character != "\n" for character in content)


async def test_a_file_that_is_gone_fails_the_document(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    document_id = house.upload(cast.editor, name, pdfs.handbook())
    (house.bucket / name).unlink()
    await house.work_off()
    assert house.document(document_id)["error_code"] == "document.file_missing"
    house.overwrite(cast.editor, name, pdfs.pages([TEXT]))
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["error_code"], document["error_message"]) == (
        "processed",
        None,
        None,
    )


async def test_a_failed_version_leaves_the_old_one_searchable(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    document_id = house.upload(cast.editor, name, pdfs.pages([TEXT]))
    await house.work_off()
    before = house.chunks(document_id)
    house.overwrite(cast.editor, name, pdfs.not_a_pdf())
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["error_code"]) == ("failed", "document.not_a_pdf")
    assert (document["version"], document["processed_version"]) == (2, 1)
    assert house.chunks(document_id) == before
    hits = house.call_rows(cast.viewer, "search_chunks", cast.workspace_id, "lighthouse keeper")
    assert [hit["document_id"] for hit in hits] == [document_id]


async def test_a_refusal_of_the_provider_is_final_until_processed_again(house: House, cast: Cast) -> None:
    house.embedder = embedder = RecordingEmbedder()
    embedder.faults = [ProviderRejected("provider.no_credit", "The key has no credit left.", provider="x")]
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon"))
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["error_code"]) == ("failed", "provider.no_credit")
    assert document["error_message"] == "The key has no credit left."
    assert house.call(cast.editor, "reprocess_document", document_id)["status"] == "pending"
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["error_code"]) == ("processed", None)
    assert [job["status"] for job in house.jobs("ingest_document")] == ["failed", "succeeded"]


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (ProviderRateLimited("provider.rate_limited", "Slow down.", provider="x", retry_after=0.05), 1),
        (ProviderUnavailable("provider.unavailable", "Away.", provider="x", retry_after=0.05), 1),
        (ProviderUnavailable("provider.unavailable", "Away.", provider="x"), 2),
        (RuntimeError("a fault of ours"), 2),
    ],
)
async def test_a_passing_fault_is_ridden_out(
    house: House, cast: Cast, fault: Exception, attempts: int
) -> None:
    house.embedder = embedder = RecordingEmbedder()
    embedder.faults = [fault]
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon"))
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["error_code"], document["error_message"]) == (
        "processed",
        None,
        None,
    )
    (job,) = house.jobs("ingest_document")
    assert (job["status"], job["attempts"]) == ("succeeded", attempts)


async def test_a_storage_that_is_away_is_waited_for(house: House, cast: Cast) -> None:
    away = ProviderUnavailable("provider.unavailable", "Away.", provider="storage")
    house.storage = storage = FaultyStorage(house.bucket.parent, [away])
    name = f"{cast.workspace_id}/a.pdf"
    document_id = house.upload(cast.editor, name, pdfs.pages([TEXT]))
    await house.work_off()
    assert house.document(document_id)["status"] == "processed"
    storage.faults = [away]
    house.call(cast.editor, "delete_document", document_id)
    await house.work_off()
    assert not house.holds(name)
    assert [job["attempts"] for job in house.jobs("remove_object")] == [2]


async def test_a_lasting_fault_fails_after_the_last_attempt(house: House, cast: Cast) -> None:
    house.embedder = embedder = RecordingEmbedder()
    away = ProviderUnavailable("provider.unavailable", "The vendor cannot serve now.", provider="x")
    embedder.faults = [away] * 2
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon"))
    house.db.admin.execute("update public.jobs set max_attempts = 2")
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["error_code"]) == ("failed", "provider.unavailable")
    assert document["error_message"] == "The vendor cannot serve now."


async def test_a_cancelled_ingest_shows_and_can_be_begun_anew(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon"))
    (job,) = house.jobs("ingest_document")
    house.call(cast.editor, "cancel_job", job["id"])
    document = house.document(document_id)
    assert (document["status"], document["error_code"]) == ("failed", "job.cancelled")
    assert document["error_message"]
    house.call(cast.editor, "retry_job", job["id"])
    document = house.document(document_id)
    assert (document["status"], document["error_code"], document["error_message"]) == ("pending", None, None)
    await house.work_off()
    assert house.document(document_id)["status"] == "processed"


def test_a_worker_lost_at_the_last_attempt_shows(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon"))
    house.db.admin.execute("update public.jobs set max_attempts = 1")
    with house.db.as_worker() as cursor:
        claim = "select app.claim_jobs('w', '{ingest}', '{1}', '{knowledge.ingest_document}', %s)"
        cursor.execute(claim, (-1.0,))
        cursor.connection.commit()
        assert house.document(document_id)["status"] == "processing"
        cursor.execute(claim, (30.0,))
    document = house.document(document_id)
    assert (document["status"], document["error_code"]) == ("failed", "job.worker_lost")


async def test_a_processed_document_is_read_again_without_embedding_what_is_known(
    house: House, cast: Cast
) -> None:
    house.embedder = embedder = RecordingEmbedder()
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon", "Barrow"))
    await house.work_off()
    before = house.chunks(document_id)
    house.db.admin.execute("delete from public.chunks where ordinal = 1")  # as a mishap would
    embedder.texts.clear()
    house.call(cast.editor, "reprocess_document", document_id)
    await house.work_off()
    after = house.chunks(document_id)
    assert [chunk["content"] for chunk in after] == [chunk["content"] for chunk in before]
    assert after[0]["id"] == before[0]["id"]
    assert len(embedder.texts) == 1


def test_only_who_may_write_processes_again_and_once(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, "text")
    with refused(403, "workspace.forbidden"):
        house.call(cast.viewer, "reprocess_document", document_id)
    with refused(404, "document.not_found"):
        house.call(cast.stranger, "reprocess_document", document_id)
    house.call(cast.editor, "reprocess_document", document_id)
    assert len(house.jobs("ingest_document")) == 1  # the same version is queued already
