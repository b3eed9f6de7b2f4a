"""What is done shows to those who may read the thing, newest first, in pages."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from tests.integration.content.desk import Desk
from tests.integration.identity.calls import denied, refused
from tests.integration.jobs.engine import run, until
from worker.db.pool import Database as Pool
from worker.domains.ops import handlers as ops
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

NOTE = "select app.note_activity(%s, %s, %s, %s, gen_random_uuid(), %s)"


def note(desk: Desk, verb: str, kind: str) -> None:
    with desk.db.as_worker() as cursor:
        cursor.execute(NOTE, (desk.cast.workspace_id, desk.cast.admin.user_id, verb, kind, Jsonb({})))


def test_the_life_of_a_document_is_told(desk: Desk) -> None:
    editor = desk.cast.editor
    desk.save("New.", 1)
    desk.ask(editor, "update public.documents set title = 'Port' where id = %s", (desk.document,))
    desk.call(editor, "restore_document_version", document_id=desk.document, version=1, expected_version=2)
    desk.call(editor, "delete_document", document_id=desk.document)
    rows = desk.activity(desk.cast.viewer, subject_id=desk.document)
    assert [row["verb"] for row in rows] == ["deleted", "restored", "renamed", "saved", "created"]
    assert [row["detail"]["title"] for row in rows] == ["Port", "Port", "Port", "Harbour", "Harbour"]
    assert (rows[1]["detail"]["version"], rows[1]["detail"]["restored_from"]) == (3, 1)
    assert {row["actor_id"] for row in rows} == {editor.user_id}


def test_who_left_keeps_a_name_where_they_wrote(desk: Desk) -> None:
    cast = desk.cast
    name = "select display_name from public.profiles where user_id = %s"
    desk.say(cast.sales)
    desk.call(cast.owner, "remove_member", workspace_id=cast.workspace_id, user_id=cast.sales.user_id)
    assert len(desk.ask(cast.viewer, name, (cast.sales.user_id,))) == 1
    assert desk.ask(cast.stranger, name, (cast.sales.user_id,)) == []
    assert desk.ask(cast.sales, name, (cast.viewer.user_id,)) == []
    desk.db.admin.execute("delete from public.workspaces where created_by = %s", (cast.sales.user_id,))
    desk.db.admin.execute("delete from public.profiles where user_id = %s", (cast.sales.user_id,))
    assert desk.ask(cast.viewer, name, (cast.sales.user_id,)) == []
    assert desk.db.value("select count(*) from app.former_members") == 0


def test_a_workspace_that_goes_leaves_no_former_members(desk: Desk) -> None:
    desk.call(desk.cast.owner, "delete_workspace", workspace_id=desk.cast.workspace_id)
    assert desk.db.value("select count(*) from app.former_members") == 0


def test_work_on_a_document_is_not_activity(desk: Desk) -> None:
    before = len(desk.activity(desk.cast.viewer))
    desk.db.admin.execute("update public.documents set status = 'processing', stage = 'reading'")
    assert len(desk.activity(desk.cast.viewer)) == before


def test_members_come_change_and_go(desk: Desk) -> None:
    cast = desk.cast
    member = {"workspace_id": cast.workspace_id, "user_id": cast.viewer.user_id}
    desk.call(cast.admin, "change_member_role", **member, role="sales")
    desk.call(cast.admin, "remove_member", **member)
    rows = desk.activity(cast.owner, subject_kind="member", subject_id=cast.viewer.user_id)
    assert [(row["verb"], row["detail"]["role"], row["actor_id"]) for row in rows] == [
        ("left", "sales", cast.admin.user_id),
        ("changed_role", "sales", cast.admin.user_id),
        ("joined", "viewer", None),
    ]


@pytest.mark.parametrize(
    ("kind", "readers"),
    [
        ("ticket", {"owner", "admin", "support", "sales"}),
        ("deal", {"owner", "admin", "sales", "support", "marketing"}),
        ("nobody_knows", {"owner", "admin"}),
    ],
)
def test_who_may_not_read_the_thing_does_not_hear_of_it(desk: Desk, kind: str, readers: set[str]) -> None:
    note(desk, "opened", kind)
    heard = {actor.name for actor in desk.cast.members() if (kind, "opened") in desk.lines(actor)}
    assert heard == readers
    straight = desk.ask(desk.cast.viewer, "select id from public.activity where subject_kind = %s", (kind,))
    assert straight == []
    assert "subject_id" not in desk.sent("activity")[-1]


def test_pages_do_not_overlap(desk: Desk) -> None:
    for number in range(5):
        desk.write(f"Text {number}")
    whole = [row["id"] for row in desk.activity(desk.cast.viewer)]
    found, before = [], None
    while page := desk.activity(desk.cast.viewer, before=before, limit=2):
        assert len(page) <= 2
        found += [row["id"] for row in page]
        before = found[-1]
    assert found == whole == sorted(whole, reverse=True)


def test_strangers_and_clients_stay_out(desk: Desk) -> None:
    with refused(404, "workspace.not_found"):
        desk.activity(desk.cast.stranger)
    with denied():
        desk.ask(desk.cast.owner, NOTE, (desk.cast.workspace_id, None, "created", "document", Jsonb({})))


def test_a_workspace_goes_with_all_it_did(desk: Desk) -> None:
    desk.say(desk.cast.sales)
    desk.call(desk.cast.owner, "delete_workspace", workspace_id=desk.cast.workspace_id)
    desk.db.admin.execute("delete from public.workspaces where id = %s", (desk.cast.workspace_id,))
    count = "select count(*) from public.activity where workspace_id = %s"
    assert desk.db.value(count, desk.cast.workspace_id) == 0


async def test_a_year_is_remembered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "BATCH", 2)
    note(desk, "opened", "deal")
    keep = desk.db.value("select max(id) from public.activity")
    desk.db.admin.execute(
        "update public.activity set created_at = now() - '366 days'::interval where id <> %s", (keep,)
    )
    desk.db.value("select app.enqueue('ops.purge_activity')")
    async with Pool(desk.db.dsn("lamina_worker"), min_size=1, max_size=4) as pool:
        registry = Registry()
        ops.register(registry, pool, retention_days=14)
        worker = Worker(
            pool,
            registry,
            WorkerOptions(worker_id="house", lanes={"bulk": 1}, lease=5.0, grace=2.0, poll=0.2),
        )
        async with run(worker):
            await until(lambda: desk.db.rows("select id from public.activity") == [(keep,)], 20)
