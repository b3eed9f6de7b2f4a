"""Ranks: nobody grants above themselves, nobody touches somebody above them, and an owner always remains."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from tests.integration.identity.calls import call, meanwhile, refused, role_of
from tests.support.actors import Actor, Cast
from tests.support.database import Database

MAY_CHANGE = [
    ("owner", "admin", "viewer"),
    ("owner", "viewer", "owner"),
    ("admin", "viewer", "admin"),
    ("admin", "editor", "sales"),
    ("admin", "admin", "editor"),  # oneself, downwards
]
MAY_NOT_CHANGE = [
    ("admin", "viewer", "owner", "member.rank_too_low"),
    ("admin", "admin", "owner", "member.rank_too_low"),
    ("admin", "owner", "viewer", "member.rank_too_low"),
    ("editor", "viewer", "sales", "workspace.forbidden"),
    ("viewer", "viewer", "owner", "workspace.forbidden"),
    ("sales", "sales", "support", "workspace.forbidden"),
]


def change(db: Database, cast: Cast, actor: Actor, target: Actor, role: str | None) -> None:
    with db.as_user(actor) as cursor:
        member = call(cursor, "change_member_role", cast.workspace_id, target.user_id, role)
    assert (member["user_id"], member["role"]) == (target.user_id, role)


def leave(db: Database, cast: Cast, actor: Actor) -> None:
    with db.as_user(actor) as cursor:
        call(cursor, "leave_workspace", cast.workspace_id)


def remove(db: Database, cast: Cast, actor: Actor, target: Actor) -> None:
    with db.as_user(actor) as cursor:
        call(cursor, "remove_member", cast.workspace_id, target.user_id)


def promote(db: Database, cast: Cast, target: Actor, role: str) -> None:
    """Sets a role from outside, as the background of a test."""
    db.admin.execute(
        "update public.workspace_members set role = %s where workspace_id = %s and user_id = %s",
        (role, cast.workspace_id, target.user_id),
    )


@pytest.mark.parametrize(("actor", "target", "role"), MAY_CHANGE)
def test_may_change_a_role(db: Database, cast: Cast, actor: str, target: str, role: str) -> None:
    change(db, cast, getattr(cast, actor), getattr(cast, target), role)
    assert role_of(db, cast.workspace_id, getattr(cast, target)) == role


@pytest.mark.parametrize(("actor", "target", "role", "code"), MAY_NOT_CHANGE)
def test_may_not_change_a_role(
    db: Database, cast: Cast, actor: str, target: str, role: str, code: str
) -> None:
    with refused(403, code):
        change(db, cast, getattr(cast, actor), getattr(cast, target), role)
    assert role_of(db, cast.workspace_id, getattr(cast, target)) == target


def test_equals_leave_each_other_alone_below_the_top(db: Database, cast: Cast) -> None:
    promote(db, cast, cast.editor, "admin")
    with refused(403, "member.rank_too_low"):
        change(db, cast, cast.admin, cast.editor, "viewer")
    with refused(403, "member.rank_too_low"):
        remove(db, cast, cast.admin, cast.editor)


def test_owners_change_and_remove_each_other(db: Database, cast: Cast) -> None:
    promote(db, cast, cast.admin, "owner")
    change(db, cast, cast.owner, cast.admin, "editor")
    promote(db, cast, cast.admin, "owner")
    remove(db, cast, cast.admin, cast.owner)
    assert role_of(db, cast.workspace_id, cast.owner) is None


@pytest.mark.parametrize("role", ["king", "", None])
def test_an_unknown_role_is_refused(db: Database, cast: Cast, role: str | None) -> None:
    with refused(400, "member.role_unknown"):
        change(db, cast, cast.owner, cast.viewer, role)


@pytest.mark.parametrize("actor", ["owner", "admin"])
def test_managers_remove_those_below(db: Database, cast: Cast, actor: str) -> None:
    remove(db, cast, getattr(cast, actor), cast.viewer)
    assert role_of(db, cast.workspace_id, cast.viewer) is None


@pytest.mark.parametrize(("actor", "target"), [("admin", "owner"), ("editor", "viewer"), ("viewer", "owner")])
def test_others_remove_nobody(db: Database, cast: Cast, actor: str, target: str) -> None:
    code = "member.rank_too_low" if actor == "admin" else "workspace.forbidden"
    with refused(403, code):
        remove(db, cast, getattr(cast, actor), getattr(cast, target))


def test_no_member_is_no_target(db: Database, cast: Cast) -> None:
    with refused(404, "member.not_found"):
        remove(db, cast, cast.owner, cast.stranger)
    with refused(404, "member.not_found"):
        change(db, cast, cast.owner, cast.stranger, "viewer")
    with refused(404, "member.not_found"), db.as_user(cast.owner) as cursor:
        call(cursor, "remove_member", cast.workspace_id, uuid4())


def test_everybody_may_leave(db: Database, cast: Cast) -> None:
    leave(db, cast, cast.viewer)
    remove(db, cast, cast.editor, cast.editor)
    assert role_of(db, cast.workspace_id, cast.viewer) is None
    assert role_of(db, cast.workspace_id, cast.editor) is None
    with refused(404, "workspace.not_found"):
        leave(db, cast, cast.viewer)


def test_the_last_owner_cannot_go(db: Database, cast: Cast) -> None:
    with refused(409, "workspace.last_owner"):
        leave(db, cast, cast.owner)
    with refused(409, "workspace.last_owner"):
        remove(db, cast, cast.owner, cast.owner)
    with refused(409, "workspace.last_owner"):
        change(db, cast, cast.owner, cast.owner, "admin")
    change(db, cast, cast.owner, cast.owner, "owner")


def test_an_owner_who_made_another_one_may_go(db: Database, cast: Cast) -> None:
    change(db, cast, cast.owner, cast.viewer, "owner")
    leave(db, cast, cast.owner)
    with refused(409, "workspace.last_owner"):
        leave(db, cast, cast.viewer)


def test_of_two_owners_who_leave_at_once_one_stays(db: Database, cast: Cast) -> None:
    promote(db, cast, cast.admin, "owner")
    with db.as_user(cast.owner) as cursor:
        call(cursor, "leave_workspace", cast.workspace_id)
        with meanwhile(db, lambda: leave(db, cast, cast.admin)) as raised:
            cursor.connection.commit()
    assert [code_of(error) for error in raised] == ["workspace.last_owner"]
    assert role_of(db, cast.workspace_id, cast.admin) == "owner"


def test_of_two_owners_who_remove_each_other_at_once_one_stays(db: Database, cast: Cast) -> None:
    promote(db, cast, cast.admin, "owner")
    with db.as_user(cast.owner) as cursor:
        call(cursor, "remove_member", cast.workspace_id, cast.admin.user_id)
        with meanwhile(db, lambda: remove(db, cast, cast.admin, cast.owner)) as raised:
            cursor.connection.commit()
    assert [code_of(error) for error in raised] == ["workspace.not_found"]
    assert role_of(db, cast.workspace_id, cast.owner) == "owner"


def test_of_two_owners_who_demote_each_other_at_once_one_stays(db: Database, cast: Cast) -> None:
    promote(db, cast, cast.admin, "owner")
    with db.as_user(cast.owner) as cursor:
        call(cursor, "change_member_role", cast.workspace_id, cast.admin.user_id, "viewer")
        with meanwhile(db, lambda: change(db, cast, cast.admin, cast.owner, "viewer")) as raised:
            cursor.connection.commit()
    assert [code_of(error) for error in raised] == ["workspace.forbidden"]
    assert role_of(db, cast.workspace_id, cast.owner) == "owner"


def test_leaving_while_the_workspace_is_deleted(db: Database, cast: Cast) -> None:
    with db.as_user(cast.owner) as cursor:
        call(cursor, "delete_workspace", cast.workspace_id)
        with meanwhile(db, lambda: leave(db, cast, cast.viewer)) as raised:
            cursor.connection.commit()
    assert [code_of(error) for error in raised] == ["workspace.not_found"]


def test_members_do_not_hold_up_other_writes_of_the_workspace(db: Database, cast: Cast) -> None:
    with db.as_user(cast.owner) as cursor:
        call(cursor, "change_member_role", cast.workspace_id, cast.viewer.user_id, "editor")
        with db.admin.transaction():
            db.admin.execute("set local lock_timeout = '1s'")
            db.admin.execute(
                "insert into public.workspace_invitations (workspace_id, email, role)"
                " values (%s, 'new@example.test', 'viewer')",
                (cast.workspace_id,),
            )


def test_members_see_members_and_strangers_do_not(db: Database, cast: Cast) -> None:
    query = "select count(*) from public.workspace_members where workspace_id = %s"
    with db.as_user(cast.viewer) as cursor:
        assert cursor.execute(query, (cast.workspace_id,)).fetchone() == (7,)
    with db.as_user(cast.stranger) as cursor:
        assert cursor.execute(query, (cast.workspace_id,)).fetchone() == (0,)


def code_of(error: BaseException) -> str | None:
    """The stable code of a refusal."""
    assert isinstance(error, psycopg.Error)
    return error.diag.message_detail
