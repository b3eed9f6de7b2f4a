"""What is told by itself, to whom, and once."""

from __future__ import annotations

import re
from uuid import UUID

from tests.integration.identity.calls import refused
from tests.integration.notifications.post import Post, WatchedMailer
from tests.support.actors import Actor, Cast


def told(post: Post, kind: str) -> list[UUID | None]:
    """Whom, in no order."""
    return [
        user for (user,) in post.db.rows("select user_id from public.notifications where kind = %s", kind)
    ]


async def test_who_confirms_an_address_is_welcomed_once(post: Post, mailer: WatchedMailer) -> None:
    eve = post.db.sign_up("eve", full_name="Ève", locale="fr-CH")
    assert told(post, "welcome") == []
    post.confirm(eve)
    post.as_auth("update auth.users set email_confirmed_at = null where id = %s", eve.user_id)
    post.confirm(eve)
    await post.work_off()
    assert told(post, "welcome") == [eve.user_id]
    (mail,) = mailer.sent
    assert (mail.to.email, mail.subject) == (eve.email, "Bienvenue chez Lamina")
    assert mail.text.startswith("Bonjour Ève,")


def test_who_comes_with_a_confirmed_address_is_welcomed_at_once(post: Post) -> None:
    post.as_auth(
        "insert into auth.users (id, aud, role, email, email_confirmed_at, created_at, updated_at)"
        " values (gen_random_uuid(), 'authenticated', 'authenticated', 'bob@example.test', now(), now(),"
        " now())"
    )
    assert len(told(post, "welcome")) == 1


async def test_who_is_known_by_a_token_alone_is_welcomed(post: Post, mailer: WatchedMailer) -> None:
    claims = {
        "sub": "user_2x",
        "iss": "https://clerk.example.test",
        "email": "Cleo@Example.test",
        "role": "authenticated",
    }
    with post.db.as_claims(claims) as cursor:
        cursor.execute("select public.ensure_profile()")
        cursor.execute("select public.ensure_profile()")
    with post.db.as_claims({**claims, "sub": "user_3x", "email_verified": False}) as cursor:
        cursor.execute("select public.ensure_profile()")
    await post.work_off()
    assert [mail.to.email for mail in mailer.sent] == ["cleo@example.test"]


def test_a_welcome_that_fails_never_stops_a_sign_up(post: Post) -> None:
    post.db.admin.execute("alter table public.notifications add check (false) not valid")
    eve = post.db.sign_up("eve")
    post.confirm(eve)
    with post.db.as_claims(
        {"sub": "user_2x", "email": "cleo@example.test", "role": "authenticated"}
    ) as cursor:
        cursor.execute("select public.ensure_profile()")
    assert told(post, "welcome") == []
    assert post.db.value("select count(*) from public.profiles") == 2
    assert post.db.value("select count(*) from public.workspaces") == 2


async def test_an_invitation_travels_by_mail_and_its_token_nowhere_else(
    post: Post, mailer: WatchedMailer, cast: Cast, ada: Actor
) -> None:
    with post.db.as_user(cast.admin) as cursor:
        cursor.execute(
            "select token from public.invite_member(%s, %s, 'editor')", (cast.workspace_id, ada.email.upper())
        )
        (token,) = cursor.fetchone() or ("",)
    (entry,) = post.of(ada)
    assert token not in str(entry)
    assert post.db.value("select count(*) from app.notification_secrets") == 1
    await post.work_off()
    (mail,) = mailer.sent
    found = re.search(r"https://app\.example\.test/invitations\?token=(\w+)", mail.text)
    assert found
    assert found[1] == token
    assert "The cast" in mail.subject
    assert post.db.value("select count(*) from app.notification_secrets") == 0
    with post.db.as_user(ada) as cursor:
        cursor.execute("select id from public.accept_invitation(%s)", (found[1],))
        assert cursor.fetchone() == (cast.workspace_id,)


def invite(post: Post, cast: Cast, email: str) -> UUID:
    with post.db.as_user(cast.admin) as cursor:
        cursor.execute(
            "select invitation_id from public.invite_member(%s, %s, 'viewer')", (cast.workspace_id, email)
        )
        (found,) = cursor.fetchone() or (None,)
    assert isinstance(found, UUID)
    return found


async def test_who_invites_sees_what_became_of_the_mail(post: Post, cast: Cast, ada: Actor) -> None:
    post.db.admin.execute("select app.suppress('dead@example.test', 'bounced')")
    invited = {email: invite(post, cast, email) for email in ("dead@example.test", ada.email)}

    def states(actor: Actor) -> dict[UUID, str]:
        with post.db.as_user(actor) as cursor:
            cursor.execute("select id, mail_status from public.workspace_invitations")
            return dict(cursor.fetchall())

    assert set(states(cast.admin).values()) == {"queued"}
    await post.work_off()
    assert states(cast.admin) == {invited["dead@example.test"]: "suppressed", invited[ada.email]: "sent"}
    sent = post.of(ada)[0]["id"]
    post.db.admin.execute("select app.end_notification(%s, 'bounced')", (sent,))
    assert states(cast.owner)[invited[ada.email]] == "bounced"
    assert states(cast.editor) == {}


