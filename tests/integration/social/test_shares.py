"""What the installation pays for is shared: nobody spends without end or takes all of the others' reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.integration.social.lookout import Lookout
from tests.support.actors import give_plan
from worker.providers.social.port import Reading

FOLLOWERS = Reading("x", {"followers": 10})
STARS = Reading("github", {"stars": 80})
TOKEN = "token-0123456789abcdef"


def team(lookout: Lookout, plan: str = "free") -> UUID:
    """One more workspace of the cast's owner."""
    made: UUID = lookout.call(lookout.cast.owner, "create_workspace", name="Another")[0]["id"]
    give_plan(lookout.db.admin, made, plan)
    return made


def add(lookout: Lookout, workspace_id: UUID, *account: str, **more: Any) -> dict[str, Any]:
    return lookout.add(*account, actor=lookout.cast.owner, workspace_id=workspace_id, **more)


def begin(lookout: Lookout, account: dict[str, Any], cost: int = 0) -> str:
    with lookout.db.as_worker() as cursor:
        row = cursor.execute(
            "select app.begin_social_refresh(%s, %s, %s)", (account["id"], account["revision"], cost)
        ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize(
    ("plan", "is_read"), [("free", False), ("starter", True), ("professional", True), ("business", True)]
)
async def test_the_installation_pays_x_for_plans_that_cost(
    lookout: Lookout, plan: str, is_read: bool
) -> None:
    lookout.reader.replies = [FOLLOWERS]
    workspace_id = team(lookout, plan)
    budget = {"workspace_id": workspace_id, "limit_microusd": 2_000_000}
    lookout.call(lookout.cast.owner, "set_social_budget", **budget)
    account = add(lookout, workspace_id, "x", "user", "lamina")
    await lookout.work_off()
    assert (len(lookout.reader.asked), lookout.spent()) == ((1, 10_000) if is_read else (0, 0))
    code = lookout.account(account["id"])["error_code"]
    assert code == (None if is_read else "plan.not_entitled")
    assert begin(lookout, account, 10_000) == ("read_today" if is_read else "not_entitled")


async def test_who_brings_a_token_needs_no_plan(lookout: Lookout) -> None:
    lookout.reader.replies = [FOLLOWERS]
    account = add(lookout, team(lookout), "x", "user", "lamina", token=TOKEN)
    await lookout.work_off()
    assert [asked.token for asked in lookout.reader.asked] == [TOKEN]
    assert lookout.account(account["id"])["error_code"] is None


def test_a_new_workspace_is_no_new_budget(lookout: Lookout) -> None:
    first, other = team(lookout, "starter"), team(lookout, "starter")
    assert begin(lookout, add(lookout, first, "x", "user", "lamina"), 350_000) == "go"
    assert begin(lookout, add(lookout, other, "x", "user", "one"), 10_000) == "go"
    lookout.call(lookout.cast.owner, "delete_workspace", workspace_id=first)
    assert begin(lookout, add(lookout, other, "x", "user", "two"), 10_000) == "over_budget"
    assert begin(lookout, add(lookout, team(lookout, "starter"), "x", "user", "a"), 10_000) == "over_budget"
    assert lookout.spent() == 360_000
    with lookout.db.as_user(lookout.cast.owner) as cursor:
        seen = cursor.execute("select workspace_id from public.social_spending").fetchall()
    assert (first,) not in seen


def test_what_deleted_workspaces_spent_is_forgotten_after_two_months(lookout: Lookout) -> None:
    gone = UUID(int=1)
    for workspace_id in (gone, lookout.cast.workspace_id):
        for months in (1, 2):
            lookout.db.admin.execute(
                "insert into public.social_spending (workspace_id, month, spent_microusd) values"
                " (%s, date_trunc('month', now() at time zone 'utc') - make_interval(months => %s), 1)",
                (workspace_id, months),
            )
    with lookout.db.as_worker() as cursor:
        cursor.execute("select app.sweep_social()")
    left = lookout.all("select workspace_id, count(*) from public.social_spending group by 1 order by 1")
    assert {row["workspace_id"]: row["count"] for row in left} == {gone: 1, lookout.cast.workspace_id: 2}


def test_a_workspace_does_not_wait_behind_all_of_another_s(lookout: Lookout) -> None:
    for number in range(5):
        lookout.add(subject=f"cast/play{number}")
    add(lookout, team(lookout), subject="other/play")
    gates = [(job["workspace_id"] == lookout.cast.workspace_id, job["gate"]) for job in lookout.jobs()]
    assert gates == [(True, "open"), *[(True, "ordered")] * 4, (False, "open")]


async def test_switching_off_and_on_is_no_new_read(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS]
    account = await lookout.added()
    for is_enabled in (False, True):
        given = {"account_id": account["id"], "is_enabled": is_enabled}
        on = lookout.call(lookout.cast.editor, "update_social_account", **given)[0]
    await lookout.work_off()
    assert (on["status"], on["next_try_at"]) == ("active", account["next_try_at"])
    assert len(lookout.reader.asked) == 1


def test_a_hundred_reads_a_day_also_of_accounts_added_again(lookout: Lookout) -> None:
    verdicts = []
    for _ in range(5):
        account = lookout.add()
        verdicts += [begin(lookout, account) for _ in range(21)]
        lookout.call(lookout.cast.editor, "delete_social_account", account_id=account["id"])
    assert verdicts == ["go"] * 100 + ["too_often"] * 5


async def test_workspaces_on_plan_free_share_what_their_maker_has(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS]
    first, second, paid = team(lookout), team(lookout), team(lookout, "starter")
    spender = add(lookout, first, subject="cast/one")
    assert [begin(lookout, spender) for _ in range(101)][-2:] == ["go", "too_often"]
    held = add(lookout, second, subject="cast/two")
    read = [
        add(lookout, second, subject="cast/three", token=TOKEN),
        add(lookout, paid, subject="cast/four"),
        lookout.add(subject="cast/five"),
    ]
    await lookout.work_off()
    held = lookout.account(held["id"])
    assert (held["error_code"], held["status"]) == ("social.too_often", "active")
    assert sorted(asked.subject for asked in lookout.reader.asked) == ["cast/five", "cast/four", "cast/three"]
    assert [lookout.account(account["id"])["error_code"] for account in read] == [None] * 3


async def test_who_may_not_read_uses_up_nobody_s_pace(lookout: Lookout) -> None:
    add(lookout, team(lookout), "x", "user", "lamina")
    await lookout.work_off()
    assert lookout.value("select count(*) from app.token_buckets where bucket = 'x:test'") == 0
