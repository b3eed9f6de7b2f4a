"""How the sending of one message can end, and what is left of it."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from tests.integration.jobs.engine import until
from tests.integration.notifications.post import Post, WatchedMailer
from tests.support.actors import Actor
from worker.errors import (
    DeliveryUnknown,
    ProviderAuthError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)


async def test_a_message_is_sent_once_with_all_that_belongs_to_it(
    post: Post, mailer: WatchedMailer, ada: Actor
) -> None:
    told = post.notify(ada, by="Zoë", text="Have a look.")
    assert post.notify(ada, by="Zoë", text="Have a look.") is None
    await post.work_off()
    (mail,) = mailer.sent
    assert (mail.to.email, mail.to.name, mail.row_id) == (ada.email, "Ada Lovelace", str(told))
    assert "Have a look." in mail.text
    assert "Have a look." in (mail.html or "")
    assert mail.headers["List-Unsubscribe"] == "<https://app.example.test/settings/notifications>"
    assert mail.categories == ("mention",)
    row = post.row(told)
    assert (row["status"], row["provider"], row["provider_message_id"]) == ("sent", "watched", f"id-{told}")
    assert (row["email"], row["error_code"]) == (ada.email, None)
    assert row["sent_at"] is not None
    assert post.job(told)["status"] == "succeeded"


NOT_TAKEN = [
    ProviderUnavailable("provider.unavailable", "Away."),
    ProviderRateLimited("provider.rate_limited", "Slower.", retry_after=0.2),
]


@pytest.mark.parametrize("fault", NOT_TAKEN, ids=["away", "slower"])
async def test_what_was_not_taken_is_tried_again(
    post: Post, mailer: WatchedMailer, ada: Actor, fault: Exception
) -> None:
    mailer.faults = [fault, fault]
    told = post.notify(ada)
    await post.work_off()
    assert (mailer.tried, len(mailer.sent), post.status(told)) == (3, 1, "sent")


async def test_a_mailbox_refused_for_the_moment_waits_alone(
    post: Post, mailer: WatchedMailer, ada: Actor
) -> None:
    mailer.faults = [ProviderUnavailable("email.recipient_deferred", "Greylisted.", provider="watched")]
    told, other = post.notify(ada), post.notify(ada, "mention")
    async with post.working():
        await until(lambda: {post.status(told), post.status(other)} == {"queued", "sent"}, 20)
        waiting = told if post.status(told) == "queued" else other
        await until(
            lambda: post.job(waiting)["attempts"] == 1 and post.job(waiting)["status"] == "queued", 20
        )
    assert post.db.value(
        "select run_at > now() + interval '2 min' from public.jobs where subject_id = %s", waiting
    )
    assert post.db.value("select count(*) from app.provider_pauses") == 0


async def test_a_flood_of_one_kind_stays_in_the_feed(post: Post, mailer: WatchedMailer, ada: Actor) -> None:
    for number in range(14):
        post.notify(ada, f"question-{number}", "lesson_question", title="Melting", text=f"Why {number}?")
    post.notify(ada, "mention")
    await post.work_off()
    categories = [mail.categories for mail in mailer.sent]
    assert (categories.count(("lesson_question",)), categories.count(("mention",))) == (10, 1)
    ends = Counter((row["status"], row["error_code"]) for row in post.of(ada))
    assert ends == {("sent", None): 11, ("skipped", "notification.enough_mail"): 4}
    post.db.admin.execute("update public.notifications set sent_at = sent_at - interval '61 minutes'")
    told = post.notify(ada, "later", "lesson_question", title="Melting", text="Why not?")
    await post.work_off()
    assert post.status(told) == "sent"


async def test_what_may_have_been_taken_is_not_repeated(
    post: Post, mailer: WatchedMailer, ada: Actor
) -> None:
    mailer.faults = [DeliveryUnknown(provider="watched")]
    told = post.notify(ada)
    await post.work_off()
    assert (mailer.tried, post.status(told)) == (1, "unknown")
    assert post.row(told)["error_code"] == "provider.outcome_unknown"
    assert (post.job(told)["status"], post.job(told)["error_code"]) == ("failed", "provider.outcome_unknown")
    post.db.admin.execute("select app.restart_job(%s)", (post.job(told)["id"],))
    await post.work_off()
    assert (mailer.tried, post.status(told)) == (1, "unknown")


async def test_one_that_a_dead_worker_had_begun_is_not_repeated(
    post: Post, mailer: WatchedMailer, ada: Actor
) -> None:
    told = post.notify(ada)
    with post.db.as_worker() as worker:
        worker.execute("select app.begin_sending(%s, 'watched')", (told,))
        assert worker.fetchone() == (True,)
        worker.execute("select coalesce(app.begin_sending(%s, 'watched'), false)", (told,))
        assert worker.fetchone() == (False,)
    await post.work_off()
    assert (mailer.tried, post.status(told)) == (0, "unknown")


async def test_a_refused_message_says_why(post: Post, mailer: WatchedMailer, ada: Actor) -> None:
    mailer.faults = [ProviderRejected("email.message_refused", "Too large.", provider="watched")]
    told = post.notify(ada)
    await post.work_off()
    row = post.row(told)
    assert (row["status"], row["error_code"], row["error_message"]) == (
        "failed",
        "email.message_refused",
        "Too large.",
    )
    assert suppressed(post) == []


async def test_a_refused_recipient_gets_nothing_more(post: Post, mailer: WatchedMailer, ada: Actor) -> None:
    mailer.faults = [ProviderRejected("email.recipient_refused", "No such user.", provider="watched")]
    first = post.notify(ada, "first")
    await post.work_off()
    second = post.notify(ada, "second")
    await post.work_off()
    assert (post.status(first), post.status(second), mailer.tried) == ("bounced", "suppressed", 1)
    assert suppressed(post) == [(ada.email, "bounced")]
    assert post.row(second)["error_code"] == "notification.suppressed"


async def test_a_wrong_key_fails_and_is_sent_after_a_retry(
    post: Post, mailer: WatchedMailer, ada: Actor
) -> None:
    mailer.faults = [ProviderAuthError("provider.unauthorised", "Wrong key.", provider="watched")]
    told = post.notify(ada)
    await post.work_off()
    assert (post.status(told), post.row(told)["error_code"]) == ("failed", "provider.unauthorised")
    post.db.admin.execute("select app.restart_job(%s)", (post.job(told)["id"],))
    assert post.status(told) == "queued"
    await post.work_off()
    assert (post.status(told), post.row(told)["error_code"], len(mailer.sent)) == ("sent", None, 1)


async def test_a_cancelled_job_leaves_nothing_waiting(post: Post, mailer: WatchedMailer, ada: Actor) -> None:
    told = post.notify(ada)
    post.db.admin.execute("select app.stop_job(%s)", (post.job(told)["id"],))
    assert (post.status(told), post.row(told)["error_code"]) == ("failed", "job.cancelled")


async def test_a_worker_that_vanished_for_good_leaves_an_unknown_end(post: Post, ada: Actor) -> None:
    told = post.notify(ada)
    job = post.job(told)["id"]
    post.db.admin.execute("update public.jobs set max_attempts = 1 where id = %s", (job,))
    with post.db.as_worker() as worker:
        claim = "select count(*) from app.claim_jobs('gone', '{outbound}', '{1}', '{notifications.send}', 0)"
        assert worker.execute(claim).fetchone() == (1,)
        worker.execute("select app.begin_sending(%s, 'watched')", (told,))
    async with post.working():
        await until(post.is_idle)
    assert (post.status(told), post.row(told)["error_code"]) == ("unknown", "job.worker_lost")


async def test_an_address_that_is_none_fails_alone(post: Post, mailer: WatchedMailer, ada: Actor) -> None:
    bad = post.db.value(
        "select app.notify('invitation', null, null, '(a)@example.test', 'bad', '{}', 'token')"
    )
    good = post.notify(ada)
    await post.work_off()
    assert (post.status(bad), post.row(bad)["error_code"]) == ("failed", "email.address_invalid")
    assert post.status(good) == "sent"


async def test_nobody_gets_mail_at_an_address_that_nobody_confirmed(
    post: Post, mailer: WatchedMailer
) -> None:
    told = post.notify(post.db.sign_up("eve"))
    await post.work_off()
    assert (post.status(told), post.row(told)["error_code"]) == ("skipped", "notification.no_address")
    assert mailer.tried == 0


async def test_the_message_is_in_the_users_language(post: Post, mailer: WatchedMailer, ada: Actor) -> None:
    with post.db.as_user(ada) as cursor:
        cursor.execute("update public.profiles set locale = 'fr' where user_id = %s", (ada.user_id,))
    told: UUID | None = post.notify(ada, by="Zoë")
    await post.work_off()
    assert post.row(told)["locale"] == "fr"
    assert mailer.sent[0].subject.startswith("Zoë vous a mentionné")


def suppressed(post: Post) -> list[tuple[str, str]]:
    return [(email, reason) for email, reason in post.db.rows("select email, reason from app.suppressions")]
