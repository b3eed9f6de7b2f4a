"""The worker reads an account once a day, keeps what it knew, pays before it asks and waits when told to."""

from __future__ import annotations

import threading
from datetime import UTC, timedelta
from typing import Any

import pytest

from tests.integration.social.lookout import Lookout, now
from worker.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.social.port import Reading

STARS = Reading("github", {"stars": 80, "watchers": 42}, '"e1"')
FOLLOWERS = Reading("x", {"followers": 10})
TOKEN = "token-0123456789abcdef"


def fault(kind: type[ProviderError], code: str = "provider.x", **named: Any) -> ProviderError:
    return kind(code, "It did not work.", provider="github", **named)


async def test_a_read_is_a_row_a_day_and_the_next_is_tomorrow(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS, Reading("github", {"stars": 81})]
    account = await lookout.added()
    assert (account["etag"], account["failures"], account["error_code"]) == ('"e1"', 0, None)
    tomorrow = (now() + timedelta(days=1)).date()
    assert account["next_try_at"].astimezone(UTC).date() == tomorrow
    lookout.db.admin.execute("update public.social_accounts set next_try_at = now()")
    with lookout.db.as_worker() as cursor:
        assert cursor.execute("select app.sweep_social()").fetchone() == (1,)
    await lookout.work_off()
    (row,) = lookout.snapshots(account["id"])
    assert (row["day"], row["stars"], row["watchers"]) == (now().date(), 81, None)


async def test_what_has_not_changed_is_today_s_too(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS, Reading("github", None, '"e1"')]
    account = await lookout.added()
    lookout.due(account["id"])
    lookout.metrics()
    await lookout.work_off()
    assert [asked.etag for asked in lookout.reader.asked] == [None, '"e1"']
    before, today = lookout.snapshots(account["id"])
    assert (today["stars"], today["watchers"], today["likes"]) == (80, 42, None)
    assert today["taken_at"] - before["taken_at"] > timedelta(hours=24)


async def test_a_failure_leaves_no_zero_and_the_figures_of_before(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS, fault(ProviderUnavailable, "provider.unavailable")]
    account = await lookout.added()
    lookout.due(account["id"])
    lookout.metrics()
    await lookout.work_off()
    before, today = lookout.snapshots(account["id"])
    assert (before["stars"], today["status"], today["stars"]) == (80, "unavailable", None)
    assert today["error_code"] == "provider.unavailable"
    (row,) = lookout.metrics()
    assert (row["status"], row["metrics"]["stars"], row["is_stale"]) == ("ok", 80, True)
    assert row["error_code"] == "provider.unavailable"


async def test_waits_grow_with_each_failure_and_end_with_a_success(lookout: Lookout) -> None:
    lookout.reader.replies = [*[fault(ProviderTimeout, "provider.timeout")] * 3, STARS]
    account = await lookout.added()
    waits = []
    for _ in range(3):
        account = lookout.account(account["id"])
        waits.append((account["next_try_at"] - now()).total_seconds())
        lookout.db.admin.execute("update public.social_accounts set next_try_at = now()")
        lookout.metrics()
        await lookout.work_off()
    assert waits == pytest.approx([300, 600, 1200], abs=30)
    account = lookout.account(account["id"])
    assert (account["failures"], account["error_code"]) == (0, None)
    assert [row["status"] for row in lookout.snapshots(account["id"])] == ["ok"]


async def test_who_asks_for_patience_gets_it_from_all_who_share_the_limit(lookout: Lookout) -> None:
    lookout.reader.replies = [fault(ProviderRateLimited, "provider.rate_limited", retry_after=900.0)]
    first, second = lookout.add(subject="cast/one"), lookout.add(subject="cast/two")
    await lookout.work_off()
    assert len(lookout.reader.asked) == 1
    wait = (lookout.account(first["id"])["next_try_at"] - now()).total_seconds()
    assert wait == pytest.approx(900, abs=30)
    job = lookout.row("select * from public.jobs where subject_id = %s", second["id"])
    assert (job["gate"], job["error_code"], job["attempts"]) == ("timed", "social.paced", 0)
    assert (job["run_at"] - now()).total_seconds() == pytest.approx(900, abs=30)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (fault(ProviderAuthError, "provider.unauthorised"), "broken"),
        (fault(ProviderRejected, "social.not_found"), "broken"),
        (fault(ProviderRejected, "social.forbidden"), "active"),
    ],
)
async def test_what_a_person_must_mend(lookout: Lookout, error: ProviderError, status: str) -> None:
    lookout.reader.replies = [error]
    account = await lookout.added()
    assert (account["status"], account["error_code"]) == (status, error.code)
    assert account["next_try_at"].astimezone(UTC).date() > now().date()
    (row,) = lookout.snapshots(account["id"])
    assert (row["status"], row["error_code"]) == ("unavailable", error.code)
    job = lookout.row("select status, error_code from public.jobs where subject_id = %s", account["id"])
    assert job == {"status": "failed", "error_code": error.code}


