"""Figures are given at once; old ones are asked for anew once; strangers see what is public."""

from __future__ import annotations

import threading

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
