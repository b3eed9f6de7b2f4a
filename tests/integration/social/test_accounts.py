"""Accounts: who may add and change them, what their names may be, and that no token is read back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.social.lookout import Lookout, now

TOKEN = "ghp_0123456789abcdefgh"
GOOD = [
    ("github", "user", " @octocat ", "octocat"),
    ("github", "repo", "octocat/hello.world-1", "octocat/hello.world-1"),
    ("x", "user", "@lamina_app", "lamina_app"),
    ("x", "post", "1234567890123456789", "1234567890123456789"),
    ("linkedin", "organization", "urn:li:organization:1", "urn:li:organization:1"),
    ("linkedin", "post", "urn:li:ugcPost:55", "urn:li:ugcPost:55"),
    ("linkedin", "member", "urn:li:person:aB_c-1", "urn:li:person:aB_c-1"),
]


@pytest.mark.parametrize(("platform", "kind", "subject", "kept"), GOOD)
def test_what_can_be_watched(lookout: Lookout, platform: str, kind: str, subject: str, kept: str) -> None:
    account = lookout.add(platform, kind, subject)
    assert (account["subject"], account["status"], account["is_public"]) == (kept, "active", False)
    (job,) = lookout.jobs()
    assert (job["subject_id"], job["created_by"]) == (account["id"], lookout.cast.editor.user_id)
    assert job["ordering_key"] == f"social:{platform}:{lookout.cast.workspace_id}"


@pytest.mark.parametrize(
    ("platform", "kind", "subject"),
    [
        ("github", "user", ""),
        ("github", "user", "a/b"),
        ("github", "user", "-a"),
        ("github", "user", "a" * 40),
        ("github", "repo", "octocat"),
        ("github", "repo", "octocat/.."),
        ("github", "repo", "octocat/."),
        ("github", "repo", "octocat/a/b"),
        ("github", "repo", "octocat/a?b"),
        ("github", "repo", "../a"),
        ("x", "user", "sixteen_letters_"),
        ("x", "user", "a b"),
        ("x", "post", "20,21"),
        ("linkedin", "organization", "1234"),
        ("linkedin", "post", "urn:li:share:1)&x=("),
        ("linkedin", "member", "me"),
        ("linkedin", "member", None),
    ],
)
def test_names_that_are_none(lookout: Lookout, platform: str, kind: str, subject: str) -> None:
    with refused(400, "social.bad_subject"):
        lookout.add(platform, kind, subject)


def test_kinds_that_are_none(lookout: Lookout) -> None:
    for platform, kind in (("github", "post"), ("mastodon", "user"), ("x", None), (None, "user")):
        with refused(400, "social.unknown_kind"):
            lookout.add(platform, kind)  # type: ignore[arg-type]


def test_who_may_add(lookout: Lookout) -> None:
    cast = lookout.cast
    for number, name in enumerate(("owner", "admin", "editor", "marketing")):
        lookout.add(subject=f"cast/play{number}", actor=getattr(cast, name))
    for name in ("sales", "support", "viewer"):
        with refused(403, "workspace.forbidden"):
            lookout.add(subject="cast/other", actor=getattr(cast, name))
    with refused(404, "workspace.not_found"):
        lookout.add(subject="cast/other", actor=cast.stranger)
    with denied():
        lookout.call(
            None, "add_social_account", workspace_id=cast.workspace_id, platform="x", kind="user", subject="a"
        )


def test_an_account_is_watched_once(lookout: Lookout) -> None:
    lookout.add(subject="cast/play")
    with refused(409, "social.exists"):
        lookout.add(subject="Cast/Play")
    lookout.add("github", "user", "cast")


def test_at_most_fifty_also_at_once(lookout: Lookout) -> None:
    for number in range(48):
        lookout.add(subject=f"cast/play{number}")
    outcomes: list[str] = []

    def add(number: int) -> None:
        try:
            outcomes.append(lookout.add(subject=f"cast/more{number}")["status"])
        except psycopg.Error as error:
            outcomes.append(str(error.diag.message_detail))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["active"] * 2 + ["social.too_many"] * 4
    assert lookout.value("select count(*) from public.social_accounts") == 50


def test_a_token_is_kept_and_never_told(lookout: Lookout) -> None:
    account = lookout.add(token=f" {TOKEN} ", expires_at=now() + timedelta(days=60), scopes=["read:user"])
    assert (account["token_last4"], account["scopes"], account["revision"]) == ("efgh", ["read:user"], 2)
    assert TOKEN not in str(account)
    assert lookout.value("select token from app.social_secrets") == TOKEN
    assert lookout.jobs()[0]["ordering_key"] == f"social:github:{account['id']}"
    with denied(), lookout.db.as_user(lookout.cast.owner) as cursor:
        cursor.execute("select token from app.social_secrets")
    log = lookout.all("select action, detail from public.audit_log order by id")
    assert [row["action"] for row in log] == ["social.account_added", "social.token_set"]
    assert TOKEN not in str(log)


def test_a_new_token_begins_anew_and_none_takes_it_away(lookout: Lookout) -> None:
    account = lookout.add(token=TOKEN)
    lookout.db.admin.execute(
        "update public.social_accounts set status = 'broken', failures = 4, etag = 'x',"
        " error_code = 'provider.unauthorised', next_try_at = now() + interval '1 day'"
    )
    again = lookout.call(
        lookout.cast.editor, "set_social_token", account_id=account["id"], token=TOKEN + "9"
    )[0]
    assert (again["status"], again["failures"], again["etag"], again["error_code"]) == (
        "active",
        0,
        None,
        None,
    )
    assert again["next_try_at"] <= now()
    gone = lookout.call(lookout.cast.editor, "set_social_token", account_id=account["id"], token=None)[0]
    assert (gone["token_last4"], gone["scopes"]) == (None, [])
    assert lookout.value("select count(*) from app.social_secrets") == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": "short"}, "social.bad_token"),
        ({"token": "with space 0123456789"}, "social.bad_token"),
        ({"token": "line\nbreak0123456789"}, "social.bad_token"),
        ({"token": "é" * 20}, "social.bad_token"),
        ({"token": TOKEN, "expires_at": "2020-01-01"}, "social.token_expired"),
        ({"token": TOKEN, "scopes": ["a b"]}, "social.bad_scopes"),
        ({"token": TOKEN, "scopes": [None]}, "social.bad_scopes"),
        ({"token": TOKEN, "scopes": ["a"] * 51}, "social.bad_scopes"),
    ],
)
def test_tokens_that_are_none(lookout: Lookout, changes: dict[str, Any], code: str) -> None:
    with refused(400, code):
        lookout.add(**changes)
    assert lookout.value("select count(*) from public.social_accounts") == 0


def test_changing_is_for_those_who_may(lookout: Lookout) -> None:
    account = lookout.add()
    calls: list[tuple[str, dict[str, Any]]] = [
        ("update_social_account", {"is_public": True}),
        ("set_social_token", {"token": TOKEN}),
        ("delete_social_account", {}),
    ]
    for function, given in calls:
        with refused(403, "workspace.forbidden"):
            lookout.call(lookout.cast.viewer, function, account_id=account["id"], **given)
        with refused(404, "social.not_found"):
            lookout.call(lookout.cast.stranger, function, account_id=account["id"], **given)
    for function, given in calls:
        lookout.call(lookout.cast.marketing, function, account_id=account["id"], **given)
    assert lookout.value("select count(*) from public.social_accounts") == 0
    assert lookout.value("select status from public.jobs where subject_id = %s", account["id"]) == "cancelled"


def test_a_disabled_account_rests_until_it_is_enabled(lookout: Lookout) -> None:
    account = lookout.add()
    update = {"function": "update_social_account", "account_id": account["id"]}
    off = lookout.call(lookout.cast.editor, **update, is_enabled=False)[0]
    assert (off["status"], off["revision"]) == ("disabled", 2)
    with lookout.db.as_worker() as cursor:
        assert cursor.execute("select app.sweep_social()").fetchone() == (0,)
    on = lookout.call(lookout.cast.editor, **update, is_enabled=True)[0]
    assert (on["status"], on["revision"]) == ("active", 3)


def test_the_budget_is_the_payer_s(lookout: Lookout) -> None:
    budget = {"function": "set_social_budget", "workspace_id": lookout.cast.workspace_id}
    lookout.call(lookout.cast.owner, **budget, limit_microusd=20_000)
    lookout.call(lookout.cast.owner, **budget, limit_microusd=0)
    assert lookout.value("select limit_microusd from public.social_budgets") == 0
    with refused(403, "workspace.forbidden"):
        lookout.call(lookout.cast.admin, **budget, limit_microusd=1)
    for wrong in (-1, 2_000_001, None):
        with refused(400, "social.bad_budget"):
            lookout.call(lookout.cast.owner, **budget, limit_microusd=wrong)
