"""What a browser may do: read the own feed, mark it read, choose which e-mails to get."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.integration.notifications.post import Post, WatchedMailer
from tests.support.actors import Actor, Cast
from worker.domains.notifications.values import FIELDS


def refusal(caught: pytest.ExceptionInfo[psycopg.Error]) -> tuple[str | None, str | None]:
    return caught.value.sqlstate, caught.value.diag.message_detail


def test_only_the_user_reads_what_they_were_told(post: Post, cast: Cast) -> None:
    post.notify(cast.editor, text="For you.")
    for actor in (*cast.members(), cast.stranger):
        with post.db.as_user(actor) as cursor:
            cursor.execute("select data ->> 'text' from public.notifications")
            assert cursor.fetchall() == ([("For you.",)] if actor is cast.editor else [])


def test_the_feed_moves_at_once(post: Post, ada: Actor) -> None:
    told = post.notify(ada)
    heard = post.db.rows(
        "select topic, payload from realtime.messages where event = 'notification' order by inserted_at desc"
    )
    assert heard[0][0] == f"user:{ada.user_id}"
    assert (heard[0][1]["id"], heard[0][1]["kind"]) == (str(told), "mention")


def mark(post: Post, actor: Actor, ids: list[object] | None) -> int:
    with post.db.as_user(actor) as cursor:
        cursor.execute("select public.mark_notifications_read(%s::uuid[])", (ids,))
        return int((cursor.fetchone() or (0,))[0])


def test_reading_marks_own_ones_once(post: Post, cast: Cast) -> None:
    first, second = post.notify(cast.editor, "a"), post.notify(cast.editor, "b")
    foreign = post.notify(cast.viewer, "c")
    assert mark(post, cast.editor, [first, foreign]) == 1
    assert mark(post, cast.editor, [first]) == 0
    assert mark(post, cast.editor, None) == 1
    assert post.row(second)["read_at"] is not None
    assert post.row(foreign)["read_at"] is None
    assert post.status(first) == "queued"


def test_other_tabs_hear_how_many_are_left(post: Post, cast: Cast) -> None:
    first, _second = post.notify(cast.editor, "a"), post.notify(cast.editor, "b")

    def heard() -> list[int]:
        rows = post.db.rows(
            "select payload from realtime.messages where event = 'notification.read' and private"
            " and topic = %s order by inserted_at",
            f"user:{cast.editor.user_id}",
        )
        return [row[0]["unread"] for row in rows]

    mark(post, cast.editor, [first])
    mark(post, cast.editor, [first])
    assert heard() == [1]
    mark(post, cast.editor, None)
    assert heard() == [1, 0]


def test_a_dead_address_is_seen_in_the_settings_until_it_is_lifted(
    post: Post, cast: Cast, ada: Actor
) -> None:
    def suppressed(actor: Actor) -> set[str | None]:
        with post.db.as_user(actor) as cursor:
            cursor.execute("select suppressed ->> 'reason' from public.notification_settings()")
            return {reason for (reason,) in cursor.fetchall()}

    post.db.admin.execute("select app.suppress(%s, 'complained')", (ada.email.upper(),))
    assert (suppressed(ada), suppressed(cast.editor)) == ({"complained"}, {None})
    lift = "select (app.lift_suppression(%s)).reason"
    assert post.db.value(lift, f" {ada.email.upper()}") == "complained"
    assert post.db.value(lift, ada.email) is None
    assert suppressed(ada) == {None}
    audited = "select subject, detail ->> 'reason' from public.audit_log where action = 'suppression.lifted'"
    assert post.db.rows(audited) == [(ada.email, "complained")]


async def test_a_choice_holds_for_mail_and_not_for_the_feed(
    post: Post, mailer: WatchedMailer, ada: Actor
) -> None:
    with post.db.as_user(ada) as cursor:
        cursor.execute("select public.set_notification_preference('mention', false)")
    off = post.notify(ada, "off")
    other = post.notify(ada, "other", kind="limit_80")
    await post.work_off()
    assert (post.status(off), post.row(off)["error_code"]) == ("skipped", "notification.turned_off")
    assert post.status(other) == "sent"
    assert len(post.of(ada)) == 2
    with post.db.as_user(ada) as cursor:
        cursor.execute("select public.set_notification_preference('mention', true)")
    again = post.notify(ada, "again")
    await post.work_off()
    assert post.status(again) == "sent"


def test_settings_show_every_kind_and_the_own_choice(post: Post, cast: Cast) -> None:
    with post.db.as_user(cast.editor) as cursor:
        cursor.execute("select public.set_notification_preference('mention', false)")
        cursor.execute("select kind, is_optional, email from public.notification_settings()")
        found = {kind: (optional, email) for kind, optional, email in cursor.fetchall()}
    assert found["mention"] == (True, False)
    assert found["limit_80"] == (True, True)
    assert found["payment_failed"] == (False, True)
    assert found.keys() == FIELDS.keys()
    with post.db.as_user(cast.viewer) as cursor:
        cursor.execute("select email from public.notification_settings() where kind = 'mention'")
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize(
    ("kind", "choice", "refused"),
    [
        ("payment_failed", False, ("PT409", "notification.not_optional")),
        ("no_such", False, ("PT404", "notification.kind_unknown")),
        ("mention", None, ("PT400", "notification.choice_missing")),
    ],
)
def test_a_choice_that_is_none_is_refused(
    post: Post, ada: Actor, kind: str, choice: bool | None, refused: tuple[str, str]
) -> None:
    with pytest.raises(psycopg.Error) as caught, post.db.as_user(ada) as cursor:
        cursor.execute("select public.set_notification_preference(%s, %s)", (kind, choice))
    assert refusal(caught) == refused


def test_a_visitor_has_no_settings(post: Post) -> None:
    claims = {"role": "authenticated"}
    for call in ("notification_settings()", "mark_notifications_read()"):
        with pytest.raises(psycopg.Error) as caught, post.db.as_claims(claims) as cursor:
            cursor.execute(f"select public.{call}".encode())
        assert refusal(caught) == ("PT401", "auth.required")


def test_an_unknown_language_is_refused(post: Post, ada: Actor) -> None:
    with pytest.raises(psycopg.Error) as caught, post.db.as_user(ada) as cursor:
        cursor.execute("update public.profiles set locale = 'de' where user_id = %s", (ada.user_id,))
    assert refusal(caught) == ("PT400", "profile.locale_unknown")


def test_the_settings_are_json_for_a_browser(post: Post, ada: Actor) -> None:
    with post.db.as_user(ada) as cursor:
        cursor.execute("select json_agg(s) from public.notification_settings() as s")
        (found,) = cursor.fetchone() or ("",)
    shown = json.loads(json.dumps(found))[0]
    assert {"kind", "description", "is_optional", "email", "suppressed"} == set(shown)
    assert shown["suppressed"] is None
