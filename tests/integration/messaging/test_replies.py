"""An answer goes out once, in order, and what cannot be known is not repeated."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.integration.jobs.engine import until
from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.messaging.desk import KEY, Desk
from tests.support.manychat import Reply, failing, hanging_up, held


@pytest.fixture(autouse=True)
def _model(desk: Desk) -> None:
    desk.model = ScriptedModel([["At nine [1]."]])


def outcome(row: dict[str, Any]) -> tuple[str, str | None]:
    return row["status"], row["error_code"]


async def test_an_answer_reaches_the_person(desk: Desk) -> None:
    desk.receive("When do you open?")
    await desk.work_off()
    (send,) = desk.manychat.sends
    assert (send.key, send.subscriber_id, send.texts) == (KEY, 77, ("At nine.",))
    row = desk.delivery()
    assert (row["status"], row["requests_sent"], row["is_offline"], row["error_code"]) == (
        "sent",
        1,
        False,
        None,
    )
    assert row["sent_at"] is not None
    assert row["message_id"] == desk.messages()[1]["id"]


async def test_replies_come_in_the_order_of_the_messages(desk: Desk) -> None:
    answers = [[f"Answer {number}"] for number in range(6)]
    desk.model = ScriptedModel(answers)
    for number in range(6):
        desk.receive(f"Question {number}")
    await desk.work_off()
    assert desk.manychat.texts(77) == [f"Answer {number}" for number in range(6)]


async def test_a_reply_that_must_wait_holds_back_the_next_to_the_same_person_only(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.manychat.replies = [held(gate)]
    async with desk.working():
        desk.receive("First")
        await until(lambda: len(desk.manychat.sends) == 1)
        desk.receive("Second")
        desk.receive("Other", subscriber="78")
        await until(lambda: len(desk.manychat.texts(78)) == 1)
        assert len(desk.manychat.texts(77)) == 1
        gate.set()
        await until(desk.is_idle)
    assert len(desk.manychat.texts(77)) == 2
    assert {row["status"] for row in desk.deliveries()} == {"sent"}


async def test_the_history_of_the_person_goes_to_the_model_and_no_others(desk: Desk) -> None:
    desk.model = model = ScriptedModel([["At nine."], ["At six."], ["No."]])
    for text, subscriber in (("Opening?", "77"), ("Closing?", "77"), ("Parking?", "78")):
        desk.receive(text, subscriber=subscriber)
        await desk.work_off()
    assert [message.content for message in model.requests[1].messages] == ["Opening?", "At nine."]
    assert model.requests[2].messages == ()


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (failing(400, 3011, "24 hours"), "failed", "chat.window_closed"),
        (failing(200, 3011, "24 hours"), "failed", "chat.window_closed"),
        (failing(400, 3031, "reason"), "failed", "chat.template_needed"),
        (failing(400, 3042, "channel"), "failed", "chat.channel_refused"),
        (failing(500), "unknown", "provider.outcome_unknown"),
        (hanging_up(), "unknown", "provider.outcome_unknown"),
    ],
)
async def test_final_answers_of_the_vendor_are_final(
    desk: Desk, reply: Reply, status: str, code: str
) -> None:
    desk.manychat.replies = [reply]
    desk.receive("Hello")
    await desk.work_off()
    assert outcome(desk.delivery()) == (status, code)
    assert len(desk.manychat.sends) == 1
    (job,) = desk.all("select * from public.jobs where kind = 'messaging.send_reply'")
    assert (job["status"], job["error_code"]) == ("failed", code)


async def test_a_vendor_that_is_away_is_asked_again(desk: Desk) -> None:
    desk.manychat.replies = [failing(503), failing(503)]
    desk.receive("Hello")
    await desk.work_off()
    assert outcome(desk.delivery()) == ("sent", None)
    assert len(desk.manychat.sends) == 3


async def test_asked_to_slow_down_the_page_waits_and_no_attempt_is_lost(desk: Desk) -> None:
    desk.manychat.replies = [failing(429, **{"Retry-After": "1"})] * 2
    desk.receive("Hello")
    await desk.work_off()
    first, second, third = desk.manychat.sends
    assert second.at - first.at >= 1
    assert third.at - second.at >= 1
    assert outcome(desk.delivery()) == ("sent", None)
    (job,) = desk.all("select * from public.jobs where kind = 'messaging.send_reply'")
    assert job["attempts"] == 1
    assert desk.all("select * from app.provider_pauses") == []


async def test_one_tenant_that_is_told_to_wait_holds_nobody_back(desk: Desk) -> None:
    """Each has a key of its own: what ManyChat says of one is not said of the others."""
    desk.manychat.check_replies = [failing(429, **{"Retry-After": "3600"})] * 2
    own = desk.db.value("select id from public.workspaces where created_by = %s", desk.cast.stranger.user_id)
    desk.call(desk.cast.stranger, "create_channel", own, "Mine", "7654321:0123456789abcdef0123456789abcdef")
    desk.manychat.replies = [failing(503, **{"Retry-After": "1"})]
    desk.receive("Hello")
    async with desk.working():
        await until(lambda: [row["status"] for row in desk.deliveries()] == ["sent"], 30)
    assert desk.all("select * from app.provider_pauses") == []
    waiting = desk.all("select from public.jobs where kind = 'messaging.check_channel' and gate <> 'closed'")
    assert len(waiting) >= 1


async def test_after_24_hours_nothing_is_sent(desk: Desk) -> None:
    desk.receive("Hello")
    day = timedelta(hours=24)
    desk.db.admin.execute("update public.contact_identities set last_inbound_at = now() - %s", (day,))
    await desk.work_off()
    assert outcome(desk.delivery()) == ("failed", "chat.window_closed")
    assert desk.manychat.sends == []


async def test_a_worker_that_dies_while_sending_leaves_it_unknown(desk: Desk) -> None:
    desk.receive("Hello")
    gate = asyncio.Event()
    desk.manychat.replies = [held(gate)]
    async with desk.working(lease=1.0, grace=0.0):
        await until(lambda: len(desk.manychat.sends) == 1)
    assert desk.delivery()["status"] == "sending"
    await desk.work_off()
    assert outcome(desk.delivery()) == ("unknown", "provider.outcome_unknown")
    assert len(desk.manychat.sends) == 1
    (job,) = desk.all("select * from public.jobs where kind = 'messaging.send_reply'")
    assert (job["status"], job["error_code"]) == ("failed", "provider.outcome_unknown")


async def test_a_person_may_send_again_what_nobody_knows(desk: Desk) -> None:
    desk.manychat.replies = [hanging_up()]
    desk.receive("Hello")
    await desk.work_off()
    row = desk.delivery()
    desk.call(desk.cast.support, "retry_job", row["job_id"])
    await desk.work_off()
    assert (desk.delivery()["status"], len(desk.manychat.sends)) == ("unknown", 1)
    with pytest.raises(psycopg.Error) as caught:
        desk.call(desk.cast.editor, "resend_message", row["id"])
    assert caught.value.sqlstate == "PT403"
    desk.call(desk.cast.support, "resend_message", row["id"])
    await desk.work_off()
    assert (outcome(desk.delivery()), len(desk.manychat.sends)) == (("sent", None), 2)
    with pytest.raises(psycopg.Error) as caught:
        desk.call(desk.cast.support, "resend_message", row["id"])
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT409", "delivery.not_resendable")


async def test_a_failed_job_may_be_tried_again(desk: Desk) -> None:
    desk.manychat.replies = [failing(503)] * 8
    desk.receive("Hello")
    await desk.work_off()
    assert outcome(desk.delivery()) == ("failed", "provider.unavailable")
    desk.call(desk.cast.support, "retry_job", desk.delivery()["job_id"])
    assert outcome(desk.delivery()) == ("queued", None)
    await desk.work_off()
    assert outcome(desk.delivery()) == ("sent", None)


async def test_a_cancelled_reply_is_not_sent(desk: Desk) -> None:
    desk.receive("Hello")
    async with desk.working(lanes={"interactive": 1}):
        await desk.reach("queued")
    desk.call(desk.cast.support, "cancel_job", desk.delivery()["job_id"])
    await desk.work_off()
    assert outcome(desk.delivery()) == ("cancelled", "job.cancelled")
    assert desk.manychat.sends == []


async def test_a_wrong_key_breaks_the_channel_until_a_new_one_comes(desk: Desk) -> None:
    await desk.work_off()
    desk.manychat.refused = {KEY}
    desk.receive("Hello")
    await desk.work_off()
    assert outcome(desk.delivery()) == ("failed", "provider.unauthorised")
    assert (desk.channel()["status"], desk.channel()["error_code"]) == ("broken", "provider.unauthorised")
    assert KEY not in str(desk.channel())
    spent = "select committed + reserved from app.usage_counters where metric = 'requests'"
    before = desk.db.value(spent)
    sorry = desk.channel()["unavailable_texts"]["fr"]
    assert desk.receive("Hello?") == {"outcome": "unavailable", "text": sorry}
    question, answer = desk.messages()[-2:]
    assert (question["content"], answer["status"], answer["job_id"]) == ("Hello?", "failed", None)
    assert (answer["error_code"], desk.db.value(spent)) == ("channel.broken", before)
    await desk.work_off()
    assert [row["error_code"] for row in desk.deliveries()] == ["provider.unauthorised"]
    desk.call(desk.cast.admin, "set_channel_key", desk.channel_id, f"{KEY[:-4]}beef")
    await desk.work_off()
    assert {row["status"] for row in desk.deliveries()} == {"sent"}
    channel = desk.channel()
    assert (channel["status"], channel["page_key_last4"], channel["page_name"]) == (
        "active",
        "beef",
        "Café Martin",
    )


async def test_when_no_answer_comes_the_person_is_told(desk: Desk) -> None:
    desk.model = ScriptedModel([[RuntimeError("broken")]])
    desk.receive("Hello", language="en")
    desk.db.admin.execute("update public.jobs set max_attempts = 1 where kind = 'knowledge.answer_question'")
    await desk.work_off()
    assert desk.manychat.texts(77) == ["Sorry, I cannot answer at the moment."]
    row = desk.delivery()
    assert (row["kind"], row["status"]) == ("unavailable", "sent")


async def test_a_long_answer_goes_in_several_requests_and_none_twice(desk: Desk) -> None:
    words = " ".join(f"word{number:04}" for number in range(3000))
    desk.model = ScriptedModel([[words]])
    desk.manychat.replies = [_success(), failing(503)]
    desk.receive("Hello")
    await desk.work_off()
    first, refused, again = desk.manychat.sends
    assert len(first.texts) == 10
    assert refused.texts == again.texts
    assert " ".join([*first.texts, *again.texts]) == words
    assert (desk.delivery()["status"], desk.delivery()["requests_sent"]) == ("sent", 2)


async def test_what_is_left_of_a_deleted_contact_or_channel_is_not_sent(desk: Desk) -> None:
    desk.receive("Hello")
    desk.receive("Hello", subscriber="78")
    async with desk.working(lanes={"interactive": 1}):
        await until(lambda: len(desk.deliveries()) == 2)
    with desk.db.as_user(desk.cast.sales) as cursor:
        gone = "delete from public.contacts where id = (select contact_id from public.contact_identities"
        cursor.execute(f"{gone} where subscriber_id = '77')".encode())
        assert cursor.rowcount == 1
    assert len(desk.messages()) == 2
    desk.call(desk.cast.owner, "delete_channel", desk.channel_id)
    await desk.work_off()
    assert (desk.manychat.sends, desk.deliveries()) == ([], [])
    assert len(desk.messages()) == 2


def _success() -> Reply:
    gate = asyncio.Event()
    gate.set()
    return held(gate)
