"""A channel breaks and is mended: who hears of it, and what goes out after all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.messaging.desk import KEY, Desk
from tests.support.actors import give_plan

GOOD = f"{KEY[:-4]}beef"
WORSE = f"{KEY[:-4]}dead"


@pytest.fixture(autouse=True)
def _model(desk: Desk) -> None:
    desk.model = ScriptedModel([[f"Answer {number}."] for number in range(8)])


def told(desk: Desk) -> list[dict[str, Any]]:
    return desk.all("select * from public.notifications where kind = 'channel_broken' order by created_at")


def heard(desk: Desk) -> list[tuple[str, str | None]]:
    """What the workspace's topic said of the channel: status and error code."""
    rows = desk.all(
        "select payload from realtime.messages where event = 'channel.changed' and private"
        " and topic = %s and payload ->> 'channel_id' = %s order by inserted_at",
        f"workspace:{desk.cast.workspace_id}",
        str(desk.channel_id),
    )
    return [(row["payload"]["status"], row["payload"]["error_code"]) for row in rows]


def states(desk: Desk) -> list[tuple[str, str | None]]:
    return [(row["status"], row["error_code"]) for row in desk.deliveries()]


async def test_who_manages_channels_is_told_once_of_a_key(desk: Desk) -> None:
    desk.manychat.refused = {KEY, WORSE}
    await desk.work_off()
    managers = {desk.cast.owner.user_id, desk.cast.admin.user_id}
    assert {row["user_id"] for row in told(desk)} == managers
    assert {(row["data"]["title"], row["data"]["error_code"]) for row in told(desk)} == {
        ("WhatsApp", "provider.unauthorised")
    }
    assert KEY not in str(told(desk))
    desk.call(desk.cast.admin, "set_channel_key", desk.channel_id, KEY)
    await desk.work_off()
    assert len(told(desk)) == 2
    desk.call(desk.cast.admin, "set_channel_key", desk.channel_id, WORSE)
    await desk.work_off()
    assert len(told(desk)) == 4


async def test_members_hear_what_becomes_of_a_channel(desk: Desk) -> None:
    desk.manychat.refused = {KEY}
    await desk.work_off()
    assert heard(desk) == [("broken", "provider.unauthorised")]
    desk.call(desk.cast.admin, "set_channel_key", desk.channel_id, GOOD)
    await desk.work_off()
    assert heard(desk)[1:] == [("active", None)] * 2  # the key is set, and then the vendor knows it
    (event,) = desk.all("select payload from realtime.messages where event = 'channel.changed' limit 1")
    assert set(event["payload"]) - {"id"} == {"channel_id", "status", "error_code"}


async def test_a_good_key_sends_what_a_refused_one_stopped_in_order(desk: Desk) -> None:
    await desk.work_off()
    desk.manychat.refused = {KEY}
    for number in range(3):
        desk.receive(f"Question {number}")
    await desk.work_off()
    assert states(desk) == [("failed", "provider.unauthorised")] + [("failed", "channel.broken")] * 2
    desk.manychat.sends.clear()
    desk.call(desk.cast.admin, "set_channel_key", desk.channel_id, GOOD)
    await desk.work_off()
    assert states(desk) == [("sent", None)] * 3
    assert desk.manychat.texts(77) == ["Answer 0.", "Answer 1.", "Answer 2."]
    (entry,) = desk.all("select * from public.audit_log where action = 'channel.replies_requeued'")
    assert (entry["subject"], entry["detail"]) == (str(desk.channel_id), {"count": 3})


async def test_the_first_key_sends_what_waited_for_one(desk: Desk) -> None:
    made = desk.call(desk.cast.admin, "create_channel", desk.cast.workspace_id, "New")["create_channel"]
    desk.channel_id = made["channel_id"]
    desk.receive("Hello", secret=made["secret"])
    await desk.work_off()
    assert states(desk) == [("failed", "channel.no_key")]
    desk.call(desk.cast.admin, "set_channel_key", desk.channel_id, GOOD)
    await desk.work_off()
    assert states(desk) == [("sent", None)]


async def test_who_wrote_while_the_key_was_refused_is_answered_once_it_is_good(desk: Desk) -> None:
    desk.manychat.refused = {KEY}
    await desk.work_off()
    give_plan(desk.db.admin, desk.cast.workspace_id, "free")
    used = "insert into app.usage_counters (workspace_id, metric, period_start, period_end, committed)"
    used += " select %s, 'requests', period_start, period_end, 98 from app.terms_of(%s)"
    desk.db.admin.execute(used.encode(), (desk.cast.workspace_id, desk.cast.workspace_id))
    for subscriber, text in (("77", "One"), ("77", "Two"), ("78", "Three")):
        assert desk.receive(text, subscriber=subscriber)["outcome"] == "unavailable"
    desk.call(desk.cast.admin, "set_channel_key", desk.channel_id, GOOD)
    await desk.work_off()
    assert (desk.manychat.texts(77), desk.manychat.texts(78)) == (["Answer 0.", "Answer 1."], [])
    answers = [row for row in desk.messages() if row["role"] == "assistant"]
    assert [(row["status"], row["error_code"]) for row in answers] == [
        ("complete", None),
        ("complete", None),
        ("failed", "channel.broken"),  # the plan had room for two
    ]
    (entry,) = desk.all("select * from public.audit_log where action = 'channel.questions_asked_again'")
    assert entry["detail"] == {"count": 2}


