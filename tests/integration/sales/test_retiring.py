"""Deals go from one board to another, and a board that nobody uses any more is archived."""

from __future__ import annotations

import random
from functools import partial

import psycopg
import pytest

from tests.integration.identity.calls import denied, meanwhile, refused
from tests.integration.sales.shop import Shop, at_once

LOST = {"deal.moved_away", "deal.neighbour_moved"}


def test_a_deal_goes_to_another_board(shop: Shop) -> None:
    board, other = shop.board(), shop.board()
    there = shop.deal("There", stage_id=other["New"])
    deal = shop.deal("Nets", amount=100)
    moved = shop.move(deal["id"], other["New"], there["id"])
    assert (moved["pipeline_id"], moved["stage_id"]) == (other["pipeline"], other["New"])
    assert (moved["created_at"], moved["amount"]) == (deal["created_at"], deal["amount"])
    assert (shop.column(board["New"]), shop.column(other["New"])) == ([], ["There", "Nets"])
    stays = shop.all("select * from public.deal_stage_stays where deal_id = %s order by id", deal["id"])
    assert [stay["stage_id"] for stay in stays] == [board["New"], other["New"]]
    assert stays[0]["left_at"] == stays[1]["entered_at"]
    won = shop.move(deal["id"], board["Won"])
    assert (won["pipeline_id"], won["closed_at"] is None) == (board["pipeline"], False)
    hint = shop.all("select payload from realtime.messages where event = 'deal' order by inserted_at")[-1]
    assert hint["payload"]["pipeline_id"] == str(board["pipeline"])


def test_no_deal_leaves_its_workspace(shop: Shop) -> None:
    shop.board()
    deal, stranger = shop.deal()["id"], shop.cast.stranger
    theirs = shop.db.value("select id from public.workspaces where created_by = %s", stranger.user_id)
    shop.call("create_pipeline", stranger, workspace_id=theirs, name="Theirs")
    stage = shop.db.value("select id from public.stages where workspace_id = %s limit 1", theirs)
    with refused(404, "stage.not_found"):
        shop.move(deal, stage)


def test_many_move_between_boards_at_once(shop: Shop) -> None:
    """Nobody waits for ever, each deal stands in one place, and its history has no gap."""
    boards = [shop.board() for _ in range(3)]
    stages = [board[name] for board in boards for name in ("New", "In talks")]
    ids = [shop.deal(f"{number}")["id"] for number in range(6)]

    def mover(seed: int) -> None:
        mine = random.Random(seed)
        for _ in range(12):
            try:
                shop.move(mine.choice(ids), mine.choice(stages), mine.choice([None, *ids]))
            except psycopg.Error as error:
                if error.diag.message_detail not in LOST:
                    raise

    assert at_once(*(partial(mover, seed) for seed in range(8))) == []
    whole = (
        "select count(*) from public.deals as d join public.stages as s on (s.pipeline_id, s.id) ="
        " (d.pipeline_id, d.stage_id) join public.deal_stage_stays as t on t.deal_id = d.id and t.left_at is"
        " null and t.stage_id = d.stage_id"
    )
    assert (shop.db.value(whole), shop.db.value("select count(*) from public.deals")) == (6, 6)
    broken = (
        "select count(*) from (select entered_at, lag(left_at) over (partition by deal_id order by id) as"
        " before from public.deal_stage_stays) as s where before <> entered_at"
    )
    assert shop.db.value(broken) == 0


def test_who_comes_second_is_told(shop: Shop) -> None:
    """Somebody took the deal to another board while this move waited for that."""
    boards = [shop.board() for _ in range(3)]
    deal = shop.deal()["id"]
    with shop.db.as_user(shop.cast.sales) as cursor:
        cursor.execute("select public.move_deal(%s, %s)", (deal, boards[1]["New"]))
        with meanwhile(shop.db, partial(shop.move, deal, boards[2]["New"])) as raised:
            cursor.connection.commit()
    assert codes(raised) == ["deal.moved_away"]


def codes(raised: list[BaseException]) -> list[str | None]:
    return [error.diag.message_detail for error in raised if isinstance(error, psycopg.Error)]


def archive(shop: Shop, board: object, **named: object) -> dict[str, object]:
    return shop.call("archive_pipeline", pipeline_id=board, **named)  # type: ignore[arg-type]


def test_a_board_is_retired_with_its_past(shop: Shop) -> None:
    old, new = shop.board(), shop.board()
    sold, open_deal = shop.deal("Sold")["id"], shop.deal("Open")["id"]
    shop.move(sold, old["Won"])
    with refused(409, "pipeline.has_open_deals"):
        archive(shop, old["pipeline"])
    shop.move(open_deal, new["New"])
    first = archive(shop, old["pipeline"])["archived_at"]
    assert first is not None
    assert archive(shop, old["pipeline"])["archived_at"] == first
    for attempt in (
        partial(shop.deal, stage_id=old["New"]),
        partial(shop.deal, pipeline_id=old["pipeline"]),
        partial(shop.move, open_deal, old["New"]),
        partial(shop.move, sold, old["Lost"]),
    ):
        with refused(409, "pipeline.archived"):
            attempt()
    assert shop.deal("Next")["pipeline_id"] == new["pipeline"]
    assert len(shop.ask("select from public.deals where pipeline_id = %(id)s", id=old["pipeline"])) == 1
    assert shop.move(sold, new["New"])["closed_at"] is None
    assert archive(shop, old["pipeline"], archived=False)["archived_at"] is None
    assert shop.deal("Again")["pipeline_id"] == old["pipeline"]


def test_without_a_board_in_use_there_is_no_place(shop: Shop) -> None:
    archive(shop, shop.board()["pipeline"])
    with refused(409, "pipeline.archived"):
        shop.deal()


def test_only_sellers_retire(shop: Shop) -> None:
    board = shop.board()["pipeline"]
    with refused(403, "workspace.forbidden"):
        shop.call("archive_pipeline", shop.cast.support, pipeline_id=board)
    for name in ("editor", "stranger"):
        with refused(404, "pipeline.not_found"):
            shop.call("archive_pipeline", getattr(shop.cast, name), pipeline_id=board)
    with denied():
        shop.ask("update public.pipelines set archived_at = now()")


@pytest.mark.parametrize("how", ["new", "moved"])
def test_no_deal_slips_into_an_archive(shop: Shop, how: str) -> None:
    """It waits for who archives, and is refused then."""
    old, new = shop.board(), shop.board()
    deal = shop.deal(stage_id=new["New"])["id"]
    with shop.db.as_user(shop.cast.sales) as cursor:
        cursor.execute("select public.archive_pipeline(%s)", (old["pipeline"],))
        ways = {"moved": partial(shop.move, deal, old["New"]), "new": partial(shop.deal, stage_id=old["New"])}
        with meanwhile(shop.db, ways[how]) as raised:
            cursor.connection.commit()
    assert codes(raised) == ["pipeline.archived"]
