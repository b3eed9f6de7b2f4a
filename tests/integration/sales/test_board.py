"""Boards: made and taken away, deals made and moved, a row per move, nothing lost when many move at once."""

from __future__ import annotations

import random
from functools import partial
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.identity.calls import denied, refused
from tests.integration.sales.shop import Shop, at_once


def test_a_board_has_usual_stages(shop: Shop) -> None:
    board = shop.board()
    stages = shop.all("select name, kind, probability from public.stages order by position")
    assert [row["name"] for row in stages] == ["New", "In talks", "Offer sent", "Won", "Lost"]
    assert [(row["kind"], row["probability"]) for row in stages[2:]] == [
        ("open", 60),
        ("won", 100),
        ("lost", 0),
    ]
    assert shop.all("select verb from public.activity where subject_id = %s", board["pipeline"]) == [
        {"verb": "created"}
    ]


@pytest.mark.parametrize(
    "stages",
    [
        [],
        {"name": "x"},
        [{"name": "a"}, {"name": "b"}, {"name": "c"}],
        [{"name": "a"}, {"name": "w", "kind": "won"}, {"name": "v", "kind": "won"}],
        [{"name": "w", "kind": "won"}, {"name": "l", "kind": "lost"}, {"name": "m", "kind": "lost"}],
    ],
)
def test_stages_that_are_no_board_are_refused(shop: Shop, stages: object) -> None:
    with refused(400, "pipeline.bad_stages"):
        shop.call("create_pipeline", workspace_id=shop.workspace_id, name="X", stages=Jsonb(stages))


@pytest.mark.parametrize(
    "first", [{"name": ""}, {}, {"name": "a", "probability": 101}, {"name": "a", "probability": "x"}]
)
def test_names_and_chances_have_a_form(shop: Shop, first: dict[str, object]) -> None:
    stages = [first, {"name": "w", "kind": "won"}, {"name": "l", "kind": "lost"}]
    with refused(400, "pipeline.bad_name"):
        shop.call("create_pipeline", workspace_id=shop.workspace_id, name="X", stages=Jsonb(stages))
    assert shop.all("select from public.pipelines") == []


def test_only_sellers_write_and_only_readers_read(shop: Shop) -> None:
    board = shop.board()
    deal = shop.deal()
    for name in ("support", "marketing"):
        actor = getattr(shop.cast, name)
        assert len(shop.ask("select from public.deals", actor)) == 1
        for attempt in (
            partial(shop.deal, actor=actor),
            partial(shop.move, deal["id"], board["Won"], actor=actor),
            partial(shop.call, "create_pipeline", actor, workspace_id=shop.workspace_id, name="X"),
            partial(shop.call, "delete_stage", actor, stage_id=board["Won"]),
            partial(shop.call, "delete_pipeline", actor, pipeline_id=board["pipeline"]),
            partial(shop.call, "convert_lead", actor, lead_id=shop.lead(shop.contact(name="A"))),
        ):
            with refused(403, "workspace.forbidden"):
                attempt()
    for name in ("editor", "viewer", "stranger"):
        actor = getattr(shop.cast, name)
        assert shop.ask("select from public.deals union all select from public.stages", actor) == []
        with refused(404, "deal.not_found"):
            shop.move(deal["id"], board["Won"], actor=actor)
    with refused(404, "workspace.not_found"):
        shop.deal(actor=shop.cast.stranger)
    with denied(), shop.db.as_user(shop.cast.sales) as cursor:
        cursor.execute("update public.deals set rank = 1")
    with denied(), shop.db.as_user(shop.cast.sales) as cursor:
        cursor.execute("delete from public.stages")


def add_stages(shop: Shop, pipeline: UUID, count: int) -> None:
    shop.ask(
        "insert into public.stages (workspace_id, pipeline_id, name, probability, position)"
        " select %(workspace)s, %(pipeline)s, 'More', 10, 9 from generate_series(1, %(count)s) returning id",
        workspace=shop.workspace_id, pipeline=pipeline, count=count,
    )  # fmt: skip


