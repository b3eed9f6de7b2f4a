"""Leads become deals once; the forecast adds up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.sales.shop import Shop, at_once


def lifecycle(shop: Shop) -> str:
    found: str = shop.db.value("select lifecycle from public.contacts")
    return found


def test_interest_moves_a_contact_forward_only(shop: Shop) -> None:
    board = shop.board()
    contact = shop.contact(name="Ada")
    lead = shop.lead(contact)
    assert lifecycle(shop) == "lead"
    shop.ask("update public.leads set status = 'qualified'")
    assert lifecycle(shop) == "qualified"
    shop.lead(contact)
    shop.ask("update public.leads set status = 'unqualified' where id <> %(id)s", id=lead)
    assert lifecycle(shop) == "qualified"
    deal = shop.call("convert_lead", lead_id=lead, amount=100)
    assert (deal["title"], deal["contact_id"], deal["owner_id"]) == ("Nets", contact, shop.cast.sales.user_id)
    shop.move(deal["id"], board["Won"])
    assert lifecycle(shop) == "customer"
    assert shop.db.value("select last_activity_at is not null from public.contacts")


def test_no_client_converts_by_itself(shop: Shop) -> None:
    shop.board()
    lead = shop.lead(shop.contact(name="Ada"))
    with refused(409, "lead.conversion_only"):
        shop.ask("update public.leads set status = 'converted'")
    with refused(409, "lead.conversion_only"):
        shop.lead(shop.contact(name="Bob"), status="converted")
    with denied():
        shop.ask("update public.leads set converted_at = now()")
    shop.call("convert_lead", lead_id=lead)
    with refused(409, "lead.conversion_only"):
        shop.ask("update public.leads set status = 'new'")
    with pytest.raises(psycopg.errors.CheckViolation):
        shop.db.admin.execute("update public.leads set status = 'new'")


def test_a_lead_is_of_a_contact_of_the_same_workspace(shop: Shop) -> None:
    theirs = shop.db.value(
        "select id from public.workspaces where created_by = %s", shop.cast.stranger.user_id
    )
    foreign = shop.contact(shop.cast.stranger, workspace_id=theirs, name="Eve")
    with refused(404, "lead.unknown_reference"):
        shop.lead(foreign)
    with refused(404, "lead.unknown_reference"):
        shop.lead(shop.contact(name="Ada"), owner_id=shop.cast.stranger.user_id)
    for name in ("support", "marketing", "editor"):
        with denied():
            shop.lead(shop.contact(name="Ada"), getattr(shop.cast, name))


def test_a_lead_converted_at_once_by_many_is_one_deal(shop: Shop) -> None:
    shop.board()
    lead = shop.lead(shop.contact(name="Ada"))
    assert at_once(*[partial(shop.call, "convert_lead", lead_id=lead)] * 5) == []
    assert shop.db.value("select count(*) from public.deals") == 1
    shop.ask("delete from public.deals")
    with refused(409, "lead.converted"):
        shop.call("convert_lead", lead_id=lead)


def test_what_came_to_nothing_is_not_converted(shop: Shop) -> None:
    shop.board()
    lead = shop.lead(shop.contact(name="Ada"), status="unqualified")
    with refused(409, "lead.unqualified"):
        shop.call("convert_lead", lead_id=lead)
    with refused(404, "lead.not_found"):
        shop.call("convert_lead", lead_id=uuid4())
    with refused(404, "lead.not_found"):
        shop.call("convert_lead", shop.cast.stranger, lead_id=lead)


def test_a_member_who_leaves_leaves_leads_and_deals_behind(shop: Shop) -> None:
    shop.board()
    mine = shop.cast.sales.user_id
    contact = shop.contact(name="Ada", owner_id=mine)
    shop.lead(contact, owner_id=mine)
    shop.deal(owner_id=mine, contact_id=contact)
    shop.call("remove_member", shop.cast.owner, workspace_id=shop.workspace_id, user_id=mine)
    for table in ("contacts", "leads", "deals"):
        assert shop.all(f"select workspace_id, owner_id from public.{table}") == [
            {"workspace_id": shop.workspace_id, "owner_id": None}
        ]


def test_the_forecast_adds_up_by_month_and_currency(shop: Shop) -> None:
    board = shop.board()
    january, february = date(2027, 1, 10), date(2027, 2, 1)
    shop.deal(amount=1000, expected_close=january)
    shop.deal(amount=500, expected_close=january, stage_id=board["Offer sent"])
    shop.deal(expected_close=january)
    shop.deal(amount=70, currency="USD", expected_close=january)
    shop.deal(amount=9, expected_close=february)
    shop.deal(amount=33)
    shop.deal(amount=800, stage_id=board["Won"])
    shop.deal(amount=5000, stage_id=board["Lost"])
    rows = shop.calls("deal_forecast", workspace_id=shop.workspace_id)
    found = {(row["month"], row["currency"]): row for row in rows}
    first = found[date(2027, 1, 1), "EUR"]
    assert (first["open_count"], first["open_amount"], first["unknown_amounts"]) == (3, 1500, 1)
    assert first["weighted_amount"] == Decimal(1000 * 10 + 500 * 60) / 100
    assert found[date(2027, 1, 1), "USD"]["weighted_amount"] == 7
    assert found[None, "EUR"]["open_amount"] == 33
    assert [(row["won_count"], row["won_amount"]) for row in rows if row["won_count"]] == [(1, 800)]
    assert sum(row["open_amount"] for row in rows if row["currency"] == "EUR") == 1000 + 500 + 9 + 33
    within: dict[str, Any] = {"from": january, "to": january}
    only = shop.calls("deal_forecast", workspace_id=shop.workspace_id, **within)
    assert {row["month"] for row in only} == {date(2027, 1, 1)}
    other = shop.board()["pipeline"]
    assert shop.calls("deal_forecast", workspace_id=shop.workspace_id, pipeline_id=other) == []
    with refused(403, "workspace.forbidden"):
        shop.calls("deal_forecast", shop.cast.viewer, workspace_id=shop.workspace_id)


def test_time_in_stages(shop: Shop) -> None:
    board = shop.board()
    a, b = shop.deal("A")["id"], shop.deal("B")["id"]
    back = "update public.deal_stage_stays set entered_at = entered_at - interval '2 days' where deal_id = %s"
    shop.db.admin.execute(back, (a,))
    shop.move(a, board["Won"])
    times = {row["stage_name"]: row for row in shop.calls("stage_times", pipeline_id=board["pipeline"])}
    assert (times["New"]["standing"], times["New"]["passed"], times["New"]["average_days"]) == (1, 1, 2)
    assert (times["Won"]["standing"], times["Won"]["average_days"]) == (1, None)
    assert shop.calls("stage_times", shop.cast.viewer, pipeline_id=board["pipeline"]) == []
    assert b != a
