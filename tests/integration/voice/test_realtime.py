"""Seconds for a token of realtime voice: what a call is paid with, held, then used or given back, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.integration.billing.books import Limit, add_plan
from tests.integration.voice.studio import Studio
from tests.support.actors import Actor, Cast, give_plan


def start(studio: Studio, actor: Actor, workspace_id: UUID) -> UUID:
    found: UUID = studio.call(actor, "start_realtime_session", workspace_id)["start_realtime_session"]
    return found


def settle(studio: Studio, session_id: UUID, is_minted: bool) -> None:
    with studio.db.as_service() as cursor:
        cursor.execute("select public.settle_realtime_session(%s, %s)", (session_id, is_minted))


async def test_a_minted_token_uses_its_seconds(studio: Studio, cast: Cast) -> None:
    session_id = start(studio, cast.editor, cast.workspace_id)
    assert (studio.used(), studio.ledger()) == ((600, 0), [(600, "reserved")])
    for is_minted in (True, True, False):
        settle(studio, session_id, is_minted)
    assert (studio.used(), studio.ledger()) == ((0, 600), [(600, "committed")])
    assert (
        studio.value("select created_by from public.usage_ledger where metric = 'voice_seconds'")
        == cast.editor.user_id
    )


async def test_a_token_that_was_not_minted_costs_nothing(studio: Studio, cast: Cast) -> None:
    session_id = start(studio, cast.editor, cast.workspace_id)
    for is_minted in (False, True):
        settle(studio, session_id, is_minted)
    assert (studio.used(), studio.ledger()) == ((0, 0), [(600, "released")])


async def test_what_was_held_and_forgotten_comes_back(studio: Studio, cast: Cast) -> None:
    start(studio, cast.editor, cast.workspace_id)
    studio.db.admin.execute("update app.realtime_sessions set created_at = now() - interval '11 minutes'")
    start(studio, cast.editor, cast.workspace_id)
    assert (studio.used(), studio.ledger()) == ((600, 0), [(600, "released"), (600, "reserved")])


@pytest.mark.parametrize(
    ("name", "state", "code"),
    [("viewer", "PT403", "workspace.forbidden"), ("stranger", "PT404", "workspace.not_found")],
)
async def test_who_may_not_talk(studio: Studio, cast: Cast, name: str, state: str, code: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        start(studio, getattr(cast, name), cast.workspace_id)
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == (state, code)


def refused(studio: Studio, actor: Actor, *arguments: Any) -> tuple[str, str]:
    """SQLSTATE and code with which start_realtime_session refuses."""
    with pytest.raises(psycopg.Error) as caught:
        studio.call(actor, "start_realtime_session", *arguments)
    return str(caught.value.sqlstate), str(caught.value.diag.message_detail)


async def test_the_plan_has_to_have_the_whole_call_left(studio: Studio, cast: Cast) -> None:
    plan = add_plan(studio.db, voice_seconds=Limit(600))
    grant = (
        "insert into public.plan_entitlements (plan_version_id, entitlement) values (%s, 'voice.realtime')"
    )
    studio.db.admin.execute(grant, (plan,))
    studio.db.admin.execute("select app.give_plan(%s, %s)", (cast.workspace_id, plan))
    studio.db.admin.execute("select app.consume(%s, 'voice_seconds', 1)", (cast.workspace_id,))
    assert refused(studio, cast.editor, cast.workspace_id) == ("PT402", "quota.exceeded")
    assert studio.used() == (0, 1)
    studio.call(cast.editor, "start_realtime_session", cast.workspace_id, 599)
    assert studio.used() == (599, 1)


async def test_the_plan_free_has_no_calls(studio: Studio, cast: Cast) -> None:
    give_plan(studio.db.admin, cast.workspace_id, "free")
    assert refused(studio, cast.editor, cast.workspace_id) == ("PT402", "plan.not_entitled")
    assert studio.ledger() == []


@pytest.mark.parametrize("seconds", [None, 59, 3601, -600])
async def test_a_call_has_a_length(studio: Studio, cast: Cast, seconds: int | None) -> None:
    assert refused(studio, cast.editor, cast.workspace_id, seconds) == ("PT400", "realtime.bad_seconds")
    assert studio.ledger() == []


async def test_one_token_of_a_person_opens_calls_at_a_time(studio: Studio, cast: Cast) -> None:
    settle(studio, start(studio, cast.editor, cast.workspace_id), is_minted=False)
    settle(studio, start(studio, cast.editor, cast.workspace_id), is_minted=True)
    assert refused(studio, cast.editor, cast.workspace_id) == ("PT409", "realtime.token_live")
    start(studio, cast.sales, cast.workspace_id)
    studio.db.admin.execute("update app.realtime_sessions set created_at = now() - interval '61 seconds'")
    start(studio, cast.editor, cast.workspace_id)
    assert studio.used() == (1200, 600)


async def test_of_many_at_once_one_gets_a_token(studio: Studio, cast: Cast) -> None:
    def try_it(_: int) -> str:
        try:
            start(studio, cast.editor, cast.workspace_id)
        except psycopg.Error as error:
            return str(error.diag.message_detail)
        return "given"

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(try_it, range(4)))
    assert said == ["given"] + ["realtime.token_live"] * 3
    assert studio.used() == (600, 0)


async def test_a_browser_settles_nothing(studio: Studio, cast: Cast) -> None:
    session_id = start(studio, cast.editor, cast.workspace_id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        studio.call(cast.editor, "settle_realtime_session", session_id, False)
