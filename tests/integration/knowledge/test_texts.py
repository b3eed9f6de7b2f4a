"""Authored texts: created, saved as versions, and embedded only where they changed."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.knowledge.house import House, paragraphs
from tests.integration.knowledge.stubs import RecordingEmbedder
from tests.support.actors import Cast


async def test_a_text_becomes_searchable(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon", "Barrow"), "Rivers")
    assert house.document(document_id)["status"] == "pending"
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["stage"], document["error_code"]) == ("processed", None, None)
    assert (document["version"], document["processed_version"]) == (1, 1)
    assert (document["title"], document["created_by"]) == ("Rivers", cast.editor.user_id)
    assert (document["language"], document["page_count"]) == ("english", None)
    assert document["embedding_model"] == "offline:offline-hash-1536"
    chunks = house.chunks(document_id)
    assert document["chunk_count"] == len(chunks) == 2
    assert [chunk["ordinal"] for chunk in chunks] == [0, 1]
    assert [chunk["heading"] for chunk in chunks] == ["About Avon", "About Barrow"]
    assert {chunk["workspace_id"] for chunk in chunks} == {cast.workspace_id}


def test_what_cannot_be_stored_is_refused(house: House, cast: Cast) -> None:
    for title in ("", "   ", "\n", None, "t" * 301):
        with refused(400, "document.bad_title"):
            house.call(cast.editor, "create_text_document", cast.workspace_id, title, "text")
    for content in ("", " \n ", None, "x" * 2_000_001):
        with refused(400, "document.bad_content"):
            house.call(cast.editor, "create_text_document", cast.workspace_id, "title", content)
    assert house.db.value("select count(*) from public.documents") == 0


def test_who_may_not_write_creates_and_saves_nothing(house: House, cast: Cast) -> None:
    for actor in (cast.viewer, cast.sales, cast.support):
        with refused(403, "workspace.forbidden"):
            house.write(actor, cast.workspace_id, "text")
    with refused(404, "workspace.not_found"):
        house.write(cast.stranger, cast.workspace_id, "text")
    document_id = house.write(cast.editor, cast.workspace_id, "text")
    with refused(403, "workspace.forbidden"):
        house.save(cast.viewer, document_id, "other", 1)
    with refused(404, "document.not_found"):
        house.save(cast.stranger, document_id, "other", 1)
    with denied(), house.db.as_anon() as cursor:
        cursor.execute("select public.create_text_document(%s, 'a', 'b')", (cast.workspace_id,))
    assert house.document(document_id)["version"] == 1


def test_a_save_on_an_old_version_conflicts(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, "one")
    assert house.save(cast.editor, document_id, "two", 1)["version"] == 2
    for stale in (1, 3, None):
        with refused(409, "document.version_conflict"):
            house.save(cast.marketing, document_id, "lost", stale)  # type: ignore[arg-type]
    history = house.db.rows(
        "select version, content, created_by from public.document_versions where document_id = %s order by 1",
        document_id,
    )
    assert history == [(1, "one", cast.editor.user_id), (2, "two", cast.editor.user_id)]


def test_versions_are_append_only(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, "one")
    for statement in (
        "update public.document_versions set content = 'rewritten'",
        "delete from public.document_versions",
        "insert into public.document_versions (document_id, version, workspace_id, content)"
        " select document_id, 9, workspace_id, 'forged' from public.document_versions",
    ):
        for entered in (house.db.as_user(cast.owner), house.db.as_service(), house.db.as_worker()):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), entered as cursor:
                cursor.execute(statement.encode())
    assert house.db.value("select content from public.document_versions") == "one"
    with house.db.as_user(cast.viewer) as cursor:
        read = cursor.execute(
            "select content from public.document_versions where document_id = %s", (document_id,)
        )
        assert read.fetchall() == [("one",)]
    with house.db.as_user(cast.stranger) as cursor:
        assert cursor.execute("select * from public.document_versions").fetchall() == []


async def test_only_changed_chunks_are_embedded_again(house: House, cast: Cast) -> None:
    house.embedder = embedder = RecordingEmbedder()
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon", "Barrow", "Cherwell"))
    await house.work_off()
    before = {chunk["heading"]: chunk for chunk in house.chunks(document_id)}
    embedder.texts.clear()
    house.save(cast.editor, document_id, paragraphs("Avon", "Derwent", "Cherwell"), 1)
    await house.work_off()
    after = {chunk["heading"]: chunk for chunk in house.chunks(document_id)}
    assert list(after) == ["About Avon", "About Derwent", "About Cherwell"]
    for heading in ("About Avon", "About Cherwell"):
        assert after[heading]["id"] == before[heading]["id"]
        assert after[heading]["vector"] == before[heading]["vector"]
    assert len(embedder.texts) == 1
    assert embedder.texts[0].startswith("About Derwent")


async def test_moved_chunks_keep_their_vectors_and_take_their_new_place(house: House, cast: Cast) -> None:
    house.embedder = embedder = RecordingEmbedder()
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon", "Barrow"))
    await house.work_off()
    before = house.chunks(document_id)
    embedder.texts.clear()
    house.save(cast.editor, document_id, paragraphs("Barrow", "Avon"), 1)
    await house.work_off()
    after = house.chunks(document_id)
    assert embedder.texts == []
    assert [chunk["id"] for chunk in after] == [before[1]["id"], before[0]["id"]]
    assert [chunk["ordinal"] for chunk in after] == [0, 1]
    text = paragraphs("Barrow", "Avon")
    for chunk in after:
        assert text[chunk["char_from"] : chunk["char_to"]] == chunk["content"]


async def test_unchanged_content_is_not_read_again(house: House, cast: Cast) -> None:
    house.embedder = embedder = RecordingEmbedder()
    content = paragraphs("Avon")
    document_id = house.write(cast.editor, cast.workspace_id, content)
    await house.work_off()
    before = house.chunks(document_id)
    embedder.texts.clear()
    house.save(cast.editor, document_id, content, 1)
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["version"], document["processed_version"]) == ("processed", 2, 2)
    assert embedder.texts == []
    assert house.chunks(document_id) == before


async def test_another_embedding_model_embeds_everything_again(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon", "Barrow"))
    await house.work_off()
    before = {chunk["id"] for chunk in house.chunks(document_id)}
    house.embedder = embedder = RecordingEmbedder("other-model")
    house.call(cast.editor, "reprocess_document", document_id)
    await house.work_off()
    after = house.chunks(document_id)
    assert len(embedder.texts) == len(after) == 2
    assert before.isdisjoint(chunk["id"] for chunk in after)
    assert {chunk["embedding_model"] for chunk in after} == {"offline:other-model"}
    assert house.document(document_id)["embedding_model"] == "offline:other-model"


async def test_kept_chunks_are_found_in_the_language_of_the_new_version(house: House, cast: Cast) -> None:
    shared = "# Plaketten\n\n" + "Plaketten Häuser Gärten Brücken Mühlen Flüsse. " * 40
    english = "\n\nThis is the text of the house and it is for all of the people that are in it. " * 60
    german = "\n\nDas ist der Text und er ist für die Leute, die sich nicht mit dem Haus befassen. " * 60
    document_id = house.write(cast.editor, cast.workspace_id, shared + "\n\n# Rest" + english)
    await house.work_off()
    assert house.document(document_id)["language"] == "english"
    kept = house.chunks(document_id)[0]["id"]
    house.save(cast.editor, document_id, shared + "\n\n# Rest" + german, 1)
    await house.work_off()
    assert house.document(document_id)["language"] == "german"
    assert house.chunks(document_id)[0]["id"] == kept
    assert {chunk["language"] for chunk in house.chunks(document_id)} == {"german"}
    hits = house.call_rows(cast.viewer, "search_chunks", cast.workspace_id, "Haus")
    assert kept in [hit["chunk_id"] for hit in hits]


async def test_versions_saved_while_one_is_processed_end_with_the_newest(house: House, cast: Cast) -> None:
    house.embedder = RecordingEmbedder()
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon"))
    async with house.working():
        for version, river in enumerate(("Barrow", "Cherwell", "Derwent"), 1):
            house.save(cast.editor, document_id, paragraphs(river), version)
        await house.reach(document_id, "processed")
    await house.work_off()
    document = house.document(document_id)
    assert (document["status"], document["version"], document["processed_version"]) == ("processed", 4, 4)
    assert [chunk["heading"] for chunk in house.chunks(document_id)] == ["About Derwent"]
    assert {job["status"] for job in house.jobs("ingest_document")} == {"succeeded"}
