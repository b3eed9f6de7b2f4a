"""Figures are given at once; old ones are asked for anew once; strangers see what is public."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.integration.identity.calls import refused
from tests.integration.social.lookout import Lookout
from worker.providers.social.port import Reading

STARS = Reading("github", {"stars": 80, "forks": 0, "watchers": 42}, '"e1"')


def waiting(lookout: Lookout) -> int:
    return len(lookout.jobs())


async def test_before_the_first_read_it_is_pending(lookout: Lookout) -> None:
    lookout.add()
    (row,) = lookout.metrics()
    assert (row["status"], row["metrics"], row["is_stale"], row["day"]) == ("pending", None, True, None)
    assert waiting(lookout) == 1


async def test_unknown_is_null_and_not_zero(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS]
    await lookout.added()
    (row,) = lookout.metrics()
    assert (row["status"], row["is_stale"], row["source"]) == ("ok", False, "github")
    assert {name: row["metrics"][name] for name in ("stars", "forks", "watchers", "likes")} == {
        "stars": 80,
        "forks": 0,
        "watchers": 42,
        "likes": None,
    }
    assert waiting(lookout) == 0


async def test_old_figures_are_given_and_asked_for_once(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS, Reading("github", {"stars": 81})]
    account = await lookout.added()
    lookout.due(account["id"])
    threads = [threading.Thread(target=lookout.metrics) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (row,) = lookout.metrics()
    assert (row["is_stale"], row["metrics"]["stars"]) == (True, 80)
    assert waiting(lookout) == 1
    await lookout.work_off()
    (row,) = lookout.metrics()
    assert (row["is_stale"], row["metrics"]["stars"], row["metrics"]["forks"]) == (False, 81, None)
    assert [each["stars"] for each in lookout.snapshots(account["id"])] == [80, 81]
    assert len(lookout.reader.asked) == 2


async def test_before_its_time_it_is_not_asked_for(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS]
    account = await lookout.added()
    lookout.due(account["id"])
    for change in ("next_try_at = now() + interval '1 hour'", "next_try_at = now(), status = 'broken'"):
        lookout.db.admin.execute(f"update public.social_accounts set {change}".encode())
        assert lookout.metrics()[0]["is_stale"]
        assert waiting(lookout) == 0


async def test_everybody_sees_by_username_what_is_public(lookout: Lookout) -> None:
    editor, db = lookout.cast.editor, lookout.db
    lookout.reader.replies = [STARS]
    db.admin.execute("update public.profiles set username = 'Ada' where user_id = %s", (editor.user_id,))
    own = db.value(
        "select id from public.workspaces where created_by = %s and kind = 'personal'", editor.user_id
    )
    shown = lookout.add(subject="ada/shown", workspace_id=own, is_public=True)
    lookout.add(subject="ada/hidden", workspace_id=own)
    lookout.add(subject="team/public", is_public=True)
    await lookout.work_off()
    for actor in (None, lookout.cast.stranger, editor):
        (row,) = lookout.call(actor, "get_social_metrics", username="ada")
        assert (row["account_id"], row["subject"], row["metrics"]["stars"]) == (shown["id"], "ada/shown", 80)
    assert lookout.call(None, "get_social_metrics", username="nobody") == []
    assert len(lookout.call(editor, "get_social_metrics", workspace_id=own)) == 2
    lookout.due(shown["id"])
    db.admin.execute("update public.social_accounts set error_code = 'x', error_message = 'Inside.'")
    (row,) = lookout.call(None, "get_social_metrics", username="ada")
    assert (row["is_stale"], row["error_code"], row["error_message"]) == (True, None, None)
    assert waiting(lookout) == 1


def portfolio(lookout: Lookout) -> None:
    """The team's, public under its editor's username."""
    editor = lookout.cast.editor.user_id
    lookout.db.admin.execute("update public.profiles set username = 'Ada' where user_id = %s", (editor,))
    lookout.db.admin.execute(
        "insert into public.portfolios (workspace_id, user_id, title, is_public)"
        " values (%s, %s, 'Team', true)",
        (lookout.cast.workspace_id, editor),
    )


def project(lookout: Lookout, workspace_id: Any, status: str = "draft") -> Any:
    return lookout.value(
        "insert into public.projects (workspace_id, slug, title, status)"
        " values (%s, 'play', 'Play', %s) returning id",
        workspace_id, status,
    )  # fmt: skip


async def test_a_public_portfolio_shows_its_own_workspace_s_figures(lookout: Lookout) -> None:
    own = lookout.value(
        "select id from public.workspaces where created_by = %s and kind = 'personal'",
        lookout.cast.editor.user_id,
    )
    lookout.add(subject="ada/own", workspace_id=own, is_public=True)
    lookout.add(subject="team/public", is_public=True)
    lookout.add(subject="team/hidden")
    portfolio(lookout)
    for username in ("ada", "Ada"):
        (row,) = lookout.call(None, "get_social_metrics", username=username)
        assert row["subject"] == "team/public"
    lookout.db.admin.execute("update public.portfolios set is_public = false")
    (row,) = lookout.call(None, "get_social_metrics", username="ada")
    assert row["subject"] == "ada/own"


async def test_an_account_belongs_to_a_work_of_its_workspace(lookout: Lookout) -> None:
    cast, account = lookout.cast, lookout.add(is_public=True)
    work = project(lookout, cast.workspace_id)
    given = {"account_id": account["id"], "project_id": work}
    with refused(403, "workspace.forbidden"):
        lookout.call(cast.viewer, "set_social_project", **given)
    with refused(404, "social.not_found"):
        lookout.call(cast.stranger, "set_social_project", **given)
    foreign = project(
        lookout, lookout.value("select id from public.workspaces where kind = 'personal' limit 1")
    )
    with refused(404, "project.not_found"):
        lookout.call(cast.editor, "set_social_project", account_id=account["id"], project_id=foreign)
    assert lookout.call(cast.editor, "set_social_project", **given)[0]["project_id"] == work
    portfolio(lookout)

    def shown(**whose: Any) -> Any:
        (row,) = lookout.call(cast.viewer, "get_social_metrics", **whose)
        return row["project_id"]

    assert (shown(username="ada"), shown(workspace_id=cast.workspace_id)) == (None, work)
    lookout.db.admin.execute("update public.projects set status = 'published' where id = %s", (work,))
    assert shown(username="ada") == work
    lookout.call(cast.editor, "set_social_project", account_id=account["id"])
    assert shown(username="ada") is None
    lookout.call(cast.editor, "set_social_project", **given)
    lookout.db.admin.execute("delete from public.projects where id = %s", (work,))
    assert lookout.account(account["id"])["project_id"] is None


def test_who_may_read_a_workspace(lookout: Lookout) -> None:
    lookout.add()
    for actor in lookout.cast.members():
        assert len(lookout.metrics(actor)) == 1
    with refused(404, "workspace.not_found"):
        lookout.metrics(lookout.cast.stranger)
    with refused(401, "auth.required"):
        lookout.call(None, "get_social_metrics", workspace_id=lookout.cast.workspace_id)


@pytest.mark.parametrize("both", [False, True])
def test_one_of_workspace_and_username(lookout: Lookout, both: bool) -> None:
    given = {"workspace_id": lookout.cast.workspace_id, "username": "ada"} if both else {}
    with refused(400, "social.bad_request"):
        lookout.call(lookout.cast.owner, "get_social_metrics", **given)


async def test_members_hear_of_new_figures(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS]
    account = await lookout.added()
    (sent,) = lookout.all(
        "select topic, payload, private from realtime.messages where event = 'social.snapshot'"
    )
    assert (sent["topic"], sent["private"]) == (f"workspace:{lookout.cast.workspace_id}", True)
    assert sent["payload"] | {"day": ""} == {
        "account_id": str(account["id"]),
        "platform": "github",
        "status": "ok",
        "day": "",
        **({"id": sent["payload"]["id"]} if "id" in sent["payload"] else {}),
    }
