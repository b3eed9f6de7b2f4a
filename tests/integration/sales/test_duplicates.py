"""The same person twice: found, merged with everything they have, imported once."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.integration.identity.calls import meanwhile, refused
from tests.integration.sales.shop import Row, Shop, at_once


def groups(shop: Shop, **named: Any) -> dict[tuple[str, str], list[UUID]]:
    rows = shop.calls("find_duplicates", workspace_id=shop.workspace_id, **named)
    return {(row["reason"], row["key"]): row["contact_ids"] for row in rows}


def load(shop: Shop, contacts: object, **named: Any) -> Row:
    found = shop.call("import_contacts", workspace_id=shop.workspace_id, contacts=Jsonb(contacts), **named)
    result: Row = found["import_contacts"]
    return result


def test_doubles_are_found_by_email_phone_and_name(shop: Shop) -> None:
    a = shop.contact(name="Élodie Martin-Roy", email="Elodie@Example.test", phone="+33 6 12 34 56 78")
    b = shop.contact(name="martin roy, elodie", email=" elodie@example.test", phone="06.12.34.56.78")
    c = shop.contact(name="Someone Else", phone="0033612345678")
    shop.contact(name="Elodie", phone="123")
    shop.contact(name="Elodie", phone="123")
    assert groups(shop) == {
        ("email", "elodie@example.test"): [a, b],
        ("phone", "612345678"): [a, b, c],
        ("name", "elodie martin roy"): [a, b],
    }
    assert set(groups(shop, contact_id=c)) == {("phone", "612345678")}
    assert len(groups(shop, limit=1)) == 1
    with refused(404, "contact.not_found"):
        groups(shop, contact_id=uuid4())
    with refused(403, "workspace.forbidden"):
        shop.calls("find_duplicates", shop.cast.editor, workspace_id=shop.workspace_id)


def channel(shop: Shop, contact: UUID, subscriber: str, channel_id: UUID | None = None) -> UUID:
    """A channel on which the contact has an account and a conversation with a message."""
    if channel_id is None:
        made = shop.call(
            "create_channel",
            shop.cast.admin,
            workspace_id=shop.workspace_id,
            name="WhatsApp",
        )
        channel_id = UUID(made["create_channel"]["channel_id"])
    given = (channel_id, subscriber, shop.workspace_id, contact)
    shop.db.admin.execute(
        "insert into public.contact_identities (channel_id, subscriber_id, workspace_id, contact_id)"
        " values (%s, %s, %s, %s)", given,
    )  # fmt: skip
    shop.db.admin.execute(
        "with c as (insert into public.conversations (workspace_id, title, contact_id, channel_id)"
        " values (%(ws)s, 'Hi', %(contact)s, %(channel)s) returning *)"
        " insert into public.messages (workspace_id, conversation_id, role, content, contact_id)"
        " select workspace_id, id, 'user', 'Hello', contact_id from c",
        {"ws": shop.workspace_id, "contact": contact, "channel": channel_id},
    )
    return channel_id


def test_a_merge_brings_everything_along(shop: Shop) -> None:
    shop.board()
    keep = shop.contact(name="Ada", email="ada@example.test", tags=["a", "b"])
    lose = shop.contact(
        name="A. Lovelace", phone="+44 1", company="Engines", tags=["b", "c"], lifecycle="customer"
    )
    channel(shop, lose, "77")
    lead = shop.lead(lose)
    deal = shop.deal(contact_id=lose)["id"]
    shop.call(
        "create_ticket", shop.cast.support, workspace_id=shop.workspace_id, subject="Late", contact_id=lose
    )
    merged = shop.call("merge_contacts", keep_id=keep, lose_id=lose)
    assert (merged["name"], merged["email"], merged["phone"]) == ("Ada", "ada@example.test", "+44 1")
    assert (merged["company"], merged["tags"], merged["lifecycle"]) == (
        "Engines",
        ["a", "b", "c"],
        "customer",
    )
    assert merged["last_activity_at"] is not None
    for table in ("contact_identities", "conversations", "messages", "tickets", "leads", "deals"):
        assert shop.all(f"select distinct contact_id from public.{table}") == [{"contact_id": keep}], table
    assert shop.db.value("select count(*) from public.contacts") == 1
    assert (lead, deal) == (
        shop.db.value("select id from public.leads"),
        shop.db.value("select id from public.deals"),
    )
    (entry,) = shop.all("select subject, detail from public.audit_log where action = 'contact.merged'")
    assert entry["subject"] == str(keep)
    assert entry["detail"]["gone"] == str(lose)
    assert entry["detail"]["moved"]["public.messages"] == 1


@pytest.mark.parametrize(
    ("kept", "lost", "expected"),
    [
        (("a@x.test", "granted"), ("a@x.test", "withdrawn"), "withdrawn"),
        (("a@x.test", "withdrawn"), ("a@x.test", "granted"), "withdrawn"),
        (("a@x.test", "unknown"), ("A@x.test", "granted"), "granted"),
        (("a@x.test", "unknown"), ("b@x.test", "granted"), "unknown"),
        ((None, "unknown"), ("b@x.test", "granted"), "granted"),
    ],
)
def test_consent_goes_with_its_address(
    shop: Shop, kept: tuple[str | None, str], lost: tuple[str, str], expected: str
) -> None:
    ids = []
    for email, consent in (kept, lost):
        ids.append(shop.contact(name="Ada", email=email))
        shop.db.admin.execute(
            "update public.contacts set email_consent = %s, consent_source = 'fair' where id = %s",
            (consent, ids[-1]),
        )
    assert shop.call("merge_contacts", keep_id=ids[0], lose_id=ids[1])["email_consent"] == expected


def test_what_both_have_stays_once(shop: Shop) -> None:
    keep, lose = shop.contact(name="Ada"), shop.contact(name="Ada")
    shop.db.admin.execute(
        "insert into public.contact_scores (contact_id, workspace_id, score)"
        " values (%s, %s, 10), (%s, %s, 20)",
        (keep, shop.workspace_id, lose, shop.workspace_id),
    )
    shop.call("merge_contacts", keep_id=keep, lose_id=lose)
    assert shop.all("select contact_id, score from public.contact_scores") == [
        {"contact_id": keep, "score": 10}
    ]
    assert shop.db.value("select count(*) from app.score_requests where contact_id = %s", keep) == 1


def test_merges_that_are_refused(shop: Shop) -> None:
    a, b = shop.contact(name="Ada"), shop.contact(name="Ada")
    channel(shop, b, "2", channel(shop, a, "1"))
    with refused(409, "contact.two_identities"):
        shop.call("merge_contacts", keep_id=a, lose_id=b)
    with refused(400, "contact.same"):
        shop.call("merge_contacts", keep_id=a, lose_id=a)
    theirs = shop.db.value(
        "select id from public.workspaces where created_by = %s", shop.cast.stranger.user_id
    )
    foreign = shop.contact(shop.cast.stranger, workspace_id=theirs, name="Eve")
    for pair in ((a, foreign), (foreign, a), (a, uuid4())):
        with refused(404, "contact.not_found"):
            shop.call("merge_contacts", keep_id=pair[0], lose_id=pair[1])
    for name in ("support", "marketing"):
        with refused(403, "workspace.forbidden"):
            shop.call("merge_contacts", getattr(shop.cast, name), keep_id=a, lose_id=b)
    with refused(404, "contact.not_found"):
        shop.call("merge_contacts", shop.cast.editor, keep_id=a, lose_id=b)


def test_a_merge_at_the_same_moment_in_both_directions(shop: Shop) -> None:
    a, b = shop.contact(name="Ada"), shop.contact(name="Ada")
    merge = partial(shop.call, "merge_contacts")
    raised = at_once(partial(merge, keep_id=a, lose_id=b), partial(merge, keep_id=b, lose_id=a))
    assert [error.diag.message_detail for error in raised] == ["contact.not_found"]
    assert shop.db.value("select count(*) from public.contacts") == 1


def test_a_lead_written_while_its_contact_is_merged_is_refused_not_lost(shop: Shop) -> None:
    keep, lose = shop.contact(name="Ada"), shop.contact(name="Ada")
    with shop.db.as_user(shop.cast.sales) as cursor:
        cursor.execute("select public.merge_contacts(%s, %s)", (keep, lose))
        with meanwhile(shop.db, lambda: shop.lead(lose)) as raised:
            cursor.connection.commit()
    assert [type(error).__name__ for error in raised] == ["ForeignKeyViolation"]


def test_an_import_writes_updates_and_refuses(shop: Shop) -> None:
    old = shop.contact(name="Ada", email="ADA@example.test", company="Engines", tags=["vip"])
    rows = [
        {"email": "ada@example.test ", "name": "Ada Lovelace", "tags": ["fair", "vip"]},
        {"email": "new@example.test", "country": "fr", "lifecycle": "lead"},
        {"phone": "+33 6 12 34 56 78", "name": "Paul"},
        {"name": "Nobody"},
        {"email": "x@example.test", "country": "France"},
        "not a contact",
        {"email": "new@example.test", "country": "FR"},
        {"phone": "0612345678", "job_title": "Director"},
    ]
    result = load(shop, rows, source="fair")
    assert {key: result[key] for key in ("created", "updated", "unchanged")} == {
        "created": 2, "updated": 2, "unchanged": 1,
    }  # fmt: skip
    assert [refusal["index"] for refusal in result["refused"]] == [3, 4, 5]
    assert [refusal["error_code"] for refusal in result["refused"]] == [
        "contact.no_address",
        "contact.bad_field",
        "contact.no_address",
    ]
    assert [len(result["ids"][key]) for key in ("created", "updated")] == [2, 2]
    assert str(old) == result["ids"]["updated"][0]
    (ada,) = shop.all("select * from public.contacts where id = %s", old)
    assert (ada["name"], ada["company"], ada["tags"]) == ("Ada Lovelace", "Engines", ["vip", "fair"])
    (new,) = shop.all("select * from public.contacts where email = 'new@example.test'")
    assert (new["country"], new["lifecycle"], new["source"], new["email_consent"]) == (
        "FR",
        "lead",
        "fair",
        "unknown",
    )
    assert shop.db.value("select job_title from public.contacts where name = 'Paul'") == "Director"
    again = load(shop, rows, source="fair")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 5)


BLANK: dict[str, object] = dict.fromkeys(
    ("name", "company", "job_title", "language", "country", "lifecycle"), " "
)


def test_empty_cells_of_a_table_are_not_given(shop: Shop) -> None:
    known = shop.contact(name="Ada", email="ada@example.test", company="Engines", language="fr")
    rows = [
        {**BLANK, "email": "", "phone": "+33 6 12 34 56 78"},
        {**BLANK, "email": "ada@example.test\t", "phone": "", "tags": ["", " fair "]},
        {**BLANK, "email": "bea@example.test", "phone": None, "name": "\u00a0 Bea\n", "language": "FR"},
    ]
    result = load(shop, rows)
    assert (result["created"], result["updated"], result["refused"]) == (2, 1, [])
    assert result["ids"]["updated"] == [str(known)]
    found = shop.all("select name, email, phone, company, language, tags from public.contacts order by email")
    assert [tuple(row.values()) for row in found] == [
        ("Ada", "ada@example.test", None, "Engines", "fr", ["fair"]),
        ("Bea", "bea@example.test", None, None, "fr", []),
        (None, None, "+33 6 12 34 56 78", None, None, []),
    ]
    assert load(shop, rows)["unchanged"] == 3


def test_a_refused_row_names_its_column(shop: Shop) -> None:
    wrong = {"country": "France", "language": "french", "lifecycle": "king", "name": "x" * 201, "phone": "1"}
    rows: list[Any] = [{"email": f"{field}@example.test", field: value} for field, value in wrong.items()]
    rows += [
        {"email": "e" * 300},
        {"email": "tags@example.test", "tags": ["x"] * 2 + ["y" * 3000]},
        {},
        {"phone": "-"},
    ]
    refused_rows = load(shop, rows)["refused"]
    assert [row.get("field") for row in refused_rows] == [*wrong, "email", "tags", None, None]
    for row in refused_rows[:-2]:
        assert row["error_code"] == "contact.bad_field"
        assert f"The field {row['field']} " in row["error_message"]
    assert {row["error_code"] for row in refused_rows[-2:]} == {"contact.no_address"}
    assert shop.db.value("select count(*) from public.contacts") == 0


def test_imports_at_once_double_nothing(shop: Shop) -> None:
    rows = [{"email": f"{number}@example.test"} for number in range(200)]
    assert at_once(*[partial(load, shop, rows)] * 4) == []
    assert shop.db.value("select count(*) from public.contacts") == 200


def test_an_import_has_bounds_and_rights(shop: Shop) -> None:
    bad: list[object] = [[], {}, "x", None, [{"email": "a@b.test"}] * 1001]
    for wrong in bad:
        with refused(400, "contact.bad_import"):
            load(shop, wrong)
    with refused(400, "contact.bad_import"):
        load(shop, [{"email": "a@b.test"}], source="")
    for name in ("viewer", "editor"):
        with refused(403, "workspace.forbidden"):
            shop.call(
                "import_contacts",
                getattr(shop.cast, name),
                workspace_id=shop.workspace_id,
                contacts=Jsonb([{}]),
            )
    thousand = [{"email": f"{number}@example.test", "name": f"Person {number}"} for number in range(1000)]
    assert load(shop, thousand)["created"] == 1000