def test_a_board_has_fifty_stages_whoever_adds_them(shop: Shop) -> None:
    pipeline, other = shop.board()["pipeline"], shop.board()["pipeline"]
    add_stages(shop, pipeline, 44)
    with refused(409, "stage.too_many"):
        add_stages(shop, other, 5000)
    raised = at_once(*[partial(add_stages, shop, pipeline, 1)] * 4)
    assert [error.diag.message_detail for error in raised] == ["stage.too_many"] * 3
    counts = "select count(*) as size from public.stages group by pipeline_id order by 1"
    assert [row["size"] for row in shop.all(counts)] == [5, 50]
    most = [{"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"}, *[{"name": "Open"}] * 48]
    assert shop.call("create_pipeline", workspace_id=shop.workspace_id, name="Wide", stages=Jsonb(most))


def test_a_deal_goes_on_top_of_the_first_open_stage(shop: Shop) -> None:
    with refused(404, "stage.not_found"):
        shop.deal()
    board = shop.board()
    for title in ("A", "B", "C"):
        made = shop.deal(title, amount=10, currency="USD")
    assert shop.column(board["New"]) == ["C", "B", "A"]
    assert (made["created_by"], made["closed_at"]) == (shop.cast.sales.user_id, None)
    won = shop.deal("Old", stage_id=board["Won"])
    assert won["closed_at"] is not None
    with refused(404, "stage.not_found"):
        shop.deal(stage_id=board["Won"], pipeline_id=shop.board()["pipeline"])
    for wrong in ({"title": ""}, {"title": "A", "amount": -1}, {"title": "A", "currency": "euro"}):
        with refused(400, "deal.bad_field"):
            shop.deal(**wrong)
    with refused(404, "deal.unknown_reference"):
        shop.deal(owner_id=shop.cast.stranger.user_id)
    with refused(404, "deal.unknown_reference"):
        shop.deal(contact_id=uuid4())


def test_a_deal_sent_twice_is_one(shop: Shop) -> None:
    shop.board()
    chosen = uuid4()
    assert at_once(*[partial(shop.deal, deal_id=chosen)] * 4) == []
    assert shop.db.value("select count(*) from public.deals") == 1
    other = shop.db.value(
        "select id from public.workspaces where created_by = %s", shop.cast.stranger.user_id
    )
    with refused(409, "deal.id_taken"):
        shop.call("create_deal", shop.cast.stranger, workspace_id=other, title="X", deal_id=chosen)


def test_a_move_writes_its_place_and_its_stay(shop: Shop) -> None:
    board = shop.board()
    ids = {title: shop.deal(title)["id"] for title in "ABCD"}
    shop.move(ids["D"], board["New"], ids["A"])
    assert shop.column(board["New"]) == ["C", "B", "A", "D"]
    shop.move(ids["D"], board["New"], ids["C"])
    assert shop.column(board["New"]) == ["C", "D", "B", "A"]
    shop.move(ids["B"], board["New"])
    assert shop.column(board["New"]) == ["B", "C", "D", "A"]
    moved = shop.move(ids["B"], board["Lost"], lost_reason="Too dear.")
    assert (moved["closed_at"] is None, moved["lost_reason"]) == (False, "Too dear.")
    again = shop.move(ids["B"], board["In talks"])
    assert (again["closed_at"], again["lost_reason"]) == (None, None)
    stays = shop.all("select * from public.deal_stage_stays where deal_id = %s order by id", ids["B"])
    assert [stay["stage_name"] for stay in stays] == ["New", "Lost", "In talks"]
    assert [stay["left_at"] for stay in stays[:2]] == [stay["entered_at"] for stay in stays[1:]]
    assert stays[2]["left_at"] is None
    heard = shop.all("select payload from realtime.messages where event = 'deal' order by inserted_at")
    assert heard[-1]["payload"]["operation"] == "MOVE"
    assert set(heard[-1]["payload"]) <= {"id", "operation", "pipeline_id", "stage_id"}