async def test_another_refused_key_sends_nothing(desk: Desk) -> None:
    await desk.work_off()
    desk.manychat.refused = {KEY, WORSE}
    desk.receive("Hello")
    await desk.work_off()
    desk.call(desk.cast.admin, "set_channel_key", desk.channel_id, WORSE)
    await desk.work_off()
    assert states(desk) == [("failed", "provider.unauthorised")]
    assert desk.manychat.sends == []
    assert desk.all("select from public.jobs where kind = 'messaging.send_reply'") == [{}]


async def test_what_is_a_day_old_or_failed_otherwise_stays(desk: Desk) -> None:
    await desk.work_off()
    desk.manychat.refused = {KEY}
    for text in ("Old", "Cancelled", "Refused", "New"):
        desk.receive(text)
    await desk.work_off()
    old, cancelled, refused, _ = desk.deliveries()
    write = "update public.message_deliveries set status = %s, error_code = %s, created_at = %s where id = %s"
    day_ago = old["created_at"] - timedelta(hours=24)
    desk.db.admin.execute(write.encode(), ("failed", "channel.broken", day_ago, old["id"]))
    desk.db.admin.execute(
        write.encode(), ("cancelled", "job.cancelled", cancelled["created_at"], cancelled["id"])
    )
    desk.db.admin.execute(
        write.encode(), ("failed", "chat.window_closed", refused["created_at"], refused["id"])
    )
    desk.call(desk.cast.admin, "set_channel_key", desk.channel_id, GOOD)
    await desk.work_off()
    assert [row["status"] for row in desk.deliveries()] == ["failed", "cancelled", "failed", "sent"]


async def test_the_late_end_of_an_earlier_job_says_nothing_of_a_later_one(desk: Desk) -> None:
    """A worker notes a failure first and ends its job next: the key may be mended between the two."""
    await desk.work_off()
    desk.manychat.refused = {KEY}
    desk.receive("Hello")
    await desk.work_off()
    first = desk.delivery()["job_id"]
    desk.db.admin.execute(
        "update public.jobs set gate = 'open', status = 'running', finished_at = null,"
        " worker_id = 'late', lease_until = now() + interval '1 hour' where id = %s",
        (first,),
    )
    desk.db.admin.execute(
        "update public.message_deliveries set status = 'failed' where job_id = %s", (first,)
    )
    desk.call(desk.cast.support, "resend_message", desk.delivery()["id"])
    desk.db.admin.execute(
        "update public.jobs set gate = 'closed', status = 'failed', finished_at = now(), error_code = 'x.y'"
        " where id = %s",
        (first,),
    )
    assert states(desk) == [("queued", None)]
    assert desk.delivery()["job_id"] != first


# --- whose jobs these are


async def test_support_tries_a_failed_answer_to_a_contact_again(desk: Desk) -> None:
    desk.model = ScriptedModel([[RuntimeError("broken")], ["At nine."]])
    desk.receive("When do you open?", language="en")
    desk.db.admin.execute("update public.jobs set max_attempts = 1 where kind = 'knowledge.answer_question'")
    await desk.work_off()
    answer = desk.messages()[1]
    assert answer["status"] == "failed"
    for actor in (desk.cast.editor, desk.cast.sales, desk.cast.viewer):
        with pytest.raises(psycopg.Error) as caught:
            desk.call(actor, "retry_job", answer["job_id"])
        assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT403", "job.forbidden")
    desk.call(desk.cast.support, "retry_job", answer["job_id"])
    await desk.work_off()
    assert desk.messages()[1]["content"] == "At nine."
    assert desk.manychat.texts(77)[-1] == "At nine."


async def test_who_may_not_send_does_not_send_by_the_job(desk: Desk) -> None:
    desk.receive("Hello")
    desk.db.admin.execute(
        "update public.contact_identities set last_inbound_at = now() - interval '25 hours'"
    )
    await desk.work_off()
    job_id = desk.delivery()["job_id"]
    for actor in (desk.cast.editor, desk.cast.sales):
        for function in ("retry_job", "delete_job"):
            with pytest.raises(psycopg.Error) as caught:
                desk.call(actor, function, job_id)
            assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT403", "job.forbidden")
    desk.call(desk.cast.support, "retry_job", job_id)
    assert states(desk) == [("queued", None)]
