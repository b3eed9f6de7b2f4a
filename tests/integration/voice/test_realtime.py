"""Seconds for a token of realtime voice: held, then used or given back, once."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

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
    assert (studio.used(), studio.ledger()) == ((60, 0), [(60, "reserved")])
    for is_minted in (True, True, False):
        settle(studio, session_id, is_minted)
    assert (studio.used(), studio.ledger()) == ((0, 60), [(60, "committed")])
    assert (
        studio.value("select created_by from public.usage_ledger where metric = 'voice_seconds'")
        == cast.editor.user_id
    )


async def test_a_token_that_was_not_minted_costs_nothing(studio: Studio, cast: Cast) -> None:
    session_id = start(studio, cast.editor, cast.workspace_id)
    for is_minted in (False, True):
        settle(studio, session_id, is_minted)
    assert (studio.used(), studio.ledger()) == ((0, 0), [(60, "released")])


async def test_what_was_held_and_forgotten_comes_back(studio: Studio, cast: Cast) -> None:
    start(studio, cast.editor, cast.workspace_id)
    studio.db.admin.execute("update app.realtime_sessions set created_at = now() - interval '11 minutes'")
    start(studio, cast.editor, cast.workspace_id)
    assert (studio.used(), studio.ledger()) == ((60, 0), [(60, "released"), (60, "reserved")])


@pytest.mark.parametrize(
    ("name", "state", "code"),
    [("viewer", "PT403", "workspace.forbidden"), ("stranger", "PT404", "workspace.not_found")],
)
async def test_who_may_not_talk(studio: Studio, cast: Cast, name: str, state: str, code: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        start(studio, getattr(cast, name), cast.workspace_id)
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == (state, code)


async def test_above_the_plan(studio: Studio, cast: Cast) -> None:
    give_plan(studio.db.admin, cast.workspace_id, "free")
    for _ in range(10):
        start(studio, cast.editor, cast.workspace_id)
    with pytest.raises(psycopg.Error) as caught:
        start(studio, cast.editor, cast.workspace_id)
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT402", "quota.exceeded")
    assert studio.used() == (600, 0)


async def test_a_browser_settles_nothing(studio: Studio, cast: Cast) -> None:
    session_id = start(studio, cast.editor, cast.workspace_id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        studio.call(cast.editor, "settle_realtime_session", session_id, False)
