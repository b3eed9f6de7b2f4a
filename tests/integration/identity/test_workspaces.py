"""Who makes, renames and deletes a workspace, and who may not."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.integration.identity.calls import call, denied, personal_workspace, refused, role_of
from tests.support.actors import Cast
from tests.support.database import Database

NOT_MANAGERS = ("editor", "sales", "support", "marketing", "viewer")


def test_a_user_makes_a_workspace_and_owns_it(db: Database, cast: Cast) -> None:
    with db.as_user(cast.stranger) as cursor:
        workspace = call(cursor, "create_workspace", "  Orbit  ")
    assert (workspace["name"], workspace["kind"]) == ("Orbit", "team")
    assert workspace["created_by"] == cast.stranger.user_id
    assert role_of(db, workspace["id"], cast.stranger) == "owner"


def test_visitors_and_servers_make_no_workspace(db: Database) -> None:
    with denied(), db.as_anon() as cursor:
        call(cursor, "create_workspace", "Orbit")
    with denied(), db.as_service() as cursor:
        call(cursor, "create_workspace", "Orbit")
    with refused(401, "auth.required"), db.as_claims({}) as cursor:
        call(cursor, "create_workspace", "Orbit")


@pytest.mark.parametrize("name", [None, "", "   ", "a\nb", "x" * 101])
def test_a_workspace_needs_a_name(db: Database, cast: Cast, name: str | None) -> None:
    with refused(400, "workspace.name_invalid"), db.as_user(cast.owner) as cursor:
        call(cursor, "create_workspace", name)
    with refused(400, "workspace.name_invalid"), db.as_user(cast.owner) as cursor:
        call(cursor, "rename_workspace", cast.workspace_id, name)


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_managers_rename(db: Database, cast: Cast, role: str) -> None:
    with db.as_user(getattr(cast, role)) as cursor:
        assert call(cursor, "rename_workspace", cast.workspace_id, "Orbit")["name"] == "Orbit"


@pytest.mark.parametrize("role", NOT_MANAGERS)
def test_others_do_not_rename(db: Database, cast: Cast, role: str) -> None:
    with refused(403, "workspace.forbidden"), db.as_user(getattr(cast, role)) as cursor:
        call(cursor, "rename_workspace", cast.workspace_id, "Orbit")


def test_an_owner_deletes_with_everything_in_it(db: Database, cast: Cast) -> None:
    with db.as_user(cast.owner) as cursor:
        call(cursor, "invite_member", cast.workspace_id, "new@example.test", "viewer")
        call(cursor, "delete_workspace", cast.workspace_id)
    assert db.value("select count(*) from public.workspaces where id = %s", cast.workspace_id) == 0
    assert role_of(db, cast.workspace_id, cast.owner) is None
    assert db.value("select count(*) from app.invitation_tokens") == 0


@pytest.mark.parametrize("role", ["admin", *NOT_MANAGERS])
def test_others_do_not_delete(db: Database, cast: Cast, role: str) -> None:
    with refused(403, "workspace.forbidden"), db.as_user(getattr(cast, role)) as cursor:
        call(cursor, "delete_workspace", cast.workspace_id)


def test_a_stranger_does_not_learn_that_a_workspace_exists(db: Database, cast: Cast) -> None:
    for workspace_id in (cast.workspace_id, uuid4(), None):
        for function, arguments in (
            ("rename_workspace", ["Orbit"]),
            ("delete_workspace", []),
            ("leave_workspace", []),
            ("invite_member", ["new@example.test", "viewer"]),
            ("change_member_role", [cast.viewer.user_id, "admin"]),
            ("remove_member", [cast.viewer.user_id]),
        ):
            with refused(404, "workspace.not_found"), db.as_user(cast.stranger) as cursor:
                call(cursor, function, workspace_id, *arguments)


def test_a_personal_workspace_is_renamed_but_neither_deleted_left_nor_shared(
    db: Database, cast: Cast
) -> None:
    own = personal_workspace(db, cast.viewer)
    with db.as_user(cast.viewer) as cursor:
        assert call(cursor, "rename_workspace", own, "My desk")["name"] == "My desk"
    for function, arguments in (
        ("delete_workspace", []),
        ("leave_workspace", []),
        ("remove_member", [cast.viewer.user_id]),
        ("invite_member", ["new@example.test", "viewer"]),
    ):
        with refused(409, "workspace.personal"), db.as_user(cast.viewer) as cursor:
            call(cursor, function, own, *arguments)
    with refused(409, "workspace.last_owner"), db.as_user(cast.viewer) as cursor:
        call(cursor, "change_member_role", own, cast.viewer.user_id, "viewer")


def test_members_see_the_workspace_and_strangers_do_not(db: Database, cast: Cast) -> None:
    query = "select count(*) from public.workspaces where id = %s"
    with db.as_user(cast.viewer) as cursor:
        assert cursor.execute(query, (cast.workspace_id,)).fetchone() == (1,)
    with db.as_user(cast.stranger) as cursor:
        assert cursor.execute(query, (cast.workspace_id,)).fetchone() == (0,)
    with denied(), db.as_anon() as cursor:
        cursor.execute(query, (cast.workspace_id,))


@pytest.mark.parametrize("role", ["owner", "viewer", "stranger"])
def test_nobody_writes_the_tables_themselves(db: Database, cast: Cast, role: str) -> None:
    for statement in (
        "insert into public.workspaces (name) values ('x')",
        "update public.workspaces set name = 'x' where true",
        "delete from public.workspaces where true",
        "insert into public.workspace_members select * from public.workspace_members",
        "update public.workspace_members set role = 'owner' where true",
        "delete from public.workspace_members where true",
        "update public.workspace_invitations set role = 'owner' where true",
        "insert into public.role_permissions values ('viewer', 'workspace.delete')",
        "update public.roles set rank = 100 where true",
        "select from app.invitation_tokens",
        "select from app.platform_members",
    ):
        with denied(), db.as_user(getattr(cast, role)) as cursor:
            cursor.execute(statement.encode())


def test_my_workspaces_lists_role_and_permissions(db: Database, cast: Cast) -> None:
    with db.as_user(cast.viewer) as cursor:
        rows = cursor.execute("select name, kind, role, permissions from my_workspaces()").fetchall()
    assert [row[1:3] for row in rows] == [("personal", "owner"), ("team", "viewer")]
    assert rows[1][0] == "The cast"
    assert rows[1][3] == [
        "conversations.read",
        "courses.read",
        "documents.read",
        "jobs.read",
        "members.read",
        "social.read",
        "workspace.read",
    ]
    assert "workspace.delete" in rows[0][3]


def test_free_workspaces_are_limited_per_maker(db: Database, cast: Cast) -> None:
    """Deleting one makes room for another."""
    with db.as_user(cast.stranger) as cursor:
        first, *_ = [call(cursor, "create_workspace", f"Orbit {number}") for number in range(10)]
    with refused(402, "workspace.too_many_free"), db.as_user(cast.stranger) as cursor:
        call(cursor, "create_workspace", "One more")
    with db.as_user(cast.stranger) as cursor:
        call(cursor, "delete_workspace", first["id"])
        assert call(cursor, "create_workspace", "One more")["name"] == "One more"
