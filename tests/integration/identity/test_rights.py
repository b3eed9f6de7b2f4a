"""Permissions are rows, read anew by each request; platform roles stand apart from them."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.integration.identity.calls import denied, personal_workspace, refused
from tests.support.actors import Actor, Cast
from tests.support.database import Database


def workspaces_with(db: Database, actor: Actor, permission: str) -> set[UUID]:
    with db.as_user(actor) as cursor:
        return {row[0] for row in cursor.execute("select app.workspaces_with(%s)", (permission,)).fetchall()}


def require(db: Database, actor: Actor, workspace_id: UUID | None, permission: str) -> None:
    with db.as_user(actor) as cursor:
        cursor.execute("select app.require_permission(%s, %s)", (workspace_id, permission))


def test_every_member_reads_and_only_some_write(db: Database, cast: Cast) -> None:
    readers = {
        m.name for m in cast.members() if cast.workspace_id in workspaces_with(db, m, "documents.read")
    }
    writers = {
        m.name for m in cast.members() if cast.workspace_id in workspaces_with(db, m, "documents.write")
    }
    assert readers == {member.name for member in cast.members()}
    assert writers == {"owner", "admin", "editor", "marketing"}


def test_a_stranger_holds_rights_in_their_own_workspace_only(db: Database, cast: Cast) -> None:
    own = personal_workspace(db, cast.stranger)
    assert workspaces_with(db, cast.stranger, "workspace.delete") == {own}
    assert workspaces_with(db, cast.stranger, "no.such_right") == set()


def test_a_changed_permission_counts_on_the_next_request(db: Database, cast: Cast) -> None:
    with refused(403, "workspace.forbidden"):
        require(db, cast.viewer, cast.workspace_id, "documents.write")
    db.admin.execute("insert into public.role_permissions values ('viewer', 'documents.write')")
    require(db, cast.viewer, cast.workspace_id, "documents.write")
    db.admin.execute("delete from public.role_permissions where role = 'viewer'")
    assert workspaces_with(db, cast.viewer, "documents.read") == {personal_workspace(db, cast.viewer)}


def test_require_permission_names_each_refusal(db: Database, cast: Cast) -> None:
    require(db, cast.owner, cast.workspace_id, "workspace.delete")
    with refused(403, "workspace.forbidden"):
        require(db, cast.admin, cast.workspace_id, "workspace.delete")
    with refused(404, "workspace.not_found"):
        require(db, cast.stranger, cast.workspace_id, "workspace.read")
    with refused(404, "workspace.not_found"):
        require(db, cast.owner, None, "workspace.read")
    with refused(401, "auth.required"), db.as_claims({}) as cursor:
        cursor.execute("select app.require_permission(%s, 'workspace.read')", (cast.workspace_id,))


def test_signed_in_users_read_roles_and_permissions(db: Database, cast: Cast) -> None:
    with db.as_user(cast.stranger) as cursor:
        roles = cursor.execute("select role from public.roles order by rank desc, role").fetchall()
        assert [row[0] for row in roles] == [
            "owner",
            "admin",
            "editor",
            "marketing",
            "sales",
            "support",
            "viewer",
        ]
        assert cursor.execute("select count(*) > 0 from public.role_permissions").fetchone() == (True,)
    with denied(), db.as_anon() as cursor:
        cursor.execute("select from public.roles")


def test_the_owner_holds_every_permission(db: Database) -> None:
    missing = (
        "select permission from public.role_permissions except"
        " select permission from public.role_permissions where role = 'owner'"
    )
    assert db.rows(missing) == []


def test_a_statement_reads_the_caller_s_workspaces_once(db: Database, cast: Cast) -> None:
    with db.as_user(cast.viewer) as cursor:
        rows = cursor.execute("explain (costs off) select * from public.workspaces").fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "InitPlan" in plan
    assert "SubPlan" not in plan


@pytest.mark.parametrize(
    ("held", "asked", "expected"),
    [
        ("global_admin", "global_admin", True),
        ("global_admin", "support_user", True),
        ("support_user", "support_user", True),
        ("support_user", "global_admin", False),
        ("global_admin", "owner", False),
    ],
)
def test_platform_roles(db: Database, cast: Cast, held: str, asked: str, expected: bool) -> None:
    db.admin.execute("insert into app.platform_members values (%s, %s)", (cast.stranger.user_id, held))
    with db.as_user(cast.stranger) as cursor:
        assert cursor.execute("select app.is_platform(%s)", (asked,)).fetchone() == (expected,)
    with db.as_user(cast.owner) as cursor:
        assert cursor.execute("select app.is_platform(%s)", (asked,)).fetchone() == (False,)


def test_a_platform_role_opens_no_workspace(db: Database, cast: Cast) -> None:
    db.admin.execute("insert into app.platform_members values (%s, 'global_admin')", (cast.stranger.user_id,))
    assert cast.workspace_id not in workspaces_with(db, cast.stranger, "workspace.read")
