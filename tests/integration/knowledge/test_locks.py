"""What users and workers do to one document at once: they wait for each other and never stand in a circle."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import psycopg
import pytest

from tests.integration.identity.calls import meanwhile
from tests.integration.knowledge.house import House, paragraphs
from tests.support import pdfs
from tests.support.actors import Cast
from tests.support.database import Cursor

KIND = "knowledge.ingest_document"
LOCK_DOCUMENT = "select d.id from public.documents as d where d.id = %s for no key update"


@contextmanager
def ending(house: House, outcome: str) -> Iterator[Cursor]:
    """The middle of the transaction in which a worker ends its ingest."""
    with house.db.as_worker() as cursor:
        claimed = cursor.execute(
            "select id, attempts from app.claim_jobs('w', '{ingest}', '{1}', %s, 30)", ([KIND],)
        ).fetchone()
        assert claimed is not None
        cursor.connection.commit()
        ended = cursor.execute(
            "select app.finish_jobs('w', %s, %s, %s, '{document.bad}', '{It is bad.}', '{null}')",
            ([claimed[0]], [claimed[1]], [outcome]),
        )
        assert ended.fetchall() == [(claimed[0],)]
        yield cursor


def new_text(house: House, cast: Cast) -> UUID:
    return house.write(cast.editor, cast.workspace_id, paragraphs("Avon"))


def save(house: House, cast: Cast, document_id: UUID) -> object:
    return house.save(cast.editor, document_id, "other", 1)


def reprocess(house: House, cast: Cast, document_id: UUID) -> object:
    return house.call(cast.editor, "reprocess_document", document_id)


def delete(house: House, cast: Cast, document_id: UUID) -> object:
    return house.call(cast.editor, "delete_document", document_id)


@pytest.mark.parametrize("outcome", ["done", "fail"])
@pytest.mark.parametrize("change", [save, reprocess, delete])
def test_a_change_waits_for_the_end_of_the_job(
    house: House, cast: Cast, change: Callable[[House, Cast, UUID], object], outcome: str
) -> None:
    document_id = new_text(house, cast)
    with (
        ending(house, outcome) as worker,
        meanwhile(house.db, lambda: change(house, cast, document_id)) as raised,
    ):
        assert worker.execute(LOCK_DOCUMENT, (document_id,)).fetchone() == (document_id,)
        worker.connection.commit()
    assert raised == []


def test_an_overwrite_waits_for_the_end_of_the_job(house: House, cast: Cast) -> None:
    name = f"{cast.workspace_id}/a.pdf"
    document_id = house.upload(cast.editor, name, pdfs.handbook())
    overwrite = partial(house.overwrite, cast.editor, name, pdfs.handbook())
    with ending(house, "done") as worker, meanwhile(house.db, overwrite) as raised:
        assert worker.execute(LOCK_DOCUMENT, (document_id,)).fetchone() == (document_id,)
        worker.connection.commit()
    assert raised == []
    assert house.document(document_id)["version"] == 2


def test_of_two_saves_at_once_one_wins(house: House, cast: Cast) -> None:
    document_id = new_text(house, cast)
    with house.db.as_user(cast.editor) as cursor:
        cursor.execute("select public.save_document_version(%s, 'first', 1)", (document_id,))
        with meanwhile(house.db, lambda: save(house, cast, document_id)) as raised:
            cursor.connection.commit()
    assert [getattr(error, "sqlstate", None) for error in raised] == ["PT409"]
    assert house.db.rows("select content from public.document_versions where version > 1") == [("first",)]


def meddle(house: House, cast: Cast, seed: int, texts: Sequence[UUID], paths: Sequence[str]) -> None:
    """Does what users do, at random, and expects no refusal but that of a stale version."""
    choices = random.Random(seed)
    for _ in range(15):
        document_id = choices.choice(texts)
        match choices.randrange(4):
            case 0:
                house.overwrite(
                    cast.editor, choices.choice(paths), pdfs.pages([f"The text of {choices.random()}."])
                )
            case 1:
                house.call(cast.editor, "reprocess_document", document_id)
            case 2:
                house.call(
                    cast.editor,
                    "delete_document",
                    house.write(cast.editor, cast.workspace_id, "Short-lived."),
                )
            case _:
                version = house.document(document_id)["version"]
                try:
                    house.save(cast.editor, document_id, paragraphs(f"Number {choices.random()}"), version)
                except psycopg.Error as error:
                    assert error.sqlstate == "PT409", error  # noqa: PT017 - most saves succeed


async def test_whatever_users_do_at_once_the_newest_versions_serve(house: House, cast: Cast) -> None:
    paths = [f"{cast.workspace_id}/{letter}.pdf" for letter in "ab"]
    texts = [house.write(cast.editor, cast.workspace_id, paragraphs("Avon")) for _ in range(2)]
    files = [house.upload(cast.editor, path, pdfs.pages(["The text of the start."])) for path in paths]
    async with house.working(ingest=3, outbound=1), asyncio.TaskGroup() as group:
        for seed in range(3):
            group.create_task(asyncio.to_thread(meddle, house, cast, seed, texts, paths))
    await house.work_off()
    for document_id in (*texts, *files):
        document = house.document(document_id)
        assert (document["status"], document["processed_version"]) == ("processed", document["version"])
        assert document["chunk_count"] == len(house.chunks(document_id)) == 1
    for document_id in texts:
        newest = house.db.value(
            "select v.content from public.document_versions as v join public.documents as d"
            " on d.id = v.document_id and d.version = v.version where d.id = %s",
            document_id,
        )
        assert house.chunks(document_id)[0]["content"] == newest
    assert house.db.value("select count(*) from public.documents") == 4
    assert {job["error_code"] for job in house.jobs("ingest_document", "succeeded")} == {None}
