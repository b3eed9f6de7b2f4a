"""A customer's own server says who came: a contact, their consent with its words, their interest."""

from __future__ import annotations

from functools import partial

import pytest

from tests.integration.forms.desk import STATEMENT, Desk
from tests.integration.identity.calls import denied, refused
from tests.integration.sales.shop import at_once

ADA = {"email": " Ada@Example.test ", "name": "Ada", "phone": "", "language": "FR", "country": "fr"}


def test_a_newcomer_becomes_a_contact_with_proof_and_lead(desk: Desk) -> None:
    said = desk.capture(ADA, consent=True, statement=STATEMENT, interest="Nets")
    assert (said["is_new"], said["consent"]) == (True, "granted")
    (ada,) = desk.all("select * from public.contacts")
    assert str(ada["id"]) == said["contact_id"]
    assert (ada["email"], ada["name"], ada["phone"], ada["language"], ada["country"], ada["source"]) == (
        "Ada@Example.test", "Ada", None, "fr", "FR", "website",
    )  # fmt: skip
    assert (ada["email_consent"], ada["consent_source"], ada["lifecycle"]) == ("granted", "website", "lead")
    assert desk.proofs() == [
        {"consent": "granted", "source": "website", "statement": STATEMENT, "email": "ada@example.test"}
    ]
    (lead,) = desk.all("select id, contact_id, interest, status, source, created_by from public.leads")
    assert lead == {
        "id": lead["id"], "contact_id": ada["id"], "interest": "Nets", "status": "new", "source": "website",
        "created_by": None,
    }  # fmt: skip
    assert str(lead["id"]) == said["lead_id"]


def test_who_is_known_keeps_what_they_have(desk: Desk) -> None:
    known = desk.contact(email="ADA@example.test", name="Ada Lovelace", source="fair")
    said = desk.capture({**ADA, "company": "Engines", "phone": "06 12 34 56 78"}, interest="Nets")
    assert (said["contact_id"], said["is_new"], said["consent"]) == (str(known), False, "unknown")
    again = desk.capture(ADA, interest=" nets ")
    assert again["lead_id"] == said["lead_id"]
    (ada,) = desk.all("select * from public.contacts")
    assert (ada["name"], ada["source"], ada["company"], ada["phone"], ada["language"]) == (
        "Ada Lovelace", "fair", "Engines", "06 12 34 56 78", "fr",
    )  # fmt: skip
    assert desk.capture({"phone": "+33 6 12 34 56 78"})["contact_id"] == str(known)
    assert desk.proofs() == []


def test_each_yes_and_no_is_proved(desk: Desk) -> None:
    desk.capture(ADA, consent=True, statement="Old words.")
    desk.capture(ADA, consent=True, statement=STATEMENT)
    assert desk.capture(ADA, consent=False, source="phone")["consent"] == "withdrawn"
    assert desk.all("select email, reason from public.mail_suppressions") == [
        {"email": "ada@example.test", "reason": "withdrawn"}
    ]
    assert desk.capture(ADA, consent=True, statement=STATEMENT)["consent"] == "granted"
    assert desk.all("select * from public.mail_suppressions") == []
    assert [(row["consent"], row["statement"]) for row in desk.proofs()] == [
        ("granted", "Old words."), ("granted", STATEMENT), ("withdrawn", None), ("granted", STATEMENT),
    ]  # fmt: skip


def test_a_complaint_outlives_a_new_yes(desk: Desk) -> None:
    desk.db.admin.execute(
        "insert into public.mail_suppressions (workspace_id, email, reason)"
        " values (%s, 'ada@example.test', 'complained')",
        (desk.workspace_id,),
    )
    desk.capture(ADA, consent=True, statement=STATEMENT)
    assert desk.db.value("select reason from public.mail_suppressions") == "complained"


def test_a_key_makes_it_safe_to_repeat(desk: Desk) -> None:
    call = partial(
        desk.capture, ADA, consent=True, statement=STATEMENT, interest="Nets", idempotency_key="signup-1"
    )
    assert at_once(*[call] * 4) == []
    assert call() == call()
    counts = "select (select count(*) from public.contacts), (select count(*) from public.leads)"
    assert desk.db.rows(counts) == [(1, 1)]
    assert len(desk.proofs()) == 1
    with refused(409, "capture.idempotency_conflict"):
        desk.capture({"email": "bea@example.test"}, idempotency_key="signup-1")
    desk.db.admin.execute("delete from app.captures")
    assert call()["is_new"] is False


@pytest.mark.parametrize(
    ("person", "named", "code"),
    [
        ("ada", {}, "capture.bad_person"),
        ({"email": "a@b.test", "tags": ["x"]}, {}, "capture.unknown_field"),
        ({"email": "a@b.test"}, {"source": " "}, "capture.bad_source"),
        ({"email": "a@b.test"}, {"source": None}, "capture.bad_source"),
        ({"email": "a@b.test"}, {"statement": ""}, "capture.bad_statement"),
        ({"email": "a@b.test"}, {"idempotency_key": ""}, "capture.bad_idempotency_key"),
        ({"name": "Nobody", "email": " "}, {}, "contact.no_address"),
        ({"email": "a@b.test", "country": "France"}, {}, "contact.bad_field"),
        ({"phone": "0612345678"}, {"consent": True}, "consent.no_address"),
        ({"email": "a@b.test"}, {"interest": " "}, "lead.bad_interest"),
    ],
)
def test_what_is_wrong_is_refused_whole(
    desk: Desk, person: object, named: dict[str, object], code: str
) -> None:
    with refused(400, code):
        desk.capture(person, **named)
    assert desk.db.value("select count(*) from public.contacts") == 0


def test_it_is_for_the_secret_key_and_a_workspace_that_is(desk: Desk) -> None:
    with refused(404, "workspace.not_found"):
        desk.capture(ADA, workspace_id="00000000-0000-0000-0000-000000000001")
    with denied(), desk.db.as_user(desk.cast.owner) as cursor:
        cursor.execute("select public.capture_contact(%s, '{}')", (desk.workspace_id,))
