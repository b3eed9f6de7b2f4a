"""The port every platform's reader of figures fulfils."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Platform = Literal["github", "x", "linkedin"]
Figures = Mapping[str, int]
"""Figure → count, as the columns of public.social_snapshots are named; one that is not told is not in it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose figures. `kind` is what of the platform: user, repo, post, organization, member.

    `etag` is that of the last answer for this token; `token` None means the installation's own, if any.
    """

    platform: Platform
    kind: str
    subject: str
    token: str | None = field(default=None, repr=False)
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a platform said; `figures` None: nothing has changed since the answer with the asker's etag.

    `source` is who told: the platform, or offline.
    """

    source: str
    figures: Figures | None
    etag: str | None = None


class SocialReader(Protocol):
    """Reads figures; changes nothing anywhere."""

    @property
    def name(self) -> str: ...

    def needs_token(self, platform: Platform) -> bool:
        """Whether nothing can be read there without a token of the account's own."""
        ...

    def pace_of(self, wanted: Wanted) -> tuple[str, float, float]:
        """Whose limit a reading uses: a name without secrets, requests a second, and how many at once."""
        ...

    def cost_microusd(self, wanted: Wanted) -> int:
        """What the platform charges for one reading, in millionths of a US dollar; 0 when nothing."""
        ...

    async def read(self, wanted: Wanted) -> Reading:
        """Asks the platform once; LinkedIn's figures take up to four requests.

        Raises ProviderRateLimited with the time the platform names, ProviderUnavailable, ProviderTimeout,
        ProviderAuthError (token refused), and ProviderRejected with one of `social.not_found`,
        `social.forbidden`, `social.not_configured`, `social.offline`.
        """
        ...

    async def close(self) -> None:
        """Releases connections."""
        ...
