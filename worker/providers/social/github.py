"""Figures from GitHub's REST API (https://docs.github.com/en/rest).

`watchers_count` there counts stars; who really watches is `subscribers_count`, which only the answer about
one repository has. A conditional request that is answered with 304 costs nothing of the limit when it
carries a token; the ETag belongs to the token it was given to. Limits: 60 requests an hour without a token,
5,000 with one, and requests should come one after another (best practices for the REST API).
"""

from __future__ import annotations

from hashlib import sha256

from worker.providers.social.port import Platform, Reading, Wanted
from worker.providers.social.wire import Wire, counts
from worker.providers.vendors import faults

HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "lamina",
}
LONGEST_ETAG = 300
USER = {"followers": "followers", "following": "following", "public_repos": "repositories"}
REPO = {"stargazers_count": "stars", "forks_count": "forks", "subscribers_count": "watchers"}


class GitHubReader:
    """With an account's token, the installation's, or none."""

    name = "github"

    def __init__(self, wire: Wire, token: str | None) -> None:
        self._wire = wire
        self._token = token

    def needs_token(self, platform: Platform) -> bool:
        """See the port."""
        return False

    def pace_of(self, wanted: Wanted) -> tuple[str, float, float]:
        """See the port."""
        token = wanted.token or self._token
        if token is None:
            return "github:anonymous", 50 / 3600, 10
        return f"github:{sha256(token.encode()).hexdigest()}", 1.0, 20

    def cost_microusd(self, wanted: Wanted) -> int:
        """See the port."""
        return 0

    async def read(self, wanted: Wanted) -> Reading:
        """See the port."""
        path = f"/{'users' if wanted.kind == 'user' else 'repos'}/{wanted.subject}"
        condition = {"If-None-Match": wanted.etag} if wanted.etag else {}
        response = await self._wire.get(path, wanted.token or self._token, {**HEADERS, **condition})
        if response.status_code == 304:
            return Reading(self.name, None, wanted.etag)
        found = counts(self._wire.body(response), USER if wanted.kind == "user" else REPO)
        if not found:
            raise faults.bad_response(self.name)
        etag = response.headers.get("etag", "")
        return Reading(self.name, found, etag if 0 < len(etag) <= LONGEST_ETAG else None)

    async def close(self) -> None:
        await self._wire.close()
