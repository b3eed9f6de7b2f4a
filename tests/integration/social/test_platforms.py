"""From a platform's own words over a socket to the row: ETag and limit go through the database and back."""

from __future__ import annotations

from tests.contract.providers.vendor import Vendor, json_reply, raw_reply, running_vendor
from tests.integration.social.lookout import Lookout, now
from worker.providers.social.select import social_reader
from worker.settings import ProviderSettings

REPO = {"stargazers_count": 80, "watchers_count": 80, "forks_count": 9, "subscribers_count": 42}


def connect(lookout: Lookout, vendor: Vendor) -> None:
    given = ProviderSettings(_env_file=None, github_base_url=vendor.url, x_base_url=vendor.url)
    lookout.reader = social_reader(given)  # type: ignore[assignment]  # the real one in the script's place


async def test_what_github_said_is_asked_about_the_next_day(lookout: Lookout) -> None:
    async with running_vendor() as vendor:
        connect(lookout, vendor)
        vendor.replies = [json_reply(REPO, headers={"ETag": 'W/"abc"'}), raw_reply(b"", 304)]
        account = await lookout.added()
        lookout.due(account["id"])
        lookout.metrics()
        await lookout.work_off()
        assert [asked.headers.get("If-None-Match") for asked in vendor.asked] == [None, 'W/"abc"']
    days = [(row["stars"], row["forks"], row["watchers"]) for row in lookout.snapshots(account["id"])]
    assert days == [(80, 9, 42)] * 2
    assert lookout.account(account["id"])["etag"] == 'W/"abc"'


async def test_the_moment_github_names_is_kept_to(lookout: Lookout) -> None:
    reset = int(now().timestamp()) + 1800
    async with running_vendor() as vendor:
        connect(lookout, vendor)
        vendor.replies = [
            raw_reply(b"{}", 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)})
        ]
        first, second = lookout.add(subject="cast/one"), lookout.add(subject="cast/two")
        await lookout.work_off()
        assert len(vendor.asked) == 1
    assert abs(lookout.account(first["id"])["next_try_at"].timestamp() - reset) < 30
    waiting = lookout.row("select run_at from public.jobs where subject_id = %s", second["id"])
    assert abs(waiting["run_at"].timestamp() - reset) < 30


async def test_without_a_token_x_is_not_asked_and_costs_nothing(lookout: Lookout) -> None:
    async with running_vendor() as vendor:
        connect(lookout, vendor)
        account = await lookout.added("x", "user", "lamina")
        assert vendor.asked == []
    assert (account["status"], account["error_code"], lookout.spent()) == (
        "active",
        "social.not_configured",
        0,
    )
