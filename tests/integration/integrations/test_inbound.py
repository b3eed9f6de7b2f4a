"""Events of other systems: signed, kept once, applied once."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.integration.integrations.office import Office, Row, signed
from tests.support.database import Database

EVENT = {"id": "evt-1", "customer": {"id": 7, "mail": "Ada@example.test", "name": "Ada"}}


def refusal(
    office: Office, connection_id: str, header: str | None, text: str
) -> tuple[str | None, str | None]:
    with pytest.raises(psycopg.Error) as caught:
        office.receive(connection_id, header, text)
    return caught.value.sqlstate, caught.value.diag.message_detail


def contacts(office: Office) -> list[Row]:
    return office.all("select * from public.contacts order by created_at, id")


def event(number: int, **customer: Any) -> Row:
    return {"id": f"evt-{number}", "customer": customer}


async def test_a_signed_event_makes_a_contact(office: Office) -> None:
    made = office.connect("generic")
    assert office.send(made, EVENT) == "accepted"
    await office.work_off()
    (contact,) = contacts(office)
    assert (contact["email"], contact["name"], contact["source"]) == ("Ada@example.test", "Ada", "Generic")
    assert contact["email_consent"] == "unknown"
    record = office.records()[contact["id"]]
    assert (record["status"], record["remote_id"]) == ("linked", "7")
    listed = office.call(office.cast.admin, "list_inbound_events", made["connection_id"])
    assert (listed["event_id"], listed["status"], listed["contact_id"]) == ("evt-1", "applied", contact["id"])
    assert office.connection(made["connection_id"])["last_ok_at"] is not None


async def test_the_same_event_counts_once_also_at_once(office: Office) -> None:
    made = office.connect("generic")
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: office.send(made, EVENT), range(16)))
    assert (outcomes.count("accepted"), outcomes.count("duplicate")) == (1, 15)
    await office.work_off()
    assert len(contacts(office)) == 1
    assert office.db.value("select count(*) from public.jobs where kind = 'integrations.apply_inbound'") == 1


async def test_an_event_without_an_id_is_known_by_its_body(office: Office) -> None:
    made = office.connect("generic")
    body = {"customer": {"mail": "ada@example.test"}}
    assert [office.send(made, body), office.send(made, body)] == ["accepted", "duplicate"]
    assert office.send(made, {**body, "more": 1}) == "accepted"


async def test_what_comes_later_changes_the_same_contact_and_leaves_the_rest(office: Office) -> None:
    made = office.connect("generic")
    office.send(made, event(1, id=7, mail="ada@example.test", name="Ada"))
    await office.work_off()
    office.send(made, event(2, id=7, mail="ada@new.example.test"))
    await office.work_off()
    (contact,) = contacts(office)
    assert (contact["email"], contact["name"]) == ("ada@new.example.test", "Ada")


async def test_an_address_we_know_is_the_same_person_unless_they_have_another_id(office: Office) -> None:
    ours = office.contact("ada@example.test", consent="granted", phone="+331234")
    made = office.connect("generic")
    office.send(made, event(1, id=7, mail="ADA@example.test", name="Ada"))
    await office.work_off()
    (contact,) = contacts(office)
    assert (contact["id"], contact["name"], contact["phone"]) == (ours, "Ada", "+331234")
    assert contact["email_consent"] == "granted"
    office.send(made, event(2, id=8, mail="ada@example.test", name="Her sister"))
    await office.work_off()
    assert [contact["name"] for contact in contacts(office)] == ["Ada", "Her sister"]


async def test_many_events_about_new_people_at_once_make_one_contact_each(office: Office) -> None:
    made = office.connect("generic")
    numbers = [(number, number % 5) for number in range(40)]

    def send(pair: tuple[int, int]) -> str:
        number, who = pair
        return office.send(made, event(number, id=who, mail=f"p{who}@example.test", name=f"N{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, numbers)) == {"accepted"}
    async with office.working():
        await office.work_off()
    assert sorted(contact["email"] for contact in contacts(office)) == [
        f"p{who}@example.test" for who in range(5)
    ]
    assert office.db.value("select count(*) from app.inbound_events where status = 'applied'") == 40


async def test_an_event_about_nobody_fails_and_can_be_tried_again(office: Office) -> None:
    made = office.connect("generic")
    office.send(made, {"id": "evt-1", "person": {"mail": "ada@example.test"}})
    await office.work_off()
    (failed,) = office.all("select * from app.inbound_events")
    assert (failed["status"], failed["error_code"], contacts(office)) == ("failed", "inbound.nobody", [])
    fields = {"fields": {"email": "person.mail"}}
    office.call(office.cast.admin, "update_connection", made["connection_id"], None, Jsonb(fields))
    office.call(office.cast.admin, "retry_job", failed["job_id"])
    await office.work_off()
    (applied,) = office.all("select * from app.inbound_events")
    assert (applied["status"], applied["error_code"]) == ("applied", None)
    assert [contact["email"] for contact in contacts(office)] == ["ada@example.test"]


def test_only_the_right_signature_opens(office: Office) -> None:
    made, other = office.connect("generic"), office.connect("generic")
    text, secret = json.dumps(EVENT), made["secret"]
    good = signed(secret, text)
    stamp, _, digest = good.partition(",")
    wrong: list[tuple[str, str | None, str]] = [
        (made["connection_id"], None, text),
        (made["connection_id"], "", text),
        (made["connection_id"], digest, text),
        (made["connection_id"], stamp, text),
        (made["connection_id"], good, text + " "),
        (made["connection_id"], good.replace("t=", "t=1"), text),
        (made["connection_id"], signed(other["secret"], text), text),
        (other["connection_id"], good, text),
        ("00000000-0000-0000-0000-000000000000", good, text),
        (office.connect()["connection_id"], signed("null", text), text),
        (made["connection_id"], f"{stamp},v0={digest[3:]}", text),
        (made["connection_id"], "x" * 5000 + good, text),
    ]
    for given_ in wrong:
        assert refusal(office, *given_) == ("PT401", "inbound.unauthorised"), given_[1]
    assert office.receive(made["connection_id"], f"{stamp},v1={'0' * 64},{digest}", text) == "accepted"


@pytest.mark.parametrize(("seconds", "is_taken"), [(-290, True), (290, True), (-310, False), (310, False)])
def test_an_old_signature_is_stale(office: Office, seconds: int, is_taken: bool) -> None:
    made = office.connect("generic")
    header = signed(made["secret"], "{}", at=time.time() + seconds)
    if is_taken:
        assert office.receive(made["connection_id"], header, "{}") == "accepted"
    else:
        assert refusal(office, made["connection_id"], header, "{}") == ("PT401", "inbound.stale")


@pytest.mark.parametrize("text", ["", "[]", "7", "null", "{", '{"a":"\\u0000"}', '{"a":"\\ud800"}'])
def test_what_is_no_object_is_refused(office: Office, text: str) -> None:
    made = office.connect("generic")
    header = signed(made["secret"], text)
    assert refusal(office, made["connection_id"], header, text) == ("PT400", "inbound.bad_event")


def test_a_disabled_connection_takes_nothing(office: Office) -> None:
    made = office.connect("generic")
    office.call(office.cast.admin, "update_connection", made["connection_id"], None, None, False)
    header = signed(made["secret"], "{}")
    assert refusal(office, made["connection_id"], header, "{}") == ("PT403", "inbound.disabled")


def test_a_rotated_secret_is_good_for_the_overlap(office: Office) -> None:
    made = office.connect("generic")
    new = office.call(office.cast.admin, "rotate_connection_secret", made["connection_id"], "1 hour")
    assert office.send(made, event(1)) == "accepted"
    assert office.send(made, event(2), secret=new["rotate_connection_secret"]) == "accepted"
    office.db.admin.execute("update app.connection_secrets set previous_until = now()")
    header = signed(made["secret"], "{}")
    assert refusal(office, made["connection_id"], header, "{}")[1] == "inbound.unauthorised"


def test_a_flood_is_slowed_down(office: Office) -> None:
    made = office.connect("generic")
    office.db.admin.execute(
        "insert into app.token_buckets (bucket, free_at) values (%s, now() + interval '1 minute')",
        (f"inbound:{made['connection_id']}",),
    )
    header = signed(made["secret"], "{}")
    assert refusal(office, made["connection_id"], header, "{}") == ("PT429", "inbound.too_fast")


def test_a_body_beyond_64_kib_is_refused(office: Office) -> None:
    made = office.connect("generic")
    text = json.dumps({"id": "evt-1", "more": "é" * 32_768}, ensure_ascii=False)
    header = signed(made["secret"], text)
    assert refusal(office, made["connection_id"], header, text) == ("PT413", "inbound.body_too_large")
    assert office.send(made, '{"a":"' + "x" * 65_528 + '"}') == "accepted"


def test_a_workspace_takes_so_many_bytes_a_day_by_all_its_connections(office: Office) -> None:
    made, other = office.connect("generic"), office.connect("generic")
    large = '{"a":"' + "x" * 65_528 + '"}'
    office.db.admin.execute(
        "insert into app.token_buckets (bucket, free_at)"
        " values (%s, now() + interval '1 day' - make_interval(secs => 1.5 * 86400 / 1024))",
        (f"inbound-day:{office.cast.workspace_id}",),
    )
    assert office.send(made, large) == "accepted"
    again = large.replace("a", "b", 1)
    assert refusal(office, other["connection_id"], signed(other["secret"], again), again) == (
        "PT429",
        "inbound.too_much",
    )
    assert office.send(made, large) == "duplicate"
    assert office.send(other, "{}") == "accepted"
    assert office.db.value("select count(*) from app.inbound_events") == 2


async def test_the_body_of_an_applied_event_is_forgotten_and_its_id_kept(office: Office) -> None:
    made = office.connect("generic")
    office.send(made, EVENT)
    office.send(made, {"id": "evt-2", "nobody": True})
    await office.work_off()
    events = office.all("select event_id, status, body from app.inbound_events order by event_id")
    assert [(row["status"], row["body"]) for row in events] == [
        ("applied", None),
        ("failed", {"id": "evt-2", "nobody": True}),
    ]
    assert office.send(made, EVENT) == "duplicate"


def test_only_a_server_reaches_the_door(office: Office) -> None:
    for enter in (office.db.as_anon, lambda: office.db.as_user(office.cast.owner)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), enter() as cursor:
            cursor.execute("select public.receive_inbound(gen_random_uuid(), 't=1', '{}')")


def test_old_events_are_forgotten_and_waiting_ones_kept(office: Office) -> None:
    made = office.connect("generic")
    for number in range(3):
        office.send(made, event(number))
    office.db.admin.execute("update app.inbound_events set received_at = now() - interval '31 days'")
    office.db.admin.execute("update app.inbound_events set status = 'applied' where event_id <> 'evt-0'")
    with office.db.as_worker() as cursor:
        cursor.execute("select app.purge_inbound('30 days')")
    assert office.all("select event_id from app.inbound_events") == [{"event_id": "evt-0"}]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.binary(max_size=300))
def test_the_hmac_is_the_standards(shared_db: Database, key: bytes, message: bytes) -> None:
    ours = shared_db.value("select app.hmac_sha256(%s, %s)", key, message)
    assert ours == hmac.new(key, message, hashlib.sha256).digest()
