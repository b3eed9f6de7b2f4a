"""Readers of figures: GitHub, X, LinkedIn in their documented shapes, their faults, and the offline one."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.providers.vendor import Reply, Vendor, hang_up, json_reply, raw_reply, silence
from worker.errors import (
    ConfigurationError,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.social.offline import OfflineSocialReader
from worker.providers.social.port import SocialReader, Wanted
from worker.providers.social.select import social_reader
from worker.settings import ProviderSettings

TOKEN = "token-of-the-account"
REPO = Wanted("github", "repo", "octocat/hello-world", TOKEN)
X_USER = Wanted("x", "user", "lamina", TOKEN)
ORG = Wanted("linkedin", "organization", "urn:li:organization:1234", TOKEN)
MEMBER = Wanted("linkedin", "member", "urn:li:person:ab_C-1", TOKEN)
EVERY = (REPO, X_USER, ORG)

# The fields of GET /repos/{owner}/{repo} that matter: watchers_count equals the stars there.
REPO_BODY = {"stargazers_count": 80, "watchers_count": 80, "forks_count": 9, "subscribers_count": 42}


def settings(url: str, **more: Any) -> ProviderSettings:
    urls = dict.fromkeys(("github_base_url", "x_base_url", "linkedin_base_url"), url)
    waits = {"lamina_social_timeout_seconds": 0.6, "lamina_provider_connect_seconds": 0.6}
    return ProviderSettings(_env_file=None, **urls, **waits, **more)


@pytest.fixture
async def reader(vendor: Vendor) -> AsyncIterator[SocialReader]:
    made = social_reader(settings(f"{vendor.url}/"))
    yield made
    await made.close()


async def test_watchers_are_those_who_watch(vendor: Vendor, reader: SocialReader) -> None:
    vendor.replies = [json_reply(REPO_BODY, headers={"ETag": 'W/"abc"'})]
    said = await reader.read(REPO)
    assert (said.source, said.figures) == ("github", {"stars": 80, "forks": 9, "watchers": 42})
    assert said.etag == 'W/"abc"'
    asked = vendor.asked[0]
    assert (asked.method, asked.path) == ("GET", "/repos/octocat/hello-world")
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["Accept"] == "application/vnd.github+json"
    assert asked.headers["User-Agent"]
    assert "If-None-Match" not in asked.headers


async def test_unchanged_costs_no_body(vendor: Vendor, reader: SocialReader) -> None:
    vendor.replies = [raw_reply(b"", 304, {"ETag": '"abc"'})]
    said = await reader.read(Wanted("github", "repo", "octocat/hello-world", TOKEN, '"abc"'))
    assert (said.figures, said.etag) == (None, '"abc"')
    assert vendor.asked[0].headers["If-None-Match"] == '"abc"'


async def test_a_user_of_github_without_any_token(vendor: Vendor, reader: SocialReader) -> None:
    vendor.replies = [json_reply({"login": "octocat", "followers": 0, "following": 9, "public_repos": 8})]
    said = await reader.read(Wanted("github", "user", "octocat"))
    assert said.figures == {"followers": 0, "following": 9, "repositories": 8}
    assert vendor.asked[0].path == "/users/octocat"
    assert "Authorization" not in vendor.asked[0].headers


async def test_a_renamed_repository_is_followed(vendor: Vendor, reader: SocialReader) -> None:
    vendor.replies = [json_reply({}, 301, {"Location": "/repositories/1"}), json_reply(REPO_BODY)]
    assert (await reader.read(REPO)).figures == {"stars": 80, "forks": 9, "watchers": 42}
    assert vendor.asked[1].path == "/repositories/1"


async def test_the_installation_s_tokens_stand_in(vendor: Vendor) -> None:
    given = {"lamina_github_token": "gh-installation", "lamina_x_bearer_token": "x-installation"}
    reader = social_reader(settings(vendor.url, **given))
    vendor.replies = [json_reply(REPO_BODY), json_reply({"data": {"public_metrics": {"tweet_count": 1}}})]
    await reader.read(Wanted("github", "repo", "octocat/hello-world"))
    await reader.read(Wanted("x", "user", "lamina"))
    sent = [asked.headers["Authorization"] for asked in vendor.asked]
    assert sent == ["Bearer gh-installation", "Bearer x-installation"]
    assert [reader.needs_token(platform) for platform in ("github", "x", "linkedin")] == [False, False, True]
    await reader.close()


async def test_a_user_of_x(vendor: Vendor, reader: SocialReader) -> None:
    metrics = {"followers_count": 10, "following_count": 2, "tweet_count": 300, "listed_count": 0}
    vendor.replies = [json_reply({"data": {"id": "1", "username": "lamina", "public_metrics": metrics}})]
    said = await reader.read(X_USER)
    assert said.figures == {"followers": 10, "following": 2, "posts": 300, "listed": 0}
    assert vendor.asked[0].path == "/2/users/by/username/lamina?user.fields=public_metrics"
    assert vendor.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert (reader.cost_microusd(X_USER), reader.cost_microusd(REPO)) == (10_000, 0)


async def test_a_post_on_x(vendor: Vendor, reader: SocialReader) -> None:
    metrics = {
        "retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4, "bookmark_count": 5,
        "impression_count": 600,
    }  # fmt: skip
    vendor.replies = [json_reply({"data": [{"id": "20", "public_metrics": metrics}]})]
    wanted = Wanted("x", "post", "20", TOKEN)
    assert (await reader.read(wanted)).figures == {
        "reposts": 1,
        "comments": 2,
        "likes": 3,
        "quotes": 4,
        "bookmarks": 5,
        "impressions": 600,
    }
    assert vendor.asked[0].path == "/2/tweets?ids=20&tweet.fields=public_metrics"
    assert reader.cost_microusd(wanted) == 5_000


@pytest.mark.parametrize(
    ("problem", "kind", "code"),
    [
        ("resource-not-found", ProviderRejected, "social.not_found"),
        ("not-authorized-for-resource", ProviderRejected, "social.forbidden"),
        ("client-forbidden", ProviderAuthError, "provider.unauthorised"),
        ("something-new", ProviderUnavailable, "provider.bad_response"),
    ],
)
async def test_x_refuses_with_status_200(
    vendor: Vendor, reader: SocialReader, problem: str, kind: type[ProviderError], code: str
) -> None:
    vendor.replies = [json_reply({"errors": [{"type": f"https://api.twitter.com/2/problems/{problem}"}]})]
    with pytest.raises(ProviderError) as caught:
        await reader.read(X_USER)
    assert (type(caught.value), caught.value.code) == (kind, code)


async def test_an_organization_on_linkedin(vendor: Vendor, reader: SocialReader) -> None:
    totals = {"likeCount": 7, "commentCount": 0, "shareCount": 2, "impressionCount": 900, "engagement": 0.5}
    vendor.replies = [
        json_reply({"firstDegreeSize": 219145}),
        json_reply({"elements": [{"totalShareStatistics": totals}], "paging": {}}),
    ]
    assert (await reader.read(ORG)).figures == {
        "followers": 219145,
        "likes": 7,
        "comments": 0,
        "reposts": 2,
        "impressions": 900,
    }
    urn = "urn%3Ali%3Aorganization%3A1234"
    assert [asked.path for asked in vendor.asked] == [
        f"/rest/networkSizes/{urn}?edgeType=COMPANY_FOLLOWED_BY_MEMBER",
        f"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={urn}",
    ]
    assert vendor.asked[0].headers["LinkedIn-Version"] == "202603"
    assert vendor.asked[0].headers["X-Restli-Protocol-Version"] == "2.0.0"


async def test_a_post_on_linkedin(vendor: Vendor, reader: SocialReader) -> None:
    body = {"likesSummary": {"totalLikes": 11}, "commentsSummary": {"aggregatedTotalComments": 6}}
    vendor.replies = [json_reply(body)]
    said = await reader.read(Wanted("linkedin", "post", "urn:li:share:55", TOKEN))
    assert said.figures == {"likes": 11, "comments": 6}
    assert vendor.asked[0].path == "/rest/socialActions/urn%3Ali%3Ashare%3A55"


async def test_a_member_on_linkedin_where_a_figure_is_not_told(vendor: Vendor, reader: SocialReader) -> None:
    vendor.replies = [
        json_reply({"elements": [{"count": 500, "metricType": "IMPRESSION"}]}),
        json_reply({"elements": [{"count": 0, "metricType": "REACTION"}]}),
        json_reply({"elements": []}),
        json_reply({"elements": [{"count": 3, "metricType": "RESHARE"}]}),
    ]
    said = await reader.read(MEMBER)
    assert said.figures == {"impressions": 500, "likes": 0, "reposts": 3}
    asked = [f"q=me&queryType={kind}&aggregation=TOTAL" for kind in ("IMPRESSION", "REACTION", "COMMENT")]
    assert [one.path.partition("?")[2] for one in vendor.asked[:3]] == asked


async def test_linkedin_without_a_token_is_not_asked(vendor: Vendor, reader: SocialReader) -> None:
    with pytest.raises(ProviderRejected) as caught:
        await reader.read(Wanted("linkedin", "member", "urn:li:person:1"))
    assert (caught.value.code, vendor.asked) == ("social.not_configured", [])


@pytest.mark.parametrize("wanted", EVERY, ids=lambda wanted: wanted.platform)
@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (json_reply({}, 401), ProviderAuthError, "provider.unauthorised"),
        (json_reply({}, 403), ProviderRejected, "social.forbidden"),
        (json_reply({}, 404), ProviderRejected, "social.not_found"),
        (json_reply({}, 429), ProviderRateLimited, "provider.rate_limited"),
        (raw_reply(b"", 500), ProviderUnavailable, "provider.unavailable"),
        (raw_reply(b"", 503, {"Retry-After": "9"}), ProviderUnavailable, "provider.unavailable"),
        (raw_reply(b"<html>"), ProviderUnavailable, "provider.bad_response"),
        (json_reply([1]), ProviderUnavailable, "provider.bad_response"),
        (json_reply({}), ProviderUnavailable, "provider.bad_response"),
        (json_reply({"data": None, "elements": [None]}), ProviderUnavailable, "provider.bad_response"),
        (hang_up(), ProviderUnavailable, "provider.unavailable"),
        (silence(), ProviderTimeout, "provider.timeout"),
    ],
)
async def test_what_each_answer_means(
    vendor: Vendor, reader: SocialReader, wanted: Wanted, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    vendor.replies = [reply]
    with pytest.raises(ProviderError) as caught:
        await reader.read(wanted)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert caught.value.provider == wanted.platform
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "+60"}, 60),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "+60"}, 60),
        (403, {"retry-after": "30", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "+900"}, 30),
        (429, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "+300"}, 300),
        (429, {"retry-after": "date+120"}, 120),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "-50"}, 1),
        (429, {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "+60"}, None),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
    ],
)
async def test_how_long_to_wait(
    vendor: Vendor, reader: SocialReader, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    vendor.replies = [raw_reply(b"", status, {name: _moment(value) for name, value in headers.items()})]
    with pytest.raises(ProviderRateLimited) as caught:
        await reader.read(REPO)
    wait = caught.value.retry_after
    assert wait == (None if seconds is None else pytest.approx(seconds, abs=3))


def _moment(value: str) -> str:
    """`+60` is the epoch second in a minute, `date+60` the same as an HTTP date."""
    if value.startswith("date"):
        return format_datetime(datetime.now(UTC) + timedelta(seconds=int(value[4:])), usegmt=True)
    return str(int(time.time()) + int(value)) if value[0] in "+-" else value


def test_those_who_share_a_token_share_a_limit(vendor: Vendor) -> None:
    reader = social_reader(settings(vendor.url, lamina_github_token="gh-installation"))
    shared = [reader.pace_of(Wanted("github", "user", name))[0] for name in ("a", "b")]
    own = reader.pace_of(REPO)[0]
    assert shared[0] == shared[1] != own
    assert TOKEN not in own
    assert social_reader(settings(vendor.url)).pace_of(Wanted("github", "user", "a"))[0] == "github:anonymous"


async def test_offline_reads_a_file_and_makes_nothing_up(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"github": {"a/b": {"stars": 3, "forks": 0, "watchers": None}}}))
    given = settings("", lamina_social_provider="offline", lamina_social_figures=file)
    reader = social_reader(given)
    said = await reader.read(Wanted("github", "repo", "a/b"))
    assert (said.source, said.figures, reader.name) == ("offline", {"stars": 3, "forks": 0}, "offline")
    for wanted, other, code in (
        (REPO, reader, "social.not_found"),
        (X_USER, reader, "social.not_found"),
        (REPO, OfflineSocialReader(), "social.offline"),
    ):
        with pytest.raises(ProviderRejected) as caught:
            await other.read(wanted)
        assert caught.value.code == code
    file.write_text("{")
    with pytest.raises(ConfigurationError):
        await reader.read(REPO)