async def test_linkedin_without_rights_is_unavailable_and_not_asked(lookout: Lookout) -> None:
    member = ("linkedin", "member", "urn:li:person:1")
    none = await lookout.added(*member)
    assert none["error_code"] == "social.not_configured"
    lookout.call(
        lookout.cast.editor, "set_social_token", account_id=none["id"], token=TOKEN, scopes=["profile"]
    )
    await lookout.work_off()
    assert lookout.account(none["id"])["error_code"] == "social.scope_missing"
    lookout.db.admin.execute("update public.social_accounts set expires_at = now() + interval '1 second'")
    assert lookout.reader.asked == []
    lookout.reader.replies = [Reading("linkedin", {"likes": 0})]
    given = {"token": TOKEN, "scopes": ["profile", "r_member_postAnalytics"]}
    lookout.call(lookout.cast.editor, "set_social_token", account_id=none["id"], **given)
    await lookout.work_off()
    assert [asked.token for asked in lookout.reader.asked] == [TOKEN]
    assert lookout.metrics()[0]["metrics"]["likes"] == 0


async def test_an_ended_token_needs_a_person(lookout: Lookout) -> None:
    lookout.reader.replies = [STARS]
    account = lookout.add(token=TOKEN, expires_at=now() + timedelta(days=1))
    lookout.db.admin.execute("update public.social_accounts set expires_at = now() - interval '1 second'")
    await lookout.work_off()
    account = lookout.account(account["id"])
    assert (account["status"], account["error_code"], lookout.reader.asked) == (
        "broken",
        "social.token_expired",
        [],
    )


async def test_an_answer_to_an_older_token_is_not_written(lookout: Lookout) -> None:
    account = lookout.add(token=TOKEN)
    with lookout.db.as_worker() as cursor:
        cursor.execute(
            "select app.social_refreshed(%s, %s, 'github', '{\"stars\": 1}', null, now())",
            (account["id"], account["revision"] - 1),
        )
        assert cursor.fetchone() == (False,)
    assert lookout.snapshots(account["id"]) == []


async def test_x_is_paid_before_it_is_asked_and_once_a_day(lookout: Lookout) -> None:
    lookout.reader.replies = [FOLLOWERS]
    account = await lookout.added("x", "user", "lamina")
    assert (lookout.spent(), account["read_on"]) == (10_000, now().date())
    lookout.db.admin.execute("update public.social_accounts set next_try_at = now()")
    with lookout.db.as_worker() as cursor:
        cursor.execute("select app.sweep_social()")
    await lookout.work_off()
    assert (len(lookout.reader.asked), lookout.spent()) == (1, 10_000)
    assert lookout.account(account["id"])["next_try_at"].astimezone(UTC).date() > now().date()


async def test_a_worker_that_died_after_paying_does_not_pay_again(lookout: Lookout) -> None:
    account = lookout.add("x", "user", "lamina")
    with lookout.db.as_worker() as cursor:
        cursor.execute("select app.begin_social_refresh(%s, 1, 10000)", (account["id"],))
        assert cursor.fetchone() == ("go",)
    lookout.reader.replies = [FOLLOWERS]
    await lookout.work_off()
    assert (lookout.reader.asked, lookout.spent()) == ([], 10_000)


@pytest.mark.parametrize(
    ("error", "spent"),
    [
        (fault(ProviderRateLimited, retry_after=60.0), 0),
        (fault(ProviderAuthError), 0),
        (fault(ProviderRejected, "social.not_found"), 0),
        (fault(ProviderTimeout), 10_000),
        (fault(ProviderUnavailable), 10_000),
    ],
)
async def test_what_x_refused_costs_nothing(lookout: Lookout, error: ProviderError, spent: int) -> None:
    lookout.reader.replies = [error]
    account = await lookout.added("x", "user", "lamina")
    assert lookout.spent() == spent
    assert (account["read_on"] is None) is (spent == 0)


async def test_beyond_the_budget_nothing_is_asked_until_there_is_more(lookout: Lookout) -> None:
    lookout.reader.replies = [FOLLOWERS]
    budget = {"function": "set_social_budget", "workspace_id": lookout.cast.workspace_id}
    lookout.call(lookout.cast.owner, **budget, limit_microusd=14_999)
    first = await lookout.added("x", "user", "lamina")
    second = await lookout.added("x", "post", "20")
    assert (first["error_code"], second["error_code"]) == (None, "social.budget_spent")
    assert (lookout.spent(), len(lookout.reader.asked)) == (10_000, 1)
    next_try = second["next_try_at"].astimezone(UTC)
    assert (next_try.day, next_try > now()) == (1, True)
    lookout.call(lookout.cast.owner, **budget, limit_microusd=15_000)
    lookout.metrics()
    await lookout.work_off()
    assert (lookout.spent(), lookout.account(second["id"])["error_code"]) == (15_000, None)


def test_at_once_they_do_not_spend_more_than_there_is(lookout: Lookout) -> None:
    accounts = [lookout.add("x", "user", f"lamina{number}") for number in range(12)]
    lookout.db.admin.execute(
        "insert into public.social_budgets (workspace_id, limit_microusd) values (%s, 50000)",
        (lookout.cast.workspace_id,),
    )
    verdicts: list[str] = []

    def begin(account: dict[str, Any]) -> None:
        with lookout.db.as_worker() as cursor:
            row = cursor.execute("select app.begin_social_refresh(%s, 1, 10000)", (account["id"],)).fetchone()
            assert row is not None
            verdicts.append(row[0])

    threads = [threading.Thread(target=begin, args=(account,)) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(verdicts) == ["go"] * 5 + ["over_budget"] * 7
    assert lookout.spent() == 50_000


async def test_a_job_about_what_is_gone_is_done(lookout: Lookout) -> None:
    account = lookout.add()
    lookout.db.admin.execute("delete from public.social_accounts")
    await lookout.work_off()
    job = lookout.row("select status from public.jobs where subject_id = %s", account["id"])
    assert (job["status"], lookout.reader.asked) == ("succeeded", [])