def test_a_place_that_is_gone_is_refused(shop: Shop) -> None:
    board = shop.board()
    a, b = shop.deal("A")["id"], shop.deal("B")["id"]
    shop.move(b, board["Won"])
    with refused(409, "deal.neighbour_moved"):
        shop.move(a, board["New"], b)
    with refused(409, "deal.neighbour_moved"):
        shop.move(a, board["New"], a)
    with refused(404, "stage.not_found"):
        shop.move(a, uuid4())
    with refused(404, "deal.not_found"):
        shop.move(uuid4(), board["New"])
    with refused(400, "deal.bad_reason"):
        shop.move(a, board["Lost"], lost_reason="")


def test_the_worst_moves_write_few_rows(shop: Shop) -> None:
    """Always into the same gap: ranks are spread now and then, the order never changes."""
    board = shop.board()
    ids = [shop.deal(f"{number:03}")["id"] for number in range(200)]
    top = ids[-1]
    expected = shop.column(board["New"])
    with psycopg.connect(shop.db.dsn(), autocommit=True) as counting:
        counting.execute("create table public.written (n int); insert into public.written values (0)")
        counting.execute(
            "create function public.count_write() returns trigger language plpgsql as"
            " 'begin update public.written set n = n + 1; return null; end'"
        )
        counting.execute(
            "create trigger zz after update on public.deals for each row"
            " execute function public.count_write()"
        )
        counting.execute("grant all on public.written to public")
    chooser = random.Random(4)
    for _ in range(300):
        title = chooser.choice(expected[2:])
        shop.move(ids[int(title)], board["New"], top)
        expected.remove(title)
        expected.insert(1, title)
    assert shop.column(board["New"]) == expected
    written = shop.db.value("select n from public.written")
    assert 300 < written < 900, written


def test_many_moves_at_once_lose_nothing(shop: Shop) -> None:
    board = shop.board()
    ids = [shop.deal(f"{number:02}")["id"] for number in range(12)]
    stages = [board["New"], board["In talks"], board["Offer sent"]]

    def mover(seed: int) -> None:
        mine = random.Random(seed)
        for _ in range(12):
            try:
                shop.move(mine.choice(ids), mine.choice(stages), mine.choice([None, *ids]))
            except psycopg.Error as error:
                if error.diag.message_detail != "deal.neighbour_moved":
                    raise

    assert at_once(*(partial(mover, seed) for seed in range(8))) == []
    assert sorted(title for stage in stages for title in shop.column(stage)) == [f"{n:02}" for n in range(12)]
    standing = "select count(*) from public.deal_stage_stays where left_at is null"
    assert shop.db.value(standing) == 12
    assert (
        shop.db.value(
            "select count(*) from public.deal_stage_stays as s join public.deals as d on d.id = s.deal_id"
            " where s.left_at is null and s.stage_id = d.stage_id"
        )
        == 12
    )


def test_boards_in_use_stay(shop: Shop) -> None:
    board = shop.board()
    deal = shop.deal()["id"]
    with refused(409, "stage.in_use"):
        shop.call("delete_stage", stage_id=board["New"])
    with refused(409, "stage.last"):
        shop.call("delete_stage", stage_id=board["Won"])
    with refused(409, "pipeline.in_use"):
        shop.call("delete_pipeline", pipeline_id=board["pipeline"])
    shop.move(deal, board["Won"])
    shop.call("delete_stage", stage_id=board["New"])
    stays = shop.all("select stage_id, stage_name from public.deal_stage_stays order by id")
    assert stays[0] == {"stage_id": None, "stage_name": "New"}
    shop.ask("delete from public.deals")
    shop.call("delete_pipeline", pipeline_id=board["pipeline"])
    for name in ("pipeline", "stage"):
        with refused(404, f"{name}.not_found"):
            shop.ask(f"select public.delete_{name}(%(id)s)", id=board["pipeline"])


def test_a_deleted_workspace_takes_its_sales_along(shop: Shop) -> None:
    shop.board()
    shop.deal(contact_id=shop.contact(name="Ada"))
    shop.db.admin.execute("delete from public.workspaces where id = %s", (shop.workspace_id,))
    assert shop.db.value("select count(*) from public.deals") == 0
