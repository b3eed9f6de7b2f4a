"""Consent: noted with its source, bound to an address, never given back by accident."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.integration.marketing.office import Office


def consent(office: Office, contact: Any) -> str:
    return str(office.db.value("select email_consent from public.contacts where id = %s", contact))


def suppressed(office: Office) -> dict[str, str]:
    return dict(office.db.rows("select email, reason from public.mail_suppressions"))


def test_what_people_said_is_kept_in_order(office: Office) -> None:
    ada = office.contact("ada", email_consent="unknown")
    assert office.call("set_contact_consent", [ada], "granted", "Form at the fair") == 1
    assert office.call("set_contact_consent", [ada], "withdrawn", "By phone") == 1
    rows = office.all("select consent, source, email, created_by from public.consent_events order by id")
    marketer = office.cast.marketing.user_id
    assert [tuple(row.values()) for row in rows] == [
        ("granted", "Form at the fair", "ada@people.test", marketer),
        ("withdrawn", "By phone", "ada@people.test", marketer),
    ]
    assert suppressed(office) == {"ada@people.test": "withdrawn"}


def test_granting_lifts_an_unsubscription_but_no_complaint(office: Office) -> None:
    contacts = [office.contact(name) for name in ("ada", "bob")]
    for name, reason in (("ada", "unsubscribed"), ("bob", "complained")):
        office.db.admin.execute(
            "select app.suppress_in(%s, %s, %s)", (office.cast.workspace_id, f"{name}@people.test", reason)
        )
    assert [consent(office, one) for one in contacts] == ["withdrawn", "withdrawn"]
    assert office.call("set_contact_consent", contacts, "granted", "Asked again in the shop") == 2
    assert suppressed(office) == {"bob@people.test": "complained"}
    assert office.preview({"all": []})["mailable"] == 1


def test_a_new_address_has_no_consent(office: Office) -> None:
    ada = office.contact("ada", consent_source="Form")
    assert office.update("contacts", ada, office.cast.sales, email=" ADA@people.test") == 1
    assert consent(office, ada) == "granted"
    assert office.update("contacts", ada, office.cast.sales, email="ada@other.test") == 1
    assert consent(office, ada) == "unknown"


def test_a_suppression_outlives_its_contact(office: Office) -> None:
    ada = office.contact("ada")
    office.call("set_contact_consent", [ada], "withdrawn", "By phone")
    with office.db.as_user(office.cast.sales) as cursor:
        cursor.execute("delete from public.contacts where id = %s", (ada,))
    office.contact("ada")
    assert office.preview({"all": []}) | {"examples": None} == {"count": 1, "mailable": 0, "examples": None}


@pytest.mark.parametrize(
    ("said", "source", "code"),
    [("maybe", "Form", "consent.unknown"), ("granted", " ", "consent.source_missing"),
     ("granted", None, "consent.source_missing")],
)  # fmt: skip
def test_half_a_consent_is_none(office: Office, said: str, source: str | None, code: str) -> None:
    ada = office.contact("ada", email_consent="unknown")
    with pytest.raises(psycopg.Error) as error:
        office.call("set_contact_consent", [ada], said, source)
    assert (error.value.sqlstate, error.value.diag.message_detail) == ("PT400", code)
    assert consent(office, ada) == "unknown"


def test_a_thousand_at_once_and_no_more(office: Office) -> None:
    office.people(1001)
    ids = [row["id"] for row in office.all("select id from public.contacts")]
    assert office.call("set_contact_consent", ids[:1000], "withdrawn", "List cleaned") == 1000
    with pytest.raises(psycopg.Error) as error:
        office.call("set_contact_consent", ids, "granted", "Form")
    assert error.value.diag.message_detail == "consent.too_many"


def test_who_may_note_it(office: Office) -> None:
    ada = office.contact("ada", email_consent="unknown")
    with pytest.raises(psycopg.Error) as error:
        office.call("set_contact_consent", [ada], "granted", "Form", actor=office.cast.sales)
    assert error.value.diag.message_detail == "workspace.forbidden"
    for actor in (office.cast.stranger, office.cast.viewer):
        assert office.call("set_contact_consent", [ada], "granted", "Form", actor=actor) == 0
    assert consent(office, ada) == "unknown"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.update("contacts", ada, email_consent="granted")
