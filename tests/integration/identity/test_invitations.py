"""Invitations: bound to an e-mail, single use, 24 hours, never above the inviter, their tokens hashed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.identity.calls import call, denied, meanwhile, personal_workspace, refused, role_of
from tests.support.actors import Actor, Cast
from tests.support.database import Database


def invite(
    db: Database, cast: Cast, inviter: Actor, email: str | None, role: str = "viewer"
) -> dict[str, Any]:
    with db.as_user(inviter) as cursor:
        return call(cursor, "invite_member", cast.workspace_id, email, role)


def accept(db: Database, actor: Actor, token: str | None, **claims: Any) -> UUID:
    with db.as_claims({**actor.claims(), **claims}) as cursor:
        workspace_id: UUID = call(cursor, "accept_invitation", token)["id"]
        return workspace_id


def revoke(db: Database, actor: Actor, invitation_id: UUID) -> None:
    with db.as_user(actor) as cursor:
        call(cursor, "revoke_invitation", invitation_id)


def test_an_invited_stranger_becomes_a_member(db: Database, cast: Cast) -> None:
    invitation = invite(db, cast, cast.admin, f"  {cast.stranger.email.upper()} ", "editor")
    assert accept(db, cast.stranger, invitation["token"]) == cast.workspace_id
    assert role_of(db, cast.workspace_id, cast.stranger) == "editor"
    used = db.rows("select accepted_by, accepted_at is not null from public.workspace_invitations")
    assert used == [(cast.stranger.user_id, True)]


def test_the_token_is_kept_as_a_hash_and_the_invitation_lasts_a_day(db: Database, cast: Cast) -> None:
    invitation = invite(db, cast, cast.owner, cast.stranger.email)
    stored = db.rows("select invitation_id, token_hash from app.invitation_tokens")
    assert stored == [(invitation["invitation_id"], hashlib.sha256(invitation["token"].encode()).digest())]
    left = invitation["expires_at"] - datetime.now(invitation["expires_at"].tzinfo)
    assert timedelta(hours=23, minutes=50) < left <= timedelta(hours=24)


@pytest.mark.parametrize(("inviter", "role"), [("owner", "owner"), ("admin", "admin"), ("admin", "viewer")])
def test_may_invite_up_to_the_own_rank(db: Database, cast: Cast, inviter: str, role: str) -> None:
    token = invite(db, cast, getattr(cast, inviter), cast.stranger.email, role)["token"]
    accept(db, cast.stranger, token)
    assert role_of(db, cast.workspace_id, cast.stranger) == role


@pytest.mark.parametrize(
    ("inviter", "role", "code"),
    [
        ("admin", "owner", "member.rank_too_low"),
        ("editor", "viewer", "workspace.forbidden"),
        ("viewer", "viewer", "workspace.forbidden"),
    ],
)
def test_may_not_invite_above_the_own_rank(
    db: Database, cast: Cast, inviter: str, role: str, code: str
) -> None:
    with refused(403, code):
        invite(db, cast, getattr(cast, inviter), cast.stranger.email, role)
    assert db.value("select count(*) from public.workspace_invitations") == 0


@pytest.mark.parametrize(
    "email", [None, "", "nobody", "a@b", "a b@example.test", "a@b@example.test", "a" * 255 + "@x.test"]
)
def test_an_invitation_needs_an_email(db: Database, cast: Cast, email: str | None) -> None:
    with refused(400, "invitation.email_invalid"):
        invite(db, cast, cast.owner, email)


def test_an_unknown_role_is_refused(db: Database, cast: Cast) -> None:
    with refused(400, "member.role_unknown"):
        invite(db, cast, cast.owner, cast.stranger.email, "king")


@pytest.mark.parametrize("token", [None, "", "x", "0" * 64])
def test_a_wrong_token_opens_nothing(db: Database, cast: Cast, token: str | None) -> None:
    invite(db, cast, cast.owner, cast.stranger.email)
    with refused(404, "invitation.not_found"):
        accept(db, cast.stranger, token)


@pytest.mark.parametrize(
    "claims", [{"email": "mallory@example.test"}, {"email": None}, {"email": ""}, {"user_metadata": {}}]
)
def test_somebody_else_cannot_use_the_token(db: Database, cast: Cast, claims: dict[str, Any]) -> None:
    token = invite(db, cast, cast.owner, cast.stranger.email)["token"]
    mallory = db.sign_up("mallory")
    with refused(403, "invitation.wrong_email"):
        accept(db, mallory, token, **claims)
    with refused(403, "invitation.wrong_email"):
        accept(db, mallory, token, user_metadata={"email": cast.stranger.email, "email_verified": True})


def test_an_unconfirmed_email_is_refused(db: Database, cast: Cast) -> None:
    token = invite(db, cast, cast.owner, cast.stranger.email)["token"]
    with refused(403, "invitation.email_unverified"):
        accept(db, cast.stranger, token, email_verified=False)
    accept(db, cast.stranger, token, email_verified=True)


def test_visitors_accept_nothing(db: Database, cast: Cast) -> None:
    token = invite(db, cast, cast.owner, cast.stranger.email)["token"]
    with denied(), db.as_anon() as cursor:
        call(cursor, "accept_invitation", token)
    with refused(401, "auth.required"), db.as_claims({"email": cast.stranger.email}) as cursor:
        call(cursor, "accept_invitation", token)


def test_an_invitation_works_once(db: Database, cast: Cast) -> None:
    token = invite(db, cast, cast.owner, cast.stranger.email)["token"]
    accept(db, cast.stranger, token)
    with db.as_user(cast.owner) as cursor:
        call(cursor, "remove_member", cast.workspace_id, cast.stranger.user_id)
    with refused(409, "invitation.used"):
        accept(db, cast.stranger, token)
    assert role_of(db, cast.workspace_id, cast.stranger) is None


def test_of_two_requests_with_one_token_one_wins(db: Database, cast: Cast) -> None:
    token = invite(db, cast, cast.owner, cast.stranger.email)["token"]
    twin = db.sign_up("twin")
    with db.as_user(cast.stranger) as cursor:
        call(cursor, "accept_invitation", token)
        with meanwhile(db, lambda: accept(db, twin, token, email=cast.stranger.email)) as raised:
            cursor.connection.commit()
    assert [error.diag.message_detail for error in raised if isinstance(error, psycopg.Error)] == [
        "invitation.used"
    ]
    assert role_of(db, cast.workspace_id, twin) is None


def test_an_expired_invitation_is_refused(db: Database, cast: Cast) -> None:
    token = invite(db, cast, cast.owner, cast.stranger.email)["token"]
    db.admin.execute("update public.workspace_invitations set expires_at = now() where true")
    with refused(410, "invitation.expired"):
        accept(db, cast.stranger, token)


def test_a_revoked_invitation_is_refused(db: Database, cast: Cast) -> None:
    invitation = invite(db, cast, cast.owner, cast.stranger.email)
    revoke(db, cast.admin, invitation["invitation_id"])
    revoke(db, cast.admin, invitation["invitation_id"])
    with refused(410, "invitation.revoked"):
        accept(db, cast.stranger, invitation["token"])


def test_a_used_invitation_is_not_revoked(db: Database, cast: Cast) -> None:
    invitation = invite(db, cast, cast.owner, cast.stranger.email)
    accept(db, cast.stranger, invitation["token"])
    with refused(409, "invitation.used"):
        revoke(db, cast.owner, invitation["invitation_id"])


def test_a_new_invitation_replaces_the_open_one(db: Database, cast: Cast) -> None:
    old = invite(db, cast, cast.owner, cast.stranger.email, "admin")["token"]
    new = invite(db, cast, cast.owner, cast.stranger.email, "viewer")["token"]
    with refused(410, "invitation.revoked"):
        accept(db, cast.stranger, old)
    accept(db, cast.stranger, new)
    assert role_of(db, cast.workspace_id, cast.stranger) == "viewer"


def test_nobody_replaces_or_revokes_an_invitation_above_them(db: Database, cast: Cast) -> None:
    invitation = invite(db, cast, cast.owner, cast.stranger.email, "owner")
    with refused(403, "member.rank_too_low"):
        invite(db, cast, cast.admin, cast.stranger.email, "viewer")
    with refused(403, "member.rank_too_low"):
        revoke(db, cast.admin, invitation["invitation_id"])
    accept(db, cast.stranger, invitation["token"])


@pytest.mark.parametrize("actor", ["viewer", "editor", "stranger"])
def test_others_revoke_nothing_and_learn_nothing(db: Database, cast: Cast, actor: str) -> None:
    invitation = invite(db, cast, cast.owner, "new@example.test")
    for invitation_id in (invitation["invitation_id"], uuid4()):
        with refused(404, "invitation.not_found"):
            revoke(db, getattr(cast, actor), invitation_id)


@pytest.mark.parametrize("role", ["viewer", None])
def test_an_invitation_ends_with_the_inviter_s_right(db: Database, cast: Cast, role: str | None) -> None:
    token = invite(db, cast, cast.admin, cast.stranger.email, "viewer")["token"]
    with db.as_user(cast.owner) as cursor:
        if role is None:
            call(cursor, "remove_member", cast.workspace_id, cast.admin.user_id)
        else:
            call(cursor, "change_member_role", cast.workspace_id, cast.admin.user_id, role)
    with refused(410, "invitation.revoked"):
        accept(db, cast.stranger, token)


def test_a_demoted_inviter_no_longer_lifts_others_above_them(db: Database, cast: Cast) -> None:
    db.admin.execute(
        "update public.workspace_members set role = 'owner' where user_id = %s", (cast.admin.user_id,)
    )
    token = invite(db, cast, cast.admin, cast.stranger.email, "owner")["token"]
    db.admin.execute(
        "update public.workspace_members set role = 'admin' where (workspace_id, user_id) = (%s, %s)",
        (cast.workspace_id, cast.admin.user_id),
    )
    with refused(410, "invitation.revoked"):
        accept(db, cast.stranger, token)


def test_a_member_who_accepts_keeps_their_role(db: Database, cast: Cast) -> None:
    token = invite(db, cast, cast.owner, cast.viewer.email, "admin")["token"]
    assert accept(db, cast.viewer, token) == cast.workspace_id
    assert role_of(db, cast.workspace_id, cast.viewer) == "viewer"


def test_those_who_may_invite_see_invitations_and_no_others(db: Database, cast: Cast) -> None:
    invite(db, cast, cast.owner, cast.stranger.email)
    for actor in (*cast.members(), cast.stranger):
        with db.as_user(actor) as cursor:
            seen = cursor.execute("select * from public.workspace_invitations").fetchall()
        assert len(seen) == (1 if actor.name in ("owner", "admin") else 0)


def test_a_clerk_user_without_any_row_accepts(db: Database, cast: Cast) -> None:
    token = invite(db, cast, cast.owner, "cleo@example.test", "editor")["token"]
    claims = {"sub": "user_2abc", "iss": "https://x.clerk.accounts.dev", "email": "Cleo@example.test"}
    with db.as_claims(claims) as cursor:
        call(cursor, "accept_invitation", token)
        rows = cursor.execute("select name, kind, role from my_workspaces()").fetchall()
    assert rows == [("Cleo", "personal", "owner"), ("The cast", "team", "editor")]
    assert personal_workspace(db, cast.owner) is not None
