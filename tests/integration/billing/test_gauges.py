"""Documents, bytes and members count while they are there."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from scripts.stack.migrate import migrate
from tests.integration.billing.books import Books, Limit, add_plan
from tests.integration.billing.test_ledger import differences
from tests.integration.billing.test_quota_race import at_once
from tests.integration.identity.calls import call, refused
from tests.support.actors import Actor, Cast
from tests.support.clusters import MIGRATIONS
from tests.support.database import Database

METADATA = '{"size": %s, "mimetype": "application/pdf", "eTag": "\\"%s\\""}'


def sizes(books: Books) -> tuple[int, int]:
    """Documents, bytes."""
    return books.used("documents")[0], books.used("storage_bytes")[0]


def small(books: Books, documents: int | None = None, storage: int | None = None) -> None:
    """A plan with room for so many documents and bytes."""
    version_id = add_plan(
        books.db, documents=Limit(documents), storage_bytes=Limit(storage), requests=Limit(None)
    )
    books.follow(version_id)


def upload(books: Books, actor: Actor, name: str, size: int) -> str:
    """A new object as the storage door registers one; its path."""
    path = f"{books.workspace_id}/{name}"
    with books.db.as_user(actor) as cursor:
        cursor.execute(
            "insert into storage.objects (bucket_id, name, owner, metadata, version)"
            " values ('documents', %s, %s, %s, %s)",
            (path, actor.user_id, METADATA % (size, uuid4()), str(uuid4())),
        )
    return path


def overwrite(books: Books, actor: Actor, path: str, size: int) -> None:
    with books.db.as_user(actor) as cursor:
        cursor.execute(
            "update storage.objects set metadata = %s, version = %s where name = %s",
            (METADATA % (size, uuid4()), str(uuid4()), path),
        )


def documents(books: Books) -> list[tuple[Any, ...]]:
    return books.db.rows(
        "select title, status, error_code, object_path is null, byte_size"
        " from public.documents order by created_at"
    )


def removals(books: Books) -> list[str]:
    """Paths of the files that the worker is to remove."""
    rows = books.db.rows("select args ->> 'path' from public.jobs where kind = 'knowledge.remove_object'")
    return [path for (path,) in rows]


def write(books: Books, actor: Actor, content: str) -> UUID:
    with books.db.as_user(actor) as cursor:
        found: UUID = call(cursor, "create_text_document", books.workspace_id, "A text", content)["id"]
    return found


def test_texts_count_with_their_bytes_and_go_with_them(books: Books, cast: Cast) -> None:
    document_id = write(books, cast.editor, "Zwölf")
    assert sizes(books) == (1, 6)
    with books.db.as_user(cast.editor) as cursor:
        call(cursor, "save_document_version", document_id, "Twelve and more", 1)
    assert sizes(books) == (1, 15)
    with books.db.as_user(cast.editor) as cursor:
        cursor.execute("select public.delete_document(%s)", (document_id,))
    assert sizes(books) == (0, 0)
    assert differences(books.db) == []


def test_above_the_limit_a_text_is_refused(books: Books, cast: Cast) -> None:
    small(books, documents=1, storage=10)
    document_id = write(books, cast.editor, "123456")
    with refused(402, "quota.exceeded"):
        write(books, cast.editor, "1")
    with refused(402, "quota.exceeded"), books.db.as_user(cast.editor) as cursor:
        call(cursor, "save_document_version", document_id, "1234567890 ", 1)
    assert sizes(books) == (1, 6)
    assert books.db.value("select version from public.documents") == 1


def test_an_upload_counts_and_removing_it_does_not(books: Books, cast: Cast) -> None:
    path = upload(books, cast.editor, "a.pdf", 100)
    assert sizes(books) == (1, 100)
    overwrite(books, cast.editor, path, 40)
    assert sizes(books) == (1, 40)
    overwrite(books, cast.editor, path, 70)
    assert sizes(books) == (1, 70)
    with books.db.admin.transaction():
        books.db.admin.execute("set local storage.allow_delete_query = 'true'")
        books.db.admin.execute("delete from storage.objects")
    assert (sizes(books), differences(books.db)) == ((0, 0), [])


@pytest.mark.parametrize(("documents_", "storage"), [(1, None), (None, 150)])
def test_an_upload_above_the_limit_shows_as_failed_and_its_file_goes(
    books: Books, cast: Cast, documents_: int | None, storage: int | None
) -> None:
    small(books, documents=documents_, storage=storage)
    upload(books, cast.editor, "a.pdf", 100)
    path = upload(books, cast.editor, "b.pdf", 100)
    assert documents(books)[1] == ("b.pdf", "failed", "quota.exceeded", True, None)
    reason = books.db.value("select error_message from public.documents where title = 'b.pdf'")
    assert " of 1" in reason
    assert (sizes(books), removals(books)) == ((1, 100), [path])
    ingests = "select count(*) from public.jobs where kind = 'knowledge.ingest_document'"
    assert books.db.value(ingests) == 1


def test_of_uploads_at_once_as_many_are_kept_as_there_is_room_for(books: Books, cast: Cast) -> None:
    small(books, documents=2)
    errors = at_once([partial(upload, books, cast.editor, f"{number}.pdf", 10) for number in range(8)])
    assert [error for error in errors if error] == []
    assert sorted(row[1] for row in documents(books)) == ["failed"] * 6 + ["pending"] * 2
    assert (sizes(books), len(removals(books)), differences(books.db)) == ((2, 20), 6, [])


def test_a_refused_document_has_no_place_and_costs_none_to_delete(books: Books, cast: Cast) -> None:
    small(books, documents=1)
    upload(books, cast.editor, "a.pdf", 100)
    upload(books, cast.editor, "b.pdf", 100)
    document_id = books.db.value("select id from public.documents where status = 'failed'")
    with refused(409, "document.file_refused"), books.db.as_user(cast.editor) as cursor:
        call(cursor, "reprocess_document", document_id)
    with books.db.as_user(cast.editor) as cursor:
        cursor.execute("select public.delete_document(%s)", (document_id,))
    assert (sizes(books), differences(books.db)) == ((1, 100), [])


def test_overwriting_above_the_limit_keeps_what_was_searchable_and_its_place(
    books: Books, cast: Cast
) -> None:
    """Otherwise one small file overwritten by large ones would hold any number of bytes."""
    small(books, documents=1, storage=150)
    path = upload(books, cast.editor, "a.pdf", 100)
    books.db.admin.execute("update public.documents set status = 'processed', processed_version = 1")
    overwrite(books, cast.editor, path, 200)
    assert documents(books) == [("a.pdf", "failed", "quota.exceeded", True, 100)]
    assert (sizes(books), removals(books)) == ((1, 100), [path])
    upload(books, cast.editor, "b.pdf", 10)
    assert documents(books)[1][2] == "quota.exceeded"
    document_id = books.db.value("select id from public.documents where title = 'a.pdf'")
    with refused(409, "document.file_refused"), books.db.as_user(cast.editor) as cursor:
        call(cursor, "reprocess_document", document_id)
    with books.db.as_user(cast.editor) as cursor:
        cursor.execute("select public.delete_document(%s)", (document_id,))
    assert (sizes(books), differences(books.db)) == ((0, 0), [])


def test_overwriting_what_was_never_read_above_the_limit_leaves_nothing(books: Books, cast: Cast) -> None:
    small(books, storage=150)
    path = upload(books, cast.editor, "a.pdf", 100)
    overwrite(books, cast.editor, path, 200)
    assert (sizes(books), removals(books)) == ((0, 0), [path])
    assert differences(books.db) == []


def test_the_job_of_an_overwritten_file_cannot_revive_it(books: Books, cast: Cast) -> None:
    small(books, storage=150)
    path = upload(books, cast.editor, "a.pdf", 100)
    overwrite(books, cast.editor, path, 200)
    upload(books, cast.editor, "b.pdf", 150)
    job_id = books.db.value(
        "select id from public.jobs where kind = 'knowledge.ingest_document' order by id limit 1"
    )
    books.db.admin.execute(
        "update public.jobs set status = 'failed', gate = 'closed', error_code = 'document.gone'"
        " where id = %s",
        (job_id,),
    )
    assert documents(books)[0] == ("a.pdf", "failed", "quota.exceeded", True, 100)
    assert sizes(books) == (1, 150)


def test_a_smaller_plan_deletes_nothing_and_takes_nothing_more(books: Books, cast: Cast) -> None:
    ids = [write(books, cast.editor, "123") for _ in range(3)]
    small(books, documents=1, storage=1)
    with refused(402, "quota.exceeded"):
        write(books, cast.editor, "1")
    for document_id in ids:
        with books.db.as_user(cast.editor) as cursor:
            cursor.execute("select public.delete_document(%s)", (document_id,))
    assert sizes(books) == (0, 0)
    write(books, cast.editor, "1")


def test_members_count_as_seats(books: Books, cast: Cast) -> None:
    books.follow(add_plan(books.db, seats=Limit(7)))
    invite(books, cast, cast.stranger)
    assert books.used("seats") == (7, 0)
    another = books.db.sign_up("another")
    with refused(402, "quota.exceeded"):
        token_for(books, cast, another)
    with books.db.as_user(cast.owner) as cursor:
        cursor.execute("select public.remove_member(%s, %s)", (books.workspace_id, cast.sales.user_id))
    invite(books, cast, another)
    with books.db.as_user(cast.stranger) as cursor:
        cursor.execute("select public.leave_workspace(%s)", (books.workspace_id,))
    assert (books.used("seats"), differences(books.db)) == ((6, 0), [])


def test_of_two_invited_to_the_last_seat_one_gets_it(books: Books, cast: Cast) -> None:
    books.follow(add_plan(books.db, seats=Limit(7)))
    late = books.db.sign_up("late")
    token = token_for(books, cast, late)
    invite(books, cast, cast.stranger)
    with refused(402, "quota.exceeded"):
        accept(books, late, token)
    assert (books.used("seats"), differences(books.db)) == ((7, 0), [])


def test_viewers_take_no_seat_until_they_do_more(books: Books, cast: Cast) -> None:
    books.follow(add_plan(books.db, seats=Limit(6)))
    guests = [books.db.sign_up(f"reader{number}") for number in range(3)]
    for guest in guests:
        invite(books, cast, guest, "viewer")
    assert books.used("seats") == (6, 0)
    change = "select public.change_member_role(%s, %s, %s)"
    with refused(402, "quota.exceeded"), books.db.as_user(cast.owner) as cursor:
        cursor.execute(change, (books.workspace_id, guests[0].user_id, "sales"))
    for member, role, seats in ((cast.sales, "viewer", 5), (guests[0], "sales", 6), (guests[0], "editor", 6)):
        with books.db.as_user(cast.owner) as cursor:
            cursor.execute(change, (books.workspace_id, member.user_id, role))
        assert books.used("seats") == (seats, 0)
    with books.db.as_user(cast.owner) as cursor:
        cursor.execute("select public.remove_member(%s, %s)", (books.workspace_id, guests[1].user_id))
    assert (books.used("seats"), differences(books.db)) == ((6, 0), [])


def test_an_invitation_notes_nothing_in_the_counters(books: Books, cast: Cast) -> None:
    books.follow(add_plan(books.db, seats=Limit(7)))
    token_for(books, cast, cast.stranger)
    assert books.used("seats") == (6, 0)
    assert books.db.value("select count(*) from public.billing_notices where kind = 'limit_100'") == 0


def token_for(books: Books, cast: Cast, guest: Actor, role: str = "editor") -> str:
    with books.db.as_user(cast.admin) as cursor:
        token: str = call(cursor, "invite_member", books.workspace_id, guest.email, role)["token"]
    return token


def accept(books: Books, guest: Actor, token: str) -> None:
    with books.db.as_user(guest) as cursor:
        cursor.execute("select public.accept_invitation(%s)", (token,))


def invite(books: Books, cast: Cast, guest: Actor, role: str = "editor") -> None:
    accept(books, guest, token_for(books, cast, guest, role))


def test_a_new_workspace_has_a_seat_used(db: Database) -> None:
    actor = db.sign_up("new")
    workspace = db.value("select id from public.workspaces where created_by = %s", actor.user_id)
    assert Books(db, workspace).used("seats") == (1, 0)


def test_a_workspace_goes_with_all_its_counters(books: Books, cast: Cast) -> None:
    write(books, cast.editor, "123")
    upload(books, cast.editor, "a.pdf", 100)
    with books.db.as_user(cast.owner) as cursor:
        cursor.execute("select public.delete_workspace(%s)", (books.workspace_id,))
    for table in ("app.usage_counters", "public.usage_ledger", "public.documents"):
        assert (
            books.db.value(f"select count(*) from {table} where workspace_id = %s", books.workspace_id) == 0
        )
    assert differences(books.db) == []


def test_what_was_there_before_billing_counts(platform_db: Database, tmp_path: Path) -> None:
    """A database with documents and members takes the migration."""
    later = [path for path in sorted(MIGRATIONS.glob("*.sql")) if path.name >= "20261121000730"]
    for path in MIGRATIONS.glob("*.sql"):
        if path not in later:
            shutil.copy(path, tmp_path)
    migrate(platform_db.dsn("postgres"), tmp_path)
    workspace: UUID = platform_db.value("insert into public.workspaces (name) values ('Old') returning id")
    for size in (None, 5, 10):
        platform_db.admin.execute(
            "insert into public.documents (workspace_id, kind, title, byte_size)"
            " values (%s, 'text', 'A', %s)",
            (workspace, size),
        )
    for path in later:
        shutil.copy(path, tmp_path)
    migrate(platform_db.dsn("postgres"), tmp_path)
    assert sizes(Books(platform_db, workspace)) == (3, 15)
    platform_db.admin.execute("delete from public.documents")
    assert (sizes(Books(platform_db, workspace)), differences(platform_db)) == ((0, 0), [])