def test_an_invitation_in_the_feed_says_into_what_and_is_accepted(post: Post, cast: Cast, ada: Actor) -> None:
    invited = invite(post, cast, ada.email)
    data = post.of(ada)[0]["data"]
    assert (data["invitation_id"], data["workspace"]) == (str(invited), "The cast")
    assert data["workspace_id"] == str(cast.workspace_id)
    with post.db.as_user(ada) as cursor:
        cursor.execute("select id from public.accept_invitation_by_id(%s)", (invited,))
        assert cursor.fetchone() == (cast.workspace_id,)
    with refused(409, "invitation.used"), post.db.as_user(ada) as cursor:
        cursor.execute("select public.accept_invitation_by_id(%s)", (invited,))


def test_only_the_owner_of_a_confirmed_address_accepts_without_the_token(
    post: Post, cast: Cast, ada: Actor
) -> None:
    accept = "select public.accept_invitation_by_id(%s)"
    invited = invite(post, cast, ada.email)
    for actor in (cast.stranger, cast.admin):
        with refused(404, "invitation.not_found"), post.db.as_user(actor) as cursor:
            cursor.execute(accept, (invited,))
    post.as_auth("update auth.users set email_confirmed_at = null where id = %s", ada.user_id)
    with refused(403, "invitation.email_unverified"), post.db.as_user(ada) as cursor:
        cursor.execute(accept, (invited,))
    impostor = {**ada.claims(), "sub": str(cast.stranger.user_id)}
    with refused(403, "invitation.email_unverified"), post.db.as_claims(impostor) as cursor:
        cursor.execute(accept, (invited,))
    post.confirm(ada)
    with post.db.as_user(cast.admin) as cursor:
        cursor.execute("select public.revoke_invitation(%s)", (invited,))
    with refused(410, "invitation.revoked"), post.db.as_user(ada) as cursor:
        cursor.execute(accept, (invited,))


async def test_a_stranger_is_invited_in_the_language_of_who_invites(
    post: Post, mailer: WatchedMailer, cast: Cast
) -> None:
    with post.db.as_user(cast.admin) as cursor:
        cursor.execute("update public.profiles set locale = 'fr' where user_id = %s", (cast.admin.user_id,))
        cursor.execute("select public.invite_member(%s, 'new@example.test', 'viewer')", (cast.workspace_id,))
    await post.work_off()
    (mail,) = mailer.sent
    assert mail.to.email == "new@example.test"
    assert "vous invite" in mail.subject
    assert told(post, "invitation") == [None]


async def test_an_invitation_without_its_token_is_not_written_again(
    post: Post, mailer: WatchedMailer, cast: Cast
) -> None:
    with post.db.as_user(cast.admin) as cursor:
        cursor.execute("select public.invite_member(%s, 'new@example.test', 'viewer')", (cast.workspace_id,))
    invited = post.db.value("select id from public.notifications where kind = 'invitation'")
    job = post.job(invited)["id"]
    post.db.admin.execute("select app.stop_job(%s)", (job,))
    post.db.admin.execute("select app.restart_job(%s)", (job,))
    await post.work_off()
    assert (post.status(invited), post.row(invited)["error_code"]) == ("failed", "notification.secret_gone")
    assert mailer.tried == 0


def test_billing_tells_those_who_pay_each_thing_once(post: Post, cast: Cast) -> None:
    for _ in range(2):
        post.db.admin.execute(
            "select app.notice(%s, 'payment_failed', 'in_1', %s)",
            (cast.workspace_id, '{"amount": 1250, "currency": "eur"}'),
        )
    assert told(post, "payment_failed") == [cast.owner.user_id]
    (entry,) = post.of(cast.owner)
    assert entry["data"] == {"amount": 1250, "currency": "eur"}
    assert entry["workspace_id"] == cast.workspace_id


def fail_document(post: Post, document: UUID, code: str = "document.damaged") -> None:
    post.db.admin.execute("update public.documents set status = 'pending' where id = %s", (document,))
    post.db.admin.execute(
        "update public.documents set status = 'failed', error_code = %s, error_message = 'It is damaged.'"
        " where id = %s",
        (code, document),
    )


def document_of(post: Post, cast: Cast, actor: Actor) -> UUID:
    found: UUID = post.db.value(
        "insert into public.documents (workspace_id, kind, title, created_by) values (%s, 'text', 'Plan', %s)"
        " returning id",
        cast.workspace_id,
        actor.user_id,
    )
    return found


def test_a_failed_document_is_told_to_who_brought_it_once_a_version(post: Post, cast: Cast) -> None:
    document = document_of(post, cast, cast.editor)
    fail_document(post, document)
    fail_document(post, document)
    assert told(post, "document_failed") == [cast.editor.user_id]
    post.db.admin.execute("update public.documents set version = 2 where id = %s", (document,))
    fail_document(post, document)
    assert told(post, "document_failed") == [cast.editor.user_id] * 2
    assert post.of(cast.editor)[0]["data"]["error_message"] == "It is damaged."


def test_who_left_or_cancelled_hears_nothing(post: Post, cast: Cast) -> None:
    fail_document(post, document_of(post, cast, cast.stranger))
    fail_document(post, document_of(post, cast, cast.editor), code="job.cancelled")
    assert told(post, "document_failed") == []
