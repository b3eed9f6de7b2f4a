"""A message comes in: once, in order, for a known person, within the plan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.integration.identity.calls import refused
from tests.integration.messaging.desk import Desk
from tests.support.actors import give_plan


def refusal(desk: Desk, **given: str) -> tuple[str | None, str | None]:
    """HTTP-bearing SQLSTATE and code of a refused message."""
    with pytest.raises(psycopg.Error) as caught:
        desk.receive("Hello", **given)
    return caught.value.sqlstate, caught.value.diag.message_detail


def test_the_first_message_makes_contact_conversation_and_job(desk: Desk) -> None:
    said = desk.receive(
        "Vos horaires ?", name="Marie", phone="+33600000000", email="m@example.test", language="fr"
    )
    assert said == {"outcome": "accepted", "text": "OK, bien reçu"}
    (contact,) = desk.all("select * from public.contacts")
    assert (contact["name"], contact["phone"], contact["email"], contact["language"]) == (
        "Marie", "+33600000000", "m@example.test", "fr",
    )  # fmt: skip
    question, answer = desk.messages()
    assert (question["role"], question["content"], question["created_by"]) == ("user", "Vos horaires ?", None)
    assert (answer["role"], answer["status"], answer["reply_to"]) == ("assistant", "pending", question["id"])
    assert question["contact_id"] == answer["contact_id"] == contact["id"]
    (job,) = desk.all("select * from public.jobs where kind = 'knowledge.answer_question'")
    assert (job["id"], job["subject_id"], job["metered"]) == (answer["job_id"], answer["id"], True)


def test_the_acknowledgement_is_in_the_persons_language(desk: Desk) -> None:
    assert desk.receive("Hello", language="en")["text"] == "OK, got it"
    assert desk.receive("Hello again")["text"] == "OK, got it"
    assert desk.receive("Hallo", subscriber="78", language="de")["text"] == "OK, bien reçu"
    texts = psycopg.types.json.Jsonb({"de": "Alles klar"})
    desk.call(desk.cast.admin, "update_channel", desk.channel_id, None, texts)
    assert desk.receive("Hallo", subscriber="78")["text"] == "Alles klar"
    assert desk.receive("Bonjour", subscriber="79", language="fr")["text"] == "Alles klar"


def test_a_repeated_message_is_taken_once_and_acknowledged_again(desk: Desk) -> None:
    for _ in range(2):
        said = desk.receive("Hello", message_id="a")
    assert said == {"outcome": "duplicate", "text": "OK, bien reçu"}
    for moment in ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z", "2026-11-21T08:00:05Z"):
        desk.receive("Hello", last_interaction=moment)
    assert [row["content"] for row in desk.messages() if row["role"] == "user"] == ["Hello"] * 3


def test_without_id_and_moment_the_same_words_count_once_in_ten_seconds(desk: Desk) -> None:
    plain = {"subscriber_id": "77", "text": "Hello"}
    outcomes = [desk.receive_plain(plain)["outcome"] for _ in range(2)]
    outcomes.append(desk.receive_plain({**plain, "subscriber_id": "78"})["outcome"])
    outcomes.append(desk.receive_plain({**plain, "text": "Hello?"})["outcome"])
    desk.db.admin.execute("update app.inbound_messages set received_at = received_at - interval '11 seconds'")
    outcomes.append(desk.receive_plain(plain)["outcome"])
    assert outcomes == ["accepted", "duplicate", "accepted", "accepted", "accepted"]


def test_ids_of_two_channels_do_not_meet(desk: Desk) -> None:
    desk.receive("Hello", message_id="a")
    made = desk.call(desk.cast.admin, "create_channel", desk.cast.workspace_id, "Second")["create_channel"]
    desk.channel_id = made["channel_id"]
    assert desk.receive("Hello", message_id="a", secret=made["secret"])["outcome"] == "accepted"
    assert len(desk.all("select from public.conversations")) == 2


def test_messages_at_the_same_time_make_one_conversation(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda number: desk.receive(f"Message {number}"), range(16)))
    assert {each["outcome"] for each in done} == {"accepted"}
    assert len(desk.all("select from public.contacts")) == 1
    assert len(desk.all("select from public.conversations")) == 1
    rows = desk.messages()
    assert [row["role"] for row in rows] == ["user", "assistant"] * 16
    jobs = desk.all("select * from public.jobs where kind = 'knowledge.answer_question' order by id")
    assert [job["subject_id"] for job in jobs] == [row["id"] for row in rows if row["role"] == "assistant"]


def test_copies_at_the_same_time_make_one_message(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: desk.receive("Hello", message_id="same")["outcome"], range(16)))
    assert sorted(done) == ["accepted"] + ["duplicate"] * 15
    assert len(desk.messages()) == 2


def test_wrong_secrets_and_unknown_channels_are_told_alike(desk: Desk) -> None:
    assert refusal(desk, secret="guessed") == ("PT401", "channel.unauthorised")
    desk.channel_id = desk.cast.workspace_id
    assert refusal(desk) == ("PT401", "channel.unauthorised")


def test_a_new_secret_and_the_old_one_until_the_overlap_ends(desk: Desk) -> None:
    old = desk.secret
    rotated = desk.call(desk.cast.admin, "rotate_channel_secret", desk.channel_id)["rotate_channel_secret"]
    assert {desk.receive("Hi", secret=secret)["outcome"] for secret in (old, rotated)} == {"accepted"}
    desk.db.admin.execute("update app.channel_secrets set previous_until = now()")
    assert refusal(desk, secret=old) == ("PT401", "channel.unauthorised")
    assert desk.receive("Hi", secret=rotated)["outcome"] == "accepted"


def test_a_channel_that_is_off_takes_nothing(desk: Desk) -> None:
    desk.call(desk.cast.admin, "update_channel", desk.channel_id, None, None, None, None, False)
    assert refusal(desk) == ("PT403", "channel.disabled")
    assert desk.messages() == []


@pytest.mark.parametrize(
    "message", [{"text": "x"}, {"subscriber_id": "a", "text": "x"}, {"subscriber_id": "1"}]
)
def test_what_is_no_message_is_refused(desk: Desk, message: dict[str, str]) -> None:
    with pytest.raises(psycopg.Error) as caught:
        desk.receive_plain(message)
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT400", "channel.bad_message")


async def test_beyond_the_plan_the_message_is_kept_and_the_person_told(desk: Desk) -> None:
    give_plan(desk.db.admin, desk.cast.workspace_id, "free")
    used = "insert into app.usage_counters (workspace_id, metric, period_start, period_end, committed)"
    used += " select %s, 'requests', period_start, period_end, 100 from app.terms_of(%s)"
    desk.db.admin.execute(used.encode(), (desk.cast.workspace_id, desk.cast.workspace_id))
    said = desk.receive("Vos horaires ?")
    assert said == {"outcome": "unavailable", "text": "Désolé, je ne peux pas répondre pour le moment."}
    question, answer = desk.messages()
    assert question["content"] == "Vos horaires ?"
    assert (answer["status"], answer["error_code"], answer["job_id"]) == ("failed", "quota.exceeded", None)
    assert desk.all("select from public.jobs where kind = 'knowledge.answer_question'") == []
    await desk.work_off()
    assert (desk.manychat.sends, desk.deliveries()) == ([], [])


def test_a_flood_by_one_person_is_refused_and_leaves_nothing(desk: Desk) -> None:
    for number in range(30):
        desk.receive(f"Word {number}")
    with refused(429, "channel.too_many"):
        desk.receive("One too many")
    assert desk.receive("Hello", subscriber="78")["outcome"] == "accepted"
    assert desk.db.value("select count(*) from public.messages where role = 'user'") == 31


def test_a_workspace_does_not_keep_more_than_its_share_of_a_day(desk: Desk) -> None:
    desk.db.admin.execute(
        "insert into app.token_buckets (bucket, free_at) values (%s, now() + interval '86394 s')",
        (f"inbound-channels:{desk.cast.workspace_id}",),
    )
    with refused(429, "channel.too_many"):
        for number in range(100):
            desk.receive("x" * 8000, subscriber=str(number))
    assert desk.db.value("select count(*) from public.messages where role = 'user'") < 20


def test_members_hear_of_it_without_its_words(desk: Desk) -> None:
    desk.receive("A secret wish")
    (heard,) = desk.all("select * from realtime.messages where event = 'conversation.message'")
    assert (heard["topic"], heard["private"]) == (f"workspace:{desk.cast.workspace_id}", True)
    assert heard["payload"]["message_id"] == str(desk.messages()[0]["id"])
    assert "wish" not in str(heard["payload"])


def test_contacts_conversations_are_read_with_read_all_only(desk: Desk) -> None:
    desk.receive("Hello")
    seen = {}
    for name in ("owner", "admin", "support", "sales", "editor", "viewer", "stranger"):
        with desk.db.as_user(getattr(desk.cast, name)) as cursor:
            counts = (
                "select (select count(*) from public.conversations), (select count(*) from public.messages)"
            )
            seen[name] = cursor.execute(counts).fetchone()
    assert {name for name, counts in seen.items() if counts == (1, 2)} == {"owner", "admin", "support"}
    assert {name for name, counts in seen.items() if counts == (0, 0)} == {
        "sales", "editor", "viewer", "stranger",
    }  # fmt: skip
