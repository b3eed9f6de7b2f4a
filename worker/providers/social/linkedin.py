"""Figures from LinkedIn's versioned REST API (https://learn.microsoft.com/en-us/linkedin/marketing/).

An organization's followers are `networkSizes` (edge type in capitals since version 202305), its posts' sums
`organizationalEntityShareStatistics` (last 12 months), one post's sums `socialActions`, a member's own
`memberCreatorPostAnalytics`, which gives one figure a request. Without approval by LinkedIn all of them
answer 403: then a figure is unknown, never 0. Which limits hold is not documented: one request a second.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import quote

from worker.errors import ProviderRejected
from worker.providers.social.port import Figures, Platform, Reading, Wanted
from worker.providers.social.wire import Wire, counts
from worker.providers.vendors import faults

SHARES = {
    "likeCount": "likes",
    "commentCount": "comments",
    "shareCount": "reposts",
    "impressionCount": "impressions",
}
MEMBER = {"IMPRESSION": "impressions", "REACTION": "likes", "COMMENT": "comments", "RESHARE": "reposts"}


class LinkedInReader:
    """With an account's own token only: it decides whose figures may be read."""

    name = "linkedin"

    def __init__(self, wire: Wire, version: str) -> None:
        """`version` is LinkedIn's, as YYYYMM; each is served for a year."""
        self._wire = wire
        self._headers = {"LinkedIn-Version": version, "X-Restli-Protocol-Version": "2.0.0"}

    def needs_token(self, platform: Platform) -> bool:
        """See the port."""
        return True

    def pace_of(self, wanted: Wanted) -> tuple[str, float, float]:
        """See the port."""
        return f"linkedin:{sha256((wanted.token or '').encode()).hexdigest()}", 0.25, 4

    def cost_microusd(self, wanted: Wanted) -> int:
        """See the port."""
        return 0

    async def read(self, wanted: Wanted) -> Reading:
        """See the port."""
        if not wanted.token:
            raise ProviderRejected("social.not_configured", "LinkedIn needs a token.", provider=self.name)
        match wanted.kind:
            case "organization":
                found = await self._organization(wanted.subject, wanted.token)
            case "post":
                found = await self._post(wanted.subject, wanted.token)
            case _:
                found = await self._member(wanted.token)
        if not found:
            raise faults.bad_response(self.name)
        return Reading(self.name, found)

    async def _organization(self, urn: str, token: str) -> Figures:
        name = quote(urn, safe="")
        size = await self._get(f"/rest/networkSizes/{name}?edgeType=COMPANY_FOLLOWED_BY_MEMBER", token)
        query = f"q=organizationalEntity&organizationalEntity={name}"
        said = await self._get(f"/rest/organizationalEntityShareStatistics?{query}", token)
        totals = _first(said).get("totalShareStatistics")
        shares = counts(totals if isinstance(totals, dict) else {}, SHARES)
        return {**counts(size, {"firstDegreeSize": "followers"}), **shares}

    async def _post(self, urn: str, token: str) -> Figures:
        said = await self._get(f"/rest/socialActions/{quote(urn, safe='')}", token)
        likes, comments = said.get("likesSummary"), said.get("commentsSummary")
        return {
            **counts(likes if isinstance(likes, dict) else {}, {"totalLikes": "likes"}),
            **counts(comments if isinstance(comments, dict) else {}, {"aggregatedTotalComments": "comments"}),
        }

    async def _member(self, token: str) -> Figures:
        found: dict[str, int] = {}
        for kind, figure in MEMBER.items():
            query = f"q=me&queryType={kind}&aggregation=TOTAL"
            said = await self._get(f"/rest/memberCreatorPostAnalytics?{query}", token)
            found |= counts(_first(said), {"count": figure})
        return found

    async def _get(self, path: str, token: str) -> dict[str, Any]:
        return self._wire.body(await self._wire.get(path, token, self._headers))

    async def close(self) -> None:
        await self._wire.close()


def _first(body: dict[str, Any]) -> dict[str, Any]:
    elements = body.get("elements")
    first = elements[0] if isinstance(elements, list) and elements else None
    return first if isinstance(first, dict) else {}
