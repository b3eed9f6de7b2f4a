"""What the mail provider tells, in any order and as often as it comes."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.notifications.post import Post, WatchedMailer
from tests.support.actors import Actor
from worker.errors import DeliveryUnknown


def event(kind: str, told: UUID | None, email: str, **more: Any) -> dict[str, Any]:
    return {
        "event": kind, "email": email, "timestamp": 1_790_000_000, "sg_event_id": uuid4().hex,
        "sg_message_id": "req1.filter1", "lamina_id": str(told), **more,
    }  # fmt: skip


def receive(post: Post, *events: dict[str, Any]) -> str:
    with post.db.as_service() as cursor:
        cursor.execute("select public.receive_mail_events(%s)", (Jsonb(list(events)),))
        return str((cursor.fetchone() or ("",))[0])


async def sent(post: Post, actor: Actor) -> UUID | None:
    told = post.notify(actor, uuid4().hex)
    await post.work_off()
    assert post.status(told) == "sent"
    return told


async def test_the_end_is_the_same_in_any_order(post: Post, ada: Actor) -> None:
    kinds = ("processed", "delivered", "spamreport")
    for order in permutations(kinds):
        told = post.notify(ada, str(order))
        post.db.admin.execute(
            "update public.notifications set status = 'sent', email = %s where id = %s", (ada.email, told)
        )
        for kind in order:
            assert receive(post, event(kind, told, ada.email)) == "stored"
        await post.work_off()
        assert post.status(told) == "complained", order
    assert post.db.rows("select email, reason from app.suppressions") == [(ada.email, "complained")]


async def test_a_hard_bounce_is_the_last_message(post: Post, mailer: WatchedMailer, ada: Actor) -> None:
    told = await sent(post, ada)
    receive(post, event("bounce", told, ada.email.upper(), status="5.1.1", reason="No such user"))
    await post.work_off()
    row = post.row(told)
    assert (row["status"], row["error_code"], row["error_message"]) == (
        "bounced",
        "email.bounced",
        "No such user",
    )
    later = post.notify(ada, "later")
    await post.work_off()
    assert (post.status(later), len(mailer.sent)) == ("suppressed", 1)


async def test_a_soft_bounce_is_not(post: Post, ada: Actor) -> None:
    told = await sent(post, ada)
    receive(post, event("bounce", told, ada.email, status="4.2.2", reason="Mailbox full"))
    await post.work_off()
    assert post.status(told) == "bounced"
    await sent(post, ada)


async def test_a_batch_counts_once(post: Post, ada: Actor) -> None:
    told = await sent(post, ada)
    batch = [event("delivered", told, ada.email), event("open", told, ada.email)]
    assert [receive(post, *batch) for _ in range(3)] == ["stored", "duplicate", "duplicate"]
    assert receive(post) == "empty"
    await post.work_off()
    assert post.status(told) == "delivered"
    assert post.row(told)["provider_message_id"] == "req1"
    assert post.db.value("select count(*) from public.jobs where kind = 'notifications.apply_events'") == 1


async def test_an_event_ends_an_unknown_outcome(post: Post, mailer: WatchedMailer, ada: Actor) -> None:
    mailer.faults = [DeliveryUnknown(provider="watched")]
    told = post.notify(ada)
    await post.work_off()
    assert post.status(told) == "unknown"
    receive(post, event("delivered", told, ada.email))
    await post.work_off()
    assert (post.status(told), post.row(told)["error_code"]) == ("delivered", None)
    assert post.row(told)["sent_at"] is not None


async def test_events_of_others_change_nothing(post: Post, ada: Actor) -> None:
    told = await sent(post, ada)
    receive(
        post,
        event("bounce", None, "other@example.test"),
        {**event("bounce", told, ada.email), "lamina_id": "42"},
        {"event": "bounce"},
    )
    await post.work_off()
    assert post.status(told) == "sent"
    assert post.db.value("select count(*) from app.suppressions") == 0


@pytest.mark.parametrize("batch", [{"event": "delivered"}, "delivered", 7, None])
def test_what_is_no_batch_is_refused(post: Post, batch: object) -> None:
    with pytest.raises(psycopg.Error) as caught, post.db.as_service() as cursor:
        cursor.execute("select public.receive_mail_events(%s)", (Jsonb(batch),))
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT400", "sendgrid.batch_malformed")


async def test_old_things_go_and_the_rest_stays(post: Post, ada: Actor) -> None:
    old, new, waiting = (post.notify(ada, key) for key in ("old", "new", "waiting"))
    post.db.admin.execute("update public.notifications set status = 'sent' where id in (%s, %s)", (old, new))
    post.db.admin.execute(
        "update public.notifications set created_at = now() - interval '366 days' where id in (%s, %s)",
        (old, waiting),
    )
    receive(post, event("delivered", new, ada.email))
    post.db.admin.execute("update app.mail_batches set received_at = now() - interval '8 days'")
    with post.db.as_worker() as worker:
        assert worker.execute("select app.purge_notifications('365 days')").fetchone() == (1,)
    kept = {row["id"] for row in post.of(ada)}
    assert kept == {new, waiting}
    assert post.db.value("select count(*) from app.mail_batches") == 0
