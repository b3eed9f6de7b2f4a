"""Anybody fills in a form: contact and lead at once, consent only from the owner of the address."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import psycopg
import pytest

from tests.integration.forms.desk import STATEMENT, Desk
from tests.integration.identity.calls import denied, refused
from tests.integration.sales.shop import at_once
from tests.support.actors import give_plan

ADA = {"email": "Ada@example.test", "name": "Ada", "consent": "on", "language": "fr-CH"}


def consent(desk: Desk) -> str:
    return str(desk.db.value("select email_consent from public.contacts"))


def test_consent_counts_once_the_owner_of_the_address_confirms(desk: Desk) -> None:
    form = desk.form(thank_you_url="https://acme.example/thanks")
    assert desk.submit(form, **ADA) == {"thank_you_url": "https://acme.example/thanks"}
    (ada,) = desk.all("select email, name, language, source, email_consent from public.contacts")
    assert tuple(ada.values()) == ("Ada@example.test", "Ada", "fr", "form: Newsletter", "unknown")
    (letter,) = desk.letters()
    assert (letter["email"], letter["locale"]) == ("ada@example.test", "fr")
    assert letter["data"] == {"statement": STATEMENT}
    assert desk.confirm(letter["secret"] + "x") is False
    assert consent(desk) == "unknown"
    assert desk.confirm(letter["secret"]) is True
    assert desk.confirm(letter["secret"]) is True
    assert consent(desk) == "granted"
    assert desk.proofs() == [
        {
            "consent": "granted",
            "source": "form: Newsletter",
            "statement": STATEMENT,
            "email": "ada@example.test",
        }
    ]
    assert desk.db.value("select count(*) from public.leads") == 0


def test_a_link_grants_once_and_not_after_a_week_or_for_another_address(desk: Desk) -> None:
    form = desk.form()
    desk.submit(form, **ADA)
    (letter,) = desk.letters()
    desk.db.admin.execute("update app.consent_requests set created_at = now() - interval '8 days'")
    assert desk.confirm(letter["secret"]) is False
    desk.db.admin.execute("update app.consent_requests set created_at = now()")
    desk.db.admin.execute("update public.contacts set email = 'other@example.test'")
    assert desk.confirm(letter["secret"]) is False
    desk.db.admin.execute("update public.contacts set email = 'ada@example.test'")
    assert desk.confirm(letter["secret"]) is True
    desk.capture({"email": "ada@example.test"}, consent=False, source="phone")
    assert desk.confirm(letter["secret"]) is False
    assert consent(desk) == "withdrawn"


def test_nobody_is_pestered_by_what_others_type(desk: Desk) -> None:
    form, other = desk.form(), desk.form(name="Other")
    for each in (form, form, other):
        desk.submit(each, **ADA)
    assert len(desk.letters()) == 1
    for _day in range(8):
        desk.db.admin.execute("update app.consent_requests set created_at = created_at - interval '1 day'")
        desk.submit(form, **ADA)
    assert len(desk.letters()) == 5
    desk.db.admin.execute("delete from app.token_buckets")
    desk.db.admin.execute("delete from app.consent_requests")
    desk.db.admin.execute(
        "insert into public.mail_suppressions (workspace_id, email, reason)"
        " values (%s, 'ada@example.test', 'complained')", (desk.workspace_id,),
    )  # fmt: skip
    desk.submit(form, **ADA)
    assert len(desk.letters()) == 5


def test_who_agreed_or_does_not_agree_gets_no_mail(desk: Desk) -> None:
    form = desk.form()
    desk.capture({"email": "ada@example.test"}, consent=True)
    desk.submit(form, **ADA)
    desk.submit(form, email="bea@example.test")
    desk.submit(form, email="cleo@example.test", consent="false")
    desk.submit(form, phone="0612345678", consent=True)
    desk.submit(desk.form(name="No words", statement=None), email="dan@example.test", consent="on")
    give_plan(desk.db.admin, desk.workspace_id, "free")
    desk.submit(form, email="eve@example.test", consent="on")
    assert desk.letters() == []
    assert desk.db.value("select count(*) from public.contacts") == 6


def test_a_contact_form_opens_a_lead_and_changes_nobody_known(desk: Desk) -> None:
    form = desk.form(name="Contact us", statement=None, makes_lead=True)
    known = desk.contact(email="ada@example.test", name="Ada Lovelace")
    desk.submit(form, email="ADA@example.test", name="Boss", phone="0666", message="Call me.")
    desk.submit(form, email="ada@example.test", message="Call me.")
    desk.submit(form, email="ada@example.test", message="Now.")
    desk.submit(form, phone="0612345678", name="Paul", message="A boat?")
    leads = desk.all("select contact_id, interest, source, note from public.leads order by created_at")
    assert [(lead["interest"], lead["source"]) for lead in leads] == [("Contact us", "form: Contact us")] * 2
    assert [lead["note"] for lead in leads] == ["name: Boss\nphone: 0666\nCall me.\n\nNow.", "A boat?"]
    assert leads[0]["contact_id"] == known
    (ada,) = desk.all("select name, phone from public.contacts where id = %s", known)
    assert tuple(ada.values()) == ("Ada Lovelace", None)
    assert desk.letters() == []


def test_one_who_sends_twice_at_once_is_one(desk: Desk) -> None:
    form = desk.form(makes_lead=True)
    assert at_once(*[partial(desk.submit, form, **ADA)] * 4) == []
    counts = "select (select count(*) from public.contacts), (select count(*) from public.leads)"
    assert desk.db.rows(counts) == [(1, 1)]
    assert len(desk.letters()) == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "contact.no_address"),
        ({"email": "nobody"}, "form.bad_email"),
        ({"email": "a@b.test", "message": "x" * 3001}, "form.message_too_long"),
        ({"email": "a@b.test", "name": "x" * 201}, "contact.bad_field"),
    ],
)
def test_what_is_no_person_is_refused(desk: Desk, fields: dict[str, str], code: str) -> None:
    with refused(400, code):
        desk.submit(desk.form(), **fields)


def test_a_source_and_a_form_have_limits(desk: Desk) -> None:
    form = desk.form()
    for number in range(20):
        desk.submit(form, "192.0.2.1", email=f"{number}@example.test")
    with refused(429, "form.too_fast"):
        desk.submit(form, "192.0.2.1", email="x@example.test")
    desk.submit(form, "192.0.2.2", email="y@example.test")
    desk.db.admin.execute(
        "update app.token_buckets set free_at = free_at + interval '400 seconds' where bucket = %s",
        (f"form:{form}",),
    )
    with refused(429, "form.too_fast"):
        desk.submit(form, "198.51.100.1", email="z@example.test")
    buckets = desk.all("select bucket from app.token_buckets")
    assert not any("192.0.2" in row["bucket"] for row in buckets)


def test_a_form_is_open_until_it_is_closed(desk: Desk) -> None:
    form = desk.form()
    with refused(404, "form.not_found"):
        desk.submit(uuid4(), **ADA)
    desk.submit(form, **ADA)
    with desk.db.as_user(desk.cast.marketing) as cursor:
        cursor.execute("update public.forms set is_enabled = false where id = %s", (form,))
    with refused(403, "form.disabled"):
        desk.submit(form, **ADA)
    assert desk.confirm(desk.letters()[0]["secret"]) is True


def test_forms_are_marketings_and_bounded(desk: Desk) -> None:
    with denied():
        desk.form(desk.cast.sales)
    for wrong in ({"statement": " "}, {"thank_you_url": "javascript:alert(1)"}, {"name": ""}):
        with pytest.raises(psycopg.errors.CheckViolation):
            desk.form(**wrong)
    with denied(), desk.db.as_user(desk.cast.owner) as cursor:
        cursor.execute("select public.submit_form(%s, '{}')", (uuid4(),))
    with denied(), desk.db.as_user(desk.cast.owner) as cursor:
        cursor.execute("select public.confirm_consent('x')")
    for number in range(50):
        desk.form(name=f"Form {number}", statement=None)
    with refused(409, "form.too_many"):
        desk.form()
    desk.db.admin.execute("delete from public.forms")
    give_plan(desk.db.admin, desk.workspace_id, "free")
    desk.form(statement=None)
    with refused(402, "plan.not_entitled"):
        desk.form()


def test_what_nobody_needs_any_more_is_forgotten(desk: Desk) -> None:
    desk.submit(desk.form(), **ADA)
    desk.capture({"email": "b@example.test"}, idempotency_key="k")
    with desk.db.as_worker() as cursor:
        cursor.execute("select app.purge_forms('30 days')")
    assert desk.db.value("select count(*) from app.consent_requests") == 1
    with desk.db.as_worker() as cursor:
        cursor.execute("select app.purge_forms('0 days')")
    counts = "select (select count(*) from app.consent_requests), (select count(*) from app.captures)"
    assert desk.db.rows(counts) == [(0, 0)]
