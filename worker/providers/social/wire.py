"""One GET with a platform's manners, and what its refusals mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from worker.errors import ProviderError, ProviderRateLimited, ProviderRejected
from worker.providers.vendors import faults

_EPOCH = re.compile(r"[0-9]{1,12}")

LONGEST_WAIT = 31 * 86_400.0
"""No platform means more; a larger number is nonsense."""

LARGEST_COUNT = 2**63 - 1
"""What a column holds."""


class Wire:
    """Requests to one platform's API."""

    def __init__(self, platform: str, base_url: str, *, connect_timeout: float, timeout: float) -> None:
        self.platform = platform
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            timeout=httpx.Timeout(timeout, connect=connect_timeout),
            follow_redirects=True,  # a renamed repository; the token does not follow to another host
        )

    async def get(self, path: str, token: str | None, headers: Mapping[str, str]) -> httpx.Response:
        """The answer, of status 200 or 304; `path` is encoded already. Raises a ProviderError."""
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            response = await self._http.get(path, headers={**headers, **bearer})
        except httpx.TimeoutException as error:
            raise faults.timed_out(self.platform) from error
        except httpx.HTTPError as error:
            raise faults.unavailable(self.platform) from error
        if response.status_code in (200, 304):
            return response
        raise fault(self.platform, response.status_code, response.headers, datetime.now(UTC))

    def body(self, response: httpx.Response) -> dict[str, Any]:
        """The JSON object of an answer. Raises ProviderUnavailable when it is none."""
        try:
            found = response.json()
        except ValueError as error:
            raise faults.bad_response(self.platform) from error
        if not isinstance(found, dict):
            raise faults.bad_response(self.platform)
        return found

    async def close(self) -> None:
        await self._http.aclose()


def fault(platform: str, status: int, headers: Mapping[str, str], now: datetime) -> ProviderError:
    """The error for any status but 200 and 304.

    GitHub says 403 or 429 for its limits, the others 429; a 403 with requests left is a lack of rights.
    """
    wait = wait_seconds(headers, now)
    is_limit = status == 429 or (status == 403 and wait is not None)
    if is_limit:
        return ProviderRateLimited(
            "provider.rate_limited",
            f"{faults.LABELS[platform]} asked us to slow down.",
            provider=platform,
            retry_after=wait,
        )
    if status == 401:
        return faults.unauthorised(platform)
    if status in (403, 404, 410, 422, 451):
        code = "social.forbidden" if status == 403 else "social.not_found"
        words = "does not let this token read it." if status == 403 else "does not know it, or it is private."
        return ProviderRejected(code, f"{faults.LABELS[platform]} {words}", provider=platform)
    return faults.fault(platform, status, retry_after=wait)


def wait_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long a platform wants us to wait; None when it does not say.

    retry-after wins; else the reset of a limit of which nothing remains (epoch seconds).
    GitHub writes x-ratelimit-*, X x-rate-limit-*.
    """
    wait = faults.retry_after_seconds(headers.get("retry-after"), now)
    if wait is not None:
        return min(wait, LONGEST_WAIT)
    for prefix in ("x-ratelimit", "x-rate-limit"):
        reset = headers.get(f"{prefix}-reset", "")
        if headers.get(f"{prefix}-remaining") == "0" and _EPOCH.fullmatch(reset):
            return min(max(1.0, int(reset) - now.timestamp()), LONGEST_WAIT)
    return None


def counts(body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    """Figure → count for each figure whose field is there; `names` maps theirs to ours. Null is left out."""
    return {
        ours: value
        for theirs, ours in names.items()
        if isinstance(value := body.get(theirs), int)
        and not isinstance(value, bool)
        and 0 <= value <= LARGEST_COUNT
    }
