"""Figures from X's API v2 (https://docs.x.com/x-api).

Each user read costs 0.010 US dollars and each post read 0.005 (pay per use, prices of 2026); reads of the
same thing within a UTC day are charged once, which X does not promise. App limit for users: 300 in 15
minutes. An unknown user or post is answered with status 200 and `errors`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from worker.errors import ProviderAuthError, ProviderError, ProviderRejected
from worker.providers.social.port import Platform, Reading, Wanted
from worker.providers.social.wire import Wire, counts
from worker.providers.vendors import faults

USER = {
    "followers_count": "followers",
    "following_count": "following",
    "tweet_count": "posts",
    "listed_count": "listed",
}
POST = {
    "like_count": "likes",
    "reply_count": "comments",
    "retweet_count": "reposts",
    "quote_count": "quotes",
    "bookmark_count": "bookmarks",
    "impression_count": "impressions",
}
COST_MICROUSD = {"user": 10_000, "post": 5_000}


class XReader:
    """With an account's token or the installation's."""

    name = "x"

    def __init__(self, wire: Wire, token: str | None) -> None:
        self._wire = wire
        self._token = token

    def needs_token(self, platform: Platform) -> bool:
        """See the port."""
        return self._token is None

    def pace_of(self, wanted: Wanted) -> tuple[str, float, float]:
        """See the port."""
        token = wanted.token or self._token or ""
        return f"x:{sha256(token.encode()).hexdigest()}", 250 / 900, 20

    def cost_microusd(self, wanted: Wanted) -> int:
        """See the port."""
        return COST_MICROUSD[wanted.kind]

    async def read(self, wanted: Wanted) -> Reading:
        """See the port."""
        if wanted.kind == "user":
            path = f"/2/users/by/username/{wanted.subject}?user.fields=public_metrics"
        else:
            path = f"/2/tweets?ids={wanted.subject}&tweet.fields=public_metrics"
        body = self._wire.body(await self._wire.get(path, wanted.token or self._token, {}))
        found = counts(_metrics(body), USER if wanted.kind == "user" else POST)
        if not found:
            raise _fault_inside(body)
        return Reading(self.name, found)

    async def close(self) -> None:
        await self._wire.close()


def _metrics(body: dict[str, Any]) -> dict[str, Any]:
    """`data` is one object for a user and a list for posts."""
    data = body.get("data")
    one = data[0] if isinstance(data, list) and data else data
    metrics = one.get("public_metrics") if isinstance(one, dict) else None
    return metrics if isinstance(metrics, dict) else {}


def _fault_inside(body: dict[str, Any]) -> ProviderError:
    """What the first of `errors` says; its `type` is a URL that ends in the kind of problem."""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    kind = str(first.get("type") or "").rpartition("/")[2] if isinstance(first, dict) else ""
    if kind == "resource-not-found":
        return ProviderRejected("social.not_found", "X does not know it, or it is private.", provider="x")
    if kind == "not-authorized-for-resource":
        return ProviderRejected("social.forbidden", "X does not let this token read it.", provider="x")
    if kind == "client-forbidden":
        return ProviderAuthError("provider.unauthorised", "X does not accept this token.", provider="x")
    return faults.bad_response("x")
