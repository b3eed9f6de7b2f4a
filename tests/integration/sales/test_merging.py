"""Merging in a busy workspace: it waits for work that has begun, and nobody deadlocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.identity.calls import meanwhile
from tests.integration.sales.shop import Shop, at_once


def deal(shop: Shop, contact: UUID) -> UUID:
    made: UUID = shop.deal(contact_id=contact)["id"]
    return made


def lead(shop: Shop, contact: UUID) -> UUID:
    return shop.lead(contact)


def ticket(shop: Shop, contact: UUID) -> UUID:
    named = {"workspace_id": shop.workspace_id, "subject": "Late", "contact_id": contact}
    made: UUID = shop.call("create_ticket", shop.cast.support, **named)["id"]
    return made


def recipient(shop: Shop, contact: UUID) -> UUID:
    made: UUID = shop.db.value(
        "with c as (insert into public.campaigns (workspace_id, name) values (%s, 'Spring') returning *)"
        " insert into public.campaign_recipients (campaign_id, workspace_id, contact_id, email, batch)"
        " select id, workspace_id, %s, %s, 1 from c returning id",
        shop.workspace_id, contact, f"{uuid4()}@example.test",
    )  # fmt: skip
    return made


def unsubscribe(shop: Shop, mail: UUID) -> None:
    with shop.db.as_service() as cursor:
        cursor.execute("select public.unsubscribe_mail(%s)", (mail,))


@pytest.mark.parametrize(
    ("table", "refer"),
    [("deals", deal), ("leads", lead), ("tickets", ticket), ("campaign_recipients", recipient)],
)
@pytest.mark.parametrize("side", ["keep", "lose"])
def test_a_merge_waits_for_whoever_holds_a_row_and_will_hold_its_contact(
    shop: Shop, table: str, refer: Callable[[Shop, UUID], UUID], side: str
) -> None:
    shop.board()
    pair = {"keep": shop.contact(name="Ada"), "lose": shop.contact(name="Ada")}
    row = refer(shop, pair[side])
    merge = partial(shop.call, "merge_contacts", keep_id=pair["keep"], lose_id=pair["lose"])
    with psycopg.connect(shop.db.dsn("postgres")) as busy:
        busy.execute(f"update public.{table} set workspace_id = workspace_id where id = %s".encode(), (row,))
        with meanwhile(shop.db, merge) as raised:
            busy.execute(
                "update public.contacts set last_activity_at = now(), company = 'Nets' where id = %s",
                (pair[side],),
            )
            busy.commit()
    assert raised == []
    assert shop.all("select id, company from public.contacts") == [{"id": pair["keep"], "company": "Nets"}]
    assert shop.db.value(f"select contact_id from public.{table}") == pair["keep"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_merge_waits_for_who_writes_both_contacts_in_any_order(shop: Shop, order: tuple[int, int]) -> None:
    both = sorted([shop.contact(name="Ada"), shop.contact(name="Ada")])
    with psycopg.connect(shop.db.dsn("postgres")) as busy:
        tag = "update public.contacts set tags = tags || '{fair}'::text[] where id = %s"
        busy.execute(tag, (both[order[0]],))
        merge = partial(shop.call, "merge_contacts", keep_id=both[0], lose_id=both[1])
        with meanwhile(shop.db, merge) as raised:
            busy.execute(tag, (both[order[1]],))
            busy.commit()
    assert raised == []
    assert shop.all("select id, tags from public.contacts") == [{"id": both[0], "tags": ["fair"]}]


def test_merges_among_moves_leads_and_unsubscriptions(shop: Shop) -> None:
    board = shop.board()
    for _ in range(8):
        keep, lose = (shop.contact(name="Ada", email="ada@example.test") for _ in range(2))
        deals, leads = [deal(shop, contact) for contact in (keep, lose, lose)], [lead(shop, lose)]
        mails = [recipient(shop, contact) for contact in (keep, lose)]
        raised = at_once(
            *[partial(shop.move, each, board["Won"]) for each in deals],
            partial(shop.call, "merge_contacts", keep_id=keep, lose_id=lose),
            *[partial(unsubscribe, shop, mail) for mail in mails],
            partial(shop.ask, "update public.leads set status = 'qualified' where id = %(id)s", id=leads[0]),
        )
        assert raised == []
        query = (
            "select id from public.deals where contact_id = %(id)s and stage_id = %(won)s"
            " union all select id from public.leads where contact_id = %(id)s and status = 'qualified'"
            " union all select id from public.campaign_recipients"
            " where contact_id = %(id)s and unsubscribed_at is not null"
        )
        found = {row["id"] for row in shop.ask(query, shop.cast.owner, id=keep, won=board["Won"])}
        assert found == {*deals, *leads, *mails}
        state = shop.all("select lifecycle, email_consent from public.contacts where id = %s", keep)
        assert state == [{"lifecycle": "customer", "email_consent": "withdrawn"}]
        assert shop.db.value("select count(*) from public.contacts where id = %s", lose) == 0
