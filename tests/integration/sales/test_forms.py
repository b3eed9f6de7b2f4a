"""What a form may get wrong has a code of its own, who may not write learns nothing; changes are heard of."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.sales.shop import Shop

CONTACTS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": "n" * 201}, "name"),
    ({"email": "x"}, "email"),
    ({"phone": "1"}, "phone"),
    ({"language": "French"}, "language"),
    ({"country": "fr"}, "country"),
    ({"lifecycle": "friend"}, "lifecycle"),
    ({"lifecycle": None}, "lifecycle"),
    ({"company": ""}, "company"),
    ({"job_title": "j" * 201}, "job_title"),
    ({"source": ""}, "source"),
    ({"tags": [""]}, "tags"),
    ({"tags": ["t"] * 51}, "tags"),
    ({"tags": None}, "tags"),
]
LEADS: list[tuple[dict[str, Any], int, str]] = [
    ({"interest": " "}, 400, "lead.bad_interest"),
    ({"interest": None}, 400, "lead.bad_interest"),
    ({"status": "asleep"}, 400, "lead.bad_status"),
    ({"source": ""}, 400, "lead.bad_source"),
    ({"note": "n" * 4001}, 400, "lead.bad_note"),
    ({"owner_id": uuid4()}, 404, "lead.unknown_reference"),
]
STAGES: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "stage.bad_name"),
    ({"probability": 101}, "stage.bad_probability"),
    ({"probability": None}, "stage.bad_probability"),
    ({"position": None}, "stage.bad_position"),
]
DEALS: list[tuple[dict[str, Any], int, str]] = [
    ({"title": " "}, 400, "deal.bad_field"),
    ({"amount": -1}, 400, "deal.bad_field"),
    ({"currency": "euro"}, 400, "deal.bad_field"),
    ({"lost_reason": ""}, 400, "deal.bad_reason"),
    ({"contact_id": uuid4()}, 404, "deal.unknown_reference"),
    ({"owner_id": uuid4()}, 404, "deal.unknown_reference"),
]


def change(shop: Shop, table: str, fields: dict[str, Any]) -> None:
    changes = ", ".join(f"{name} = %({name})s" for name in fields)
    shop.ask(f"update public.{table} set {changes}", **fields)


@pytest.mark.parametrize(("fields", "named"), CONTACTS)
def test_contacts(shop: Shop, fields: dict[str, Any], named: str) -> None:
    """In the words of an import, which name the field."""
    with pytest.raises(psycopg.Error, match=f"The field {named} ") as error:
        shop.contact(**fields)
    assert (error.value.sqlstate, error.value.diag.message_detail) == ("PT400", "contact.bad_field")
    shop.contact(name="Ada")
    with refused(400, "contact.bad_field"):
        change(shop, "contacts", fields)


def test_members_look_after_contacts(shop: Shop) -> None:
    for nobody in (uuid4(), shop.cast.stranger.user_id):
        with refused(400, "contact.bad_owner"):
            shop.contact(owner_id=nobody)


@pytest.mark.parametrize(("fields", "status", "code"), LEADS)
def test_leads(shop: Shop, fields: dict[str, Any], status: int, code: str) -> None:
    contact = shop.contact(name="Ada")
    with refused(status, code):
        shop.lead(contact, **fields)
    shop.lead(contact)
    with refused(status, code):
        change(shop, "leads", fields)


@pytest.mark.parametrize(("fields", "code"), STAGES)
def test_stages(shop: Shop, fields: dict[str, Any], code: str) -> None:
    new = {"pipeline_id": shop.board()["pipeline"], "name": "More", "probability": 5, "position": 9}
    with refused(400, code):
        shop.insert("stages", **{**new, **fields})
    with refused(400, code):
        change(shop, "stages", fields)


def test_stages_are_of_a_kind_and_a_board(shop: Shop) -> None:
    new: dict[str, Any] = {
        "pipeline_id": shop.board()["pipeline"], "name": "More", "probability": 5, "position": 9,
    }  # fmt: skip
    with refused(400, "stage.bad_kind"):
        shop.insert("stages", **{**new, "kind": "perhaps"})
    with refused(400, "stage.bad_probability"):
        shop.insert("stages", **{**new, "kind": "won"})
    with refused(404, "pipeline.not_found"):
        shop.insert("stages", **{**new, "pipeline_id": uuid4()})
    with refused(400, "pipeline.bad_name"):
        change(shop, "pipelines", {"name": " "})
    assert shop.insert("stages", **{**new, "kind": "won", "probability": 100})


@pytest.mark.parametrize(("fields", "status", "code"), DEALS)
def test_deals(shop: Shop, fields: dict[str, Any], status: int, code: str) -> None:
    shop.board()
    shop.deal()
    with refused(status, code):
        change(shop, "deals", fields)


def test_who_may_not_write_learns_nothing(shop: Shop) -> None:
    contact = shop.contact(name="Ada")
    for name in ("viewer", "stranger"):
        actor = getattr(shop.cast, name)
        for known in (contact, uuid4()):
            with denied():
                shop.lead(known, actor)
        for member in (shop.cast.owner.user_id, uuid4()):
            with denied():
                shop.contact(actor, name="", owner_id=member)


def test_a_field_with_its_form_is_written(shop: Shop) -> None:
    contact = shop.contact(
        name="Ada", email="a@b.c", phone="+33 6", language="fr", country="FR", lifecycle="lead",
        company="Engines", job_title="Director", source="fair", tags=["a", "b"],
        owner_id=shop.cast.sales.user_id,
    )  # fmt: skip
    shop.lead(contact, source="fair", note="Calls back.", owner_id=shop.cast.owner.user_id)
    change(shop, "leads", {"status": "working"})
    assert shop.all("select status from public.leads") == [{"status": "working"}]


def heard(shop: Shop, event: str) -> list[dict[str, Any]]:
    query = "select payload from realtime.messages where event = %s order by inserted_at"
    return [row["payload"] for row in shop.all(query, event)]


def test_leads_and_boards_are_watched(shop: Shop) -> None:
    board = shop.board()
    lead = shop.lead(shop.contact(name="Ada"))
    change(shop, "leads", {"status": "working"})
    shop.ask("delete from public.leads")
    hints = heard(shop, "lead")
    assert [hint["operation"] for hint in hints] == ["INSERT", "UPDATE", "DELETE"]
    assert all(UUID(hint["id"]) == lead and set(hint) == {"id", "operation"} for hint in hints)
    assert len(heard(shop, "stage")) == 5
    shop.ask("update public.stages set name = 'Begun' where id = %(id)s", id=board["New"])
    hint = heard(shop, "stage")[-1]
    assert (hint["operation"], hint["id"]) == ("UPDATE", str(board["New"]))
    assert hint["pipeline_id"] == str(board["pipeline"])
    change(shop, "pipelines", {"name": "Ropes"})
    assert [hint["operation"] for hint in heard(shop, "pipeline")] == ["INSERT", "UPDATE"]
    assert "Ropes" not in str(heard(shop, "pipeline"))
