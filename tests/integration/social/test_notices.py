"""Whose token ends soon is told once; a manager tells a member something, within bounds."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.identity.calls import refused
from tests.integration.social.lookout import Lookout, now
from worker.errors import ProviderAuthError, ProviderTimeout
from worker.providers.social.port import Reading

TOKEN = "token-0123456789abcdef"
STARS = Reading("github", {"stars": 80})
REFUSED = ProviderAuthError("provider.unauthorised", "It was refused.", provider="github")


def sweep(lookout: Lookout) -> None:
    with lookout.db.as_worker() as cursor:
        cursor.execute("select app.sweep_social()")


def told(lookout: Lookout, kind: str) -> list[dict[str, Any]]:
    return lookout.all(
        "select user_id, data from public.notifications where kind = %s order by created_at", kind
    )


def test_a_token_that_ends_within_14_days_is_told_once(lookout: Lookout) -> None:
    linkedin = ("linkedin", "organization", "urn:li:organization:1")
    account = lookout.add(*linkedin, token=TOKEN, expires_at=now() + timedelta(days=14, minutes=5))
    sweep(lookout)
    assert told(lookout, "token_expiring") == []
    lookout.db.admin.execute("update public.social_accounts set expires_at = expires_at - interval '1 hour'")
    threads = [threading.Thread(target=sweep, args=(lookout,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (notice,) = told(lookout, "token_expiring")
    assert notice["user_id"] == lookout.cast.editor.user_id
    assert notice["data"]["what"] == "LinkedIn urn:li:organization:1"
    renewed = {"account_id": account["id"], "token": TOKEN, "expires_at": now() + timedelta(days=10)}
    lookout.call(lookout.cast.editor, "set_social_token", **renewed)
    sweep(lookout)
    assert len(told(lookout, "token_expiring")) == 2


def test_the_owner_hears_when_who_added_it_has_left(lookout: Lookout) -> None:
    lookout.add(token=TOKEN, expires_at=now() + timedelta(days=3))
    lookout.db.admin.execute(
        "delete from public.workspace_members where user_id = %s and workspace_id = %s",
        (lookout.cast.editor.user_id, lookout.cast.workspace_id),
    )
    sweep(lookout)
    assert [row["user_id"] for row in told(lookout, "token_expiring")] == [lookout.cast.owner.user_id]


def statuses(lookout: Lookout) -> list[tuple[str, dict[str, Any]]]:
    rows = lookout.all(
        "select topic, payload from realtime.messages where event = 'social.account' order by inserted_at"
    )
    return [(row["topic"], row["payload"]) for row in rows]


async def test_who_added_an_account_hears_once_each_time_that_it_broke(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS, REFUSED]
    account = await lookout.added(token=TOKEN)
    lookout.db.admin.execute("update public.social_accounts set next_try_at = now()")
    sweep(lookout)
    await lookout.work_off()
    assert lookout.account(account["id"])["status"] == "broken"
    assert [row["status"] for row in lookout.snapshots(account["id"])] == ["ok"]
    (notice,) = told(lookout, "social_account_broken")
    assert notice["user_id"] == lookout.cast.editor.user_id
    assert notice["data"] == {
        "account_id": str(account["id"]),
        "what": "GitHub cast/play",
        "reason": "It was refused.",
        "error_code": "provider.unauthorised",
    }
    ((topic, payload),) = statuses(lookout)
    assert topic == f"workspace:{lookout.cast.workspace_id}"
    assert (payload["account_id"], payload["status"]) == (str(account["id"]), "broken")
    assert payload.keys() <= {"id", "account_id", "status"}
    sweep(lookout)
    lookout.metrics()
    await lookout.work_off()
    assert len(told(lookout, "social_account_broken")) == 1
    lookout.call(lookout.cast.editor, "set_social_token", account_id=account["id"], token=TOKEN + "9")
    await lookout.work_off()
    assert len(told(lookout, "social_account_broken")) == 2
    assert [payload["status"] for _, payload in statuses(lookout)] == ["broken", "active", "broken"]


async def test_the_owner_hears_that_it_broke_when_who_added_it_may_not_mend_it(lookout: Lookout) -> None:
    lookout.reader.replies = [REFUSED]
    lookout.add(token=TOKEN)
    lookout.db.admin.execute(
        "update public.workspace_members set role = 'viewer' where user_id = %s and workspace_id = %s",
        (lookout.cast.editor.user_id, lookout.cast.workspace_id),
    )
    await lookout.work_off()
    assert [row["user_id"] for row in told(lookout, "social_account_broken")] == [lookout.cast.owner.user_id]


async def test_what_passes_by_itself_is_not_told(lookout: Lookout) -> None:
    lookout.reader.replies = [ProviderTimeout("provider.timeout", "It took too long.", provider="github")]
    await lookout.added()
    assert (told(lookout, "social_account_broken"), statuses(lookout)) == ([], [])


def notify(lookout: Lookout, actor: Any = None, **more: Any) -> Any:
    given = {
        "workspace_id": lookout.cast.workspace_id,
        "user_id": lookout.cast.viewer.user_id,
        "kind": "message",
    }
    actor = actor or lookout.cast.admin
    (row,) = lookout.call(actor, "notify_member", **{**given, "text": "Come at nine.", **more})
    return row["notify_member"]


def test_a_manager_writes_to_a_member(lookout: Lookout) -> None:
    lookout.db.admin.execute(
        "update public.profiles set display_name = 'Ada' where user_id = %s", (lookout.cast.admin.user_id,)
    )
    notification_id = notify(lookout, text=" Come at nine. ")
    row = lookout.row("select * from public.notifications where id = %s", notification_id)
    assert (row["kind"], row["user_id"]) == ("message", lookout.cast.viewer.user_id)
    assert row["data"] == {"by": "Ada", "text": "Come at nine."}
    assert (
        lookout.value(
            "select count(*) from public.jobs where kind = 'notifications.send' and subject_id = %s",
            notification_id,
        )
        == 1
    )


def test_only_managers_and_only_to_members(lookout: Lookout) -> None:
    for name in ("editor", "sales", "support", "marketing", "viewer"):
        with refused(403, "workspace.forbidden"):
            notify(lookout, getattr(lookout.cast, name))
    with refused(404, "workspace.not_found"):
        notify(lookout, lookout.cast.stranger)
    with refused(404, "member.not_found"):
        notify(lookout, user_id=lookout.cast.stranger.user_id)
    assert notify(lookout, lookout.cast.owner)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"kind": "erasure_scheduled", "text": None}, 400, "notification.unknown_kind"),
        ({"kind": None, "text": None}, 400, "notification.unknown_kind"),
        ({"text": None}, 400, "notification.bad_text"),
        ({"text": "  "}, 400, "notification.bad_text"),
        ({"text": "x" * 301}, 400, "notification.bad_text"),
        ({"kind": "welcome"}, 400, "notification.bad_text"),
        ({"kind": "renewal", "text": None}, 409, "notification.no_renewal"),
        ({"idempotency_key": ""}, 400, "notification.bad_idempotency_key"),
        ({"idempotency_key": "x" * 101}, 400, "notification.bad_idempotency_key"),
    ],
)
def test_what_cannot_be_sent(lookout: Lookout, changes: dict[str, Any], status: int, code: str) -> None:
    with refused(status, code):
        notify(lookout, **changes)


def test_facts_come_from_our_rows(lookout: Lookout) -> None:
    lookout.db.admin.execute(
        "insert into public.subscriptions (workspace_id, stripe_subscription_id, status, anchor, observed_at,"
        " current_period_end) values (%s, 'sub_1', 'active', now(), now(), '2030-01-02')",
        (lookout.cast.workspace_id,),
    )
    notify(lookout, kind="renewal", text=None)
    (row,) = told(lookout, "renewal")
    assert row["data"]["ends_at"].startswith("2030-01-0")
    assert notify(lookout, kind="welcome", text=None)


def test_a_key_sends_once_also_at_the_same_moment(lookout: Lookout) -> None:
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(notify(lookout, idempotency_key="k"))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), len(told(lookout, "message"))) == (5, 1, 1)
    with refused(409, "notification.idempotency_conflict"):
        notify(lookout, idempotency_key="k", text="Come at ten.")
    notify(lookout, lookout.cast.owner, idempotency_key="k")
    assert len(told(lookout, "message")) == 2


def test_a_hundred_a_day_are_enough(lookout: Lookout) -> None:
    lookout.db.admin.execute(
        "insert into public.notifications (workspace_id, user_id, kind, locale, dedupe_key)"
        " select %s, %s, 'message', 'en', 'by-manager:' || n from generate_series(1, 99) as n",
        (lookout.cast.workspace_id, lookout.cast.viewer.user_id),
    )
    notify(lookout, idempotency_key="last")
    with refused(429, "notification.too_many"):
        notify(lookout)
    assert notify(lookout, idempotency_key="last")
