"""Scores follow events, fade, give way to a person, and never depend on a model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.sales.shop import Row, Shop
from tests.support.actors import give_plan
from worker.errors import ProviderRejected
from worker.providers.llm.port import ChatEvent, Request, TextDelta, Usage


@dataclass
class Oracle:
    """A model that says what it is told, or fails."""

    reply: str | ProviderRejected
    name: str = "test"
    model: str = "test:oracle"
    asked: list[Request] = field(default_factory=list)

    async def stream(self, request: Request) -> AsyncGenerator[ChatEvent]:
        self.asked.append(request)
        if isinstance(self.reply, ProviderRejected):
            raise self.reply
        yield TextDelta(self.reply)
        yield Usage(1, 1, 0, self.model)

    async def close(self) -> None: ...


def shown(shop: Shop, contact: UUID) -> int | None:
    found: int | None = shop.db.value("select lead_score from public.contacts where id = %s", contact)
    return found


def details(shop: Shop, contact: UUID) -> Row:
    (row,) = shop.all("select * from public.contact_scores where contact_id = %s", contact)
    return row


def history(shop: Shop, contact: UUID) -> list[tuple[str, int | None]]:
    rows = shop.all("select cause, score from public.lead_scores where contact_id = %s order by id", contact)
    return [(row["cause"], row["score"]) for row in rows]


def switch_on(shop: Shop) -> None:
    shop.ask(
        "insert into public.workspace_settings (workspace_id, lead_opinion) values (%(ws)s, true)",
        shop.cast.admin,
        ws=shop.workspace_id,
    )


async def test_a_score_follows_what_happens(shop: Shop) -> None:
    board = shop.board()
    contact = shop.contact(name="Ada", email="ada@example.test", company="Engines", job_title="CEO")
    assert shown(shop, contact) is None
    await shop.sweep()
    assert shown(shop, contact) == 4 + 4 + 8
    lead = shop.lead(contact, status="qualified")
    await shop.sweep()
    assert shown(shop, contact) == 16 + 25
    deal = shop.call("convert_lead", lead_id=lead)
    await shop.sweep()
    assert shown(shop, contact) == 16 + 15 + 10 // 5 + 10
    shop.move(deal["id"], board["Lost"])
    await shop.sweep()
    assert shown(shop, contact) == 16 - 5 + 10
    shop.ask("delete from public.deals")
    await shop.sweep()
    assert shown(shop, contact) == 16 + 10
    assert history(shop, contact) == [("rules", value) for value in (16, 41, 43, 21, 26)]
    assert {factor["name"] for factor in details(shop, contact)["factors"]} == {
        "profile",
        "decides",
        "recency",
    }
    assert shop.db.value("select count(*) from app.score_requests") == 0
    heard = shop.all("select payload from realtime.messages where event = 'scores'")
    assert [row["payload"]["changed"] for row in heard] == [1] * 5


async def test_what_changes_nothing_asks_for_nothing(shop: Shop) -> None:
    contact = shop.contact(name="Ada", email="ada@example.test")
    await shop.sweep()
    shop.ask("update public.contacts set name = 'Ada L.', tags = '{vip}' where id = %(id)s", id=contact)
    assert shop.db.value("select count(*) from app.score_requests") == 0
    await shop.sweep()
    assert history(shop, contact) == [("rules", 4)]


async def test_many_are_scored_in_batches(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.domains.sales.scoring.BATCH", 40)
    shop.db.admin.execute(
        "insert into public.contacts (workspace_id, email) select %s, n || '@example.test'"
        " from generate_series(1, 130) as n",
        (shop.workspace_id,),
    )
    await shop.sweep()
    assert shop.db.value("select count(*) from public.contacts where lead_score = 4") == 130
    assert shop.db.value("select count(*) from public.jobs where kind = 'sales.score_contacts'") == 4


async def test_silence_lowers_a_score_by_itself(shop: Shop) -> None:
    shop.board()
    contact = shop.contact(name="Ada", email="ada@example.test")
    shop.ask("delete from public.deals where id = %(id)s", id=shop.deal(contact_id=contact)["id"])
    await shop.sweep()
    assert shown(shop, contact) == 14
    shop.db.admin.execute("alter table public.contacts disable trigger user")
    shop.db.admin.execute("update public.contacts set last_activity_at = now() - interval '70 days'")
    shop.db.admin.execute("alter table public.contacts enable trigger user")
    await shop.sweep()
    assert shown(shop, contact) == 14
    shop.db.admin.execute("update public.contact_scores set computed_at = now() - interval '25 hours'")
    await shop.sweep()
    assert shown(shop, contact) == 4
    assert history(shop, contact) == [("rules", 14), ("rules", 4)]


async def test_a_person_has_the_last_word(shop: Shop) -> None:
    contact = shop.contact(name="Ada", email="ada@example.test")
    shop.call("override_score", contact_id=contact, score=90, reason="Met her.")
    assert shown(shop, contact) == 90
    shop.lead(contact)
    await shop.sweep()
    assert shown(shop, contact) == 90
    row = details(shop, contact)
    assert (row["score"], row["override_by"], row["override_reason"]) == (
        14,
        shop.cast.sales.user_id,
        "Met her.",
    )
    shop.call("clear_score_override", contact_id=contact)
    assert shown(shop, contact) == 14
    assert details(shop, contact)["override_at"] is None
    assert history(shop, contact) == [("override", 90), ("rules", 14), ("cleared", 14)]
    for wrong in ({"score": 101, "reason": "x"}, {"score": 5, "reason": " "}, {"score": None, "reason": "x"}):
        with refused(400, "score.bad_override"):
            shop.call("override_score", contact_id=contact, **wrong)
    with refused(400, "score.bad_override"):
        shop.call("override_score", contact_id=contact, score=5, reason=None)


async def test_an_event_during_the_scoring_is_not_lost(shop: Shop) -> None:
    contact = shop.contact(name="Ada", email="ada@example.test")
    before = shop.db.value("select requested_at from app.score_requests")
    shop.lead(contact)
    shop.db.admin.execute(
        "select app.save_scores(%s, 1, jsonb_build_array(jsonb_build_object("
        "'contact_id', %s::uuid, 'requested_at', %s::timestamptz, 'score', 4, 'factors', '[]'::jsonb)))",
        (shop.workspace_id, contact, before),
    )
    assert shop.db.value("select count(*) from app.score_requests") == 1
    await shop.work_off()
    assert shown(shop, contact) == 14


async def test_now_instead_of_within_a_minute(shop: Shop) -> None:
    contact = shop.contact(name="Ada", email="ada@example.test")
    shop.call("score_contact", contact_id=contact)
    await shop.work_off()
    assert shown(shop, contact) == 4


def test_who_may(shop: Shop) -> None:
    contact = shop.contact(name="Ada")
    switch_on(shop)
    calls: list[tuple[str, Row]] = [
        ("override_score", {"score": 5, "reason": "x"}),
        ("clear_score_override", {}),
        ("score_contact", {}),
        ("ask_score_opinion", {}),
    ]
    for function, given in calls:
        for name in ("support", "marketing"):
            with refused(403, "workspace.forbidden"):
                shop.call(function, getattr(shop.cast, name), contact_id=contact, **given)
        for name in ("editor", "viewer", "stranger"):
            with refused(404, "contact.not_found"):
                shop.call(function, getattr(shop.cast, name), contact_id=contact, **given)
        with refused(404, "contact.not_found"):
            shop.call(function, contact_id=uuid4(), **given)
    with denied():
        shop.ask("update public.contacts set lead_score = 100")
    with denied():
        shop.ask("insert into public.workspace_settings (workspace_id) values (%(ws)s)", ws=shop.workspace_id)


async def test_an_opinion_is_asked_only_where_it_is_wanted(shop: Shop) -> None:
    oracle = Oracle('{"points": 7, "reason": "She is in a hurry."}')
    shop.model = oracle
    contact = shop.contact(name="Ada Lovelace", email="ada@example.test", phone="+44 1")
    shop.lead(contact, note="Needs it by Monday.")
    with refused(409, "score.opinion_off"):
        shop.call("ask_score_opinion", contact_id=contact)
    switch_on(shop)
    first = shop.call("ask_score_opinion", contact_id=contact)
    assert shop.call("ask_score_opinion", contact_id=contact) == first
    await shop.work_off()
    assert shown(shop, contact) == 4 + 4 + 10 + 7
    row = details(shop, contact)
    assert (row["opinion_points"], row["opinion_reason"], row["opinion_model"]) == (
        7, "She is in a hurry.", "test:oracle",
    )  # fmt: skip
    (asked,) = oracle.asked
    assert "Monday" in str(asked)
    assert "Lovelace" not in str(asked)
    assert "example.test" not in str(asked)
    used = shop.all(
        "select metric, sum(quantity)::int as n, max(status) as s from public.usage_ledger group by 1"
    )
    assert {"metric": "requests", "n": 1, "s": "committed"} in used


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("no idea", "score.opinion_unreadable"),
        (ProviderRejected("llm.refused", "It was refused."), "llm.refused"),
        (None, "llm.offline_cannot"),
    ],
)
async def test_a_model_that_fails_leaves_the_score(
    shop: Shop, reply: str | ProviderRejected | None, code: str
) -> None:
    if reply is not None:
        shop.model = Oracle(reply)
    switch_on(shop)
    contact = shop.contact(name="Ada", email="ada@example.test")
    job_id = shop.call("ask_score_opinion", contact_id=contact)["ask_score_opinion"]
    await shop.sweep()
    assert shown(shop, contact) == 4
    (job,) = shop.all("select status, error_code from public.jobs where id = %s", job_id)
    assert job == {"status": "failed", "error_code": code}
    assert shop.all("select status from public.usage_ledger where metric = 'requests'") == [
        {"status": "released"}
    ]


def test_an_opinion_counts_against_the_quota(shop: Shop) -> None:
    give_plan(shop.db.admin, shop.workspace_id, "free")
    switch_on(shop)
    for _ in range(100):
        shop.call("ask_score_opinion", contact_id=shop.contact(name="Ada"))
    with refused(402, "quota.exceeded"):
        shop.call("ask_score_opinion", contact_id=shop.contact(name="Ada"))


async def test_a_contact_deleted_meanwhile_stops_nothing(shop: Shop) -> None:
    shop.board()
    gone, stays = shop.contact(name="A", email="a@b.test"), shop.contact(name="B", email="b@b.test")
    shop.lead(gone)
    shop.deal(contact_id=gone)
    shop.ask("delete from public.contacts where id = %(id)s", id=gone)
    await shop.sweep()
    assert shown(shop, stays) == 4
    assert shop.all("select contact_id from public.deals") == [{"contact_id": None}]
