"""Words are rated by the worker, make the mood of their ticket, and a drop is told."""

from __future__ import annotations

import json

from tests.integration.jobs.engine import until
from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.service.helpdesk import Helpdesk, Row
from tests.support.actors import give_plan
from worker.domains.service.asking import ModelRater
from worker.errors import ProviderUnavailable
from worker.providers.llm.offline import OfflineChatModel

ANGRY = "This is terrible! The parcel is three weeks late and nobody answers."
GLAD = "Thank you so much, it is perfect now."
REPLY = {"can_tell": True, "score": -0.9, "confidence": 0.8, "language": "fr"}


def ticket_of(desk: Helpdesk, channel: tuple[object, str], text: str) -> Row:
    conversation = desk.write(channel, text)  # type: ignore[arg-type]
    return desk.call(desk.cast.support, "open_ticket_from_conversation", conversation_id=conversation)


def sentiments(desk: Helpdesk) -> list[Row]:
    return desk.all("select * from public.sentiments order by said_at")


async def test_what_the_contact_writes_is_rated_with_or_without_a_ticket(desk: Helpdesk) -> None:
    desk.write(desk.channel(), ANGRY)
    await desk.work_off()
    (found,) = sentiments(desk)
    assert (found["label"], found["language"], found["provider"]) == ("negative", "en", "lexicon")
    assert found["score"] < -0.3
    assert found["ticket_message_id"] is None
    with desk.db.as_user(desk.cast.sales) as cursor:
        assert cursor.execute("select label from public.sentiments").fetchall() == [("negative",)]
    with desk.db.as_user(desk.cast.editor) as cursor:
        assert cursor.execute("select label from public.sentiments").fetchall() == []


async def test_a_ticket_has_the_mood_of_what_led_to_it(desk: Helpdesk) -> None:
    """The words came, and were rated, before the ticket was opened."""
    channel = desk.channel()
    desk.write(channel, ANGRY)
    await desk.work_off()
    ticket = ticket_of(desk, channel, "Where is it now?")
    await desk.work_off()
    row = desk.now(ticket)
    assert (row["sentiment_label"], row["sentiment_score"] < 0) == ("negative", True)


async def test_a_drop_is_told_and_a_mood_that_stays_bad_is_not(desk: Helpdesk) -> None:
    channel = desk.channel()
    ticket = ticket_of(desk, channel, GLAD)
    desk.call(desk.cast.owner, "assign_ticket", ticket_id=ticket["id"], assignee_id=desk.cast.support.user_id)
    await desk.work_off()
    assert desk.now(ticket)["sentiment_label"] == "positive"
    assert desk.events(ticket, "mood") == []
    desk.write(channel, ANGRY)
    await desk.work_off()
    row = desk.now(ticket)
    assert (row["sentiment_label"], row["sentiment_alert_at"] is not None) == ("negative", True)
    assert len(desk.events(ticket, "mood")) == 1
    assert desk.told("ticket_mood") == [desk.cast.support.user_id]
    for _ in range(3):
        desk.write(channel, ANGRY)
        await desk.work_off()
    assert len(desk.events(ticket, "mood")) == 2  # it fell far, then it turned upset, and stays so
    for _ in range(3):
        desk.write(channel, GLAD)
    await desk.work_off()
    assert desk.now(ticket)["sentiment_label"] == "positive"
    assert len(desk.told("ticket_mood")) == 2


async def test_french_is_unknown_to_the_lexicon_and_makes_no_mood(desk: Helpdesk) -> None:
    ticket = desk.ticket(body="C'est vraiment nul, je suis furieux de votre service.")
    await desk.work_off()
    (found,) = sentiments(desk)
    assert (found["label"], found["score"], found["confidence"]) == ("unknown", None, None)
    assert found["language"] == "fr"
    row = desk.now(ticket)
    assert (row["sentiment_label"], row["sentiment_score"]) == ("unknown", None)


async def test_what_members_write_is_no_mood(desk: Helpdesk) -> None:
    ticket = desk.ticket()
    desk.say(ticket, "note", ANGRY)
    desk.say(ticket, "reply", ANGRY)
    await desk.work_off()
    assert sentiments(desk) == []


async def test_a_model_rates_any_language_and_counts(desk: Helpdesk) -> None:
    model = ScriptedModel([["nonsense"], [json.dumps(REPLY)]])
    desk.rater = ModelRater(model)
    ticket = desk.ticket(body="C'est vraiment nul.")
    await desk.work_off()
    (found,) = sentiments(desk)
    assert (found["label"], round(found["score"], 2), found["model"]) == (
        "negative",
        -0.9,
        "scripted:script-1",
    )
    assert len(desk.events(ticket, "mood")) == 1
    assert len(model.requests) == 2  # the first reply was no rating, so it was asked again
    used = "select quantity, status from public.usage_ledger where metric = 'requests'"
    assert desk.db.rows(used) == [(1, "committed")]


async def test_without_room_in_the_plan_nothing_is_asked(desk: Helpdesk) -> None:
    model = ScriptedModel([[json.dumps(REPLY)]])
    desk.rater = ModelRater(model)
    desk.ticket(body="C'est vraiment nul.")
    give_plan(desk.db.admin, desk.cast.workspace_id, "free")
    included = desk.db.value(
        "select l.included from public.plan_limits as l join public.plan_versions as v"
        " on v.id = l.plan_version_id where v.plan = 'free' and l.metric = 'requests'"
    )
    desk.db.admin.execute("select app.consume(%s, 'requests', %s)", (desk.cast.workspace_id, included))
    await desk.work_off()
    (job,) = desk.all("select * from public.jobs where kind = 'service.rate_ticket_message'")
    assert (job["status"], job["error_code"]) == ("failed", "quota.exceeded")
    assert (model.requests, sentiments(desk)) == ([], [])


async def test_a_vendor_that_is_away_is_asked_again(desk: Helpdesk) -> None:
    away = ProviderUnavailable("llm.unavailable", "It is away.", provider="scripted")
    desk.rater = ModelRater(ScriptedModel([[away], [json.dumps(REPLY)]]))
    desk.ticket(body="C'est vraiment nul.")
    await desk.work_off()
    assert [row["label"] for row in sentiments(desk)] == ["negative"]


async def test_without_a_vendor_the_model_says_so(desk: Helpdesk) -> None:
    desk.rater = ModelRater(OfflineChatModel())
    desk.ticket(body="C'est vraiment nul.")
    await desk.work_off()
    (job,) = desk.all("select * from public.jobs where kind = 'service.rate_ticket_message'")
    assert (job["status"], job["error_code"]) == ("failed", "llm.offline_cannot")


async def test_many_words_at_once_leave_one_right_mood(desk: Helpdesk) -> None:
    """Ratings of one ticket end in parallel; the mood is that of all of them."""
    ticket = desk.ticket(body=GLAD)
    for _ in range(12):
        desk.say(ticket, "customer", ANGRY)
    async with desk.working():
        await until(lambda: len(sentiments(desk)) == 13, 30)
    row = desk.now(ticket)
    assert row["sentiment_label"] == "negative"
    angry = desk.db.value("select min(score) from public.sentiments")
    assert abs(row["sentiment_score"] - angry) < 0.01
