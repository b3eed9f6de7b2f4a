"""A new version replaces the old one in one moment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg

from tests.integration.jobs.engine import until
from tests.integration.knowledge.house import House, paragraphs
from tests.support.actors import Cast

OLD = ("Avon", "Barrow", "Cherwell", "Derwent")
NEW = ("Avon", "Eden", "Frome", "Derwent", "Great Ouse")
LOCK = 4711


def pause_in_the_swap(house: House) -> psycopg.Connection[Any]:
    """Makes each chunk's insert wait while the returned connection is open."""
    holder = psycopg.connect(house.db.dsn(), autocommit=True)
    holder.execute("select pg_advisory_lock(%s)", (LOCK,))
    house.db.admin.execute(
        "create function public.pause() returns trigger language plpgsql security definer as"
        f" $$ begin perform pg_advisory_xact_lock_shared({LOCK}); return null; end $$".encode()
    )
    house.db.admin.execute(
        "create trigger pause after insert on public.chunks for each row execute function public.pause()"
    )
    return holder


def someone_waits(house: House) -> bool:
    query = "select count(*) from pg_locks where locktype = 'advisory' and not granted and objid = %s"
    return bool(house.db.value(query, LOCK))


def seen(house: House, cast: Cast, document_id: UUID) -> tuple[list[str], list[int], int, set[str]]:
    """Headings, ordinals and processed version as a member reads them, and headings that search finds."""
    with house.db.as_user(cast.viewer) as cursor:
        row = cursor.execute(
            "select array_agg(c.heading order by c.ordinal), array_agg(c.ordinal order by c.ordinal),"
            " d.processed_version from public.documents as d join public.chunks as c on c.document_id = d.id"
            " where d.id = %s group by d.id",
            (document_id,),
        ).fetchone()
        assert row is not None
        found = cursor.execute(
            "select heading from public.search_chunks(%s, 'river mills bridge', p_limit => 50)",
            (cast.workspace_id,),
        )
        return row[0], row[1], row[2], {heading for (heading,) in found.fetchall()}


def whole(names: tuple[str, ...], version: int) -> tuple[list[str], list[int], int, set[str]]:
    headings = [f"About {name}" for name in names]
    return headings, list(range(len(names))), version, set(headings)


async def test_a_reader_sees_the_old_set_or_the_new_one(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs(*OLD))
    await house.work_off()
    assert seen(house, cast, document_id) == whole(OLD, 1)
    with pause_in_the_swap(house) as holder:
        house.save(cast.editor, document_id, paragraphs(*NEW), 1)
        async with house.working():
            await until(lambda: someone_waits(house))  # old rows are deleted, one new row is in
            assert seen(house, cast, document_id) == whole(OLD, 1)
            assert house.document(document_id)["status"] == "processing"
            holder.execute("select pg_advisory_unlock(%s)", (LOCK,))
            await house.reach(document_id, "processed")
    assert seen(house, cast, document_id) == whole(NEW, 2)


async def test_a_swap_that_breaks_leaves_the_old_set(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs(*OLD))
    await house.work_off()
    house.db.admin.execute("alter table public.chunks add constraint refuse check (heading <> 'About Frome')")
    house.save(cast.editor, document_id, paragraphs(*NEW), 1)
    house.db.admin.execute("update public.jobs set max_attempts = 1 where gate <> 'closed'")
    await house.work_off()
    assert seen(house, cast, document_id) == whole(OLD, 1)
    document = house.document(document_id)
    assert (document["status"], document["error_code"]) == ("failed", "job.crashed")
    house.db.admin.execute("alter table public.chunks drop constraint refuse")
    house.call(cast.editor, "reprocess_document", document_id)
    await house.work_off()
    assert seen(house, cast, document_id) == whole(NEW, 2)


async def test_a_save_during_the_swap_waits_and_wins(house: House, cast: Cast) -> None:
    """The newest version is the one that serves in the end, whoever came between."""
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs(*OLD))
    async with house.working():
        await until(lambda: house.document(document_id)["status"] != "pending")
        house.save(cast.editor, document_id, paragraphs(*NEW), 1)
        await until(lambda: house.document(document_id)["processed_version"] == 2)
    assert seen(house, cast, document_id) == whole(NEW, 2)
    assert house.document(document_id)["status"] == "processed"
