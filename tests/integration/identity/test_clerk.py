"""A user of a third-party issuer: a text subject, no row in auth.users, and all that others can do."""

from __future__ import annotations

from typing import Any

from tests.integration.identity.calls import call, refused
from tests.support.actors import Cast
from tests.support.database import Database

CLEO: dict[str, Any] = {
    "sub": "user_2abcDEFghiJKL",
    "iss": "https://x.clerk.accounts.dev",
    "role": "authenticated",
    "email": "cleo@example.test",
    "name": "Cleo",
    "picture": "https://img.clerk.test/cleo.png",
}
DORA = {**CLEO, "sub": "user_2dora", "email": "dora@example.test", "name": "Dora"}


def test_the_first_call_makes_a_profile_of_the_claims(db: Database) -> None:
    with db.as_claims(CLEO) as cursor:
        assert cursor.execute("select * from my_workspaces()").fetchall() == []
        profile = call(cursor, "ensure_profile")
    assert (profile["display_name"], profile["avatar_url"]) == ("Cleo", "https://img.clerk.test/cleo.png")
    assert db.value("select count(*) from auth.users") == 0


def test_claims_without_name_and_email_are_enough(db: Database) -> None:
    with db.as_claims({key: CLEO[key] for key in ("sub", "iss", "role")}) as cursor:
        assert call(cursor, "ensure_profile")["display_name"] is None
        assert cursor.execute("select name from my_workspaces()").fetchall() == [("Personal workspace",)]


def test_a_workspace_is_made_without_a_call_before(db: Database) -> None:
    with db.as_claims(CLEO) as cursor:
        workspace = call(cursor, "create_workspace", "Orbit")
        rows = cursor.execute("select name, role from my_workspaces()").fetchall()
    assert rows == [("Cleo", "owner"), ("Orbit", "owner")]
    with db.as_claims(DORA) as cursor:
        assert cursor.execute("select * from public.workspaces").fetchall() == []
    with refused(404, "workspace.not_found"), db.as_claims(DORA) as cursor:
        call(cursor, "rename_workspace", workspace["id"], "Mine")


def test_the_same_subject_of_another_issuer_is_a_stranger(db: Database) -> None:
    with db.as_claims(CLEO) as cursor:
        workspace = call(cursor, "create_workspace", "Orbit")
    impostor = {**CLEO, "iss": "https://y.clerk.accounts.dev"}
    with refused(404, "workspace.not_found"), db.as_claims(impostor) as cursor:
        call(cursor, "delete_workspace", workspace["id"])


def test_members_of_both_kinds_work_together(db: Database, cast: Cast) -> None:
    with db.as_user(cast.owner) as cursor:
        token = call(cursor, "invite_member", cast.workspace_id, CLEO["email"], "admin")["token"]
    with db.as_claims(CLEO) as cursor:
        call(cursor, "accept_invitation", token)
        cursor.execute("update public.profiles set username = 'cleo' where user_id = app.user_id()")
        cursor.execute("select app.user_id()")
        (cleo_id,) = cursor.fetchone() or (None,)
        call(cursor, "change_member_role", cast.workspace_id, cast.viewer.user_id, "editor")
    with db.as_user(cast.viewer) as cursor:
        cursor.execute("select username from public.profiles where user_id = %s", (cleo_id,))
        assert cursor.fetchone() == ("cleo",)
    with db.as_user(cast.owner) as cursor:
        call(cursor, "remove_member", cast.workspace_id, cleo_id)
    with refused(404, "workspace.not_found"), db.as_claims(CLEO) as cursor:
        call(cursor, "leave_workspace", cast.workspace_id)
