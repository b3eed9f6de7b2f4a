"""Which reader the settings mean."""

from __future__ import annotations

from pydantic import SecretStr

from worker.providers.social.github import GitHubReader
from worker.providers.social.linkedin import LinkedInReader
from worker.providers.social.offline import OfflineSocialReader
from worker.providers.social.port import Platform, Reading, SocialReader, Wanted
from worker.providers.social.wire import Wire
from worker.providers.social.x import XReader
from worker.settings import ProviderSettings


class Platforms:
    """One reader for each platform."""

    name = "platforms"

    def __init__(self, readers: dict[Platform, SocialReader]) -> None:
        self._readers = readers

    def needs_token(self, platform: Platform) -> bool:
        """See the port."""
        return self._readers[platform].needs_token(platform)

    def pace_of(self, wanted: Wanted) -> tuple[str, float, float]:
        """See the port."""
        return self._readers[wanted.platform].pace_of(wanted)

    def cost_microusd(self, wanted: Wanted) -> int:
        """See the port."""
        return self._readers[wanted.platform].cost_microusd(wanted)

    async def read(self, wanted: Wanted) -> Reading:
        """See the port."""
        return await self._readers[wanted.platform].read(wanted)

    async def close(self) -> None:
        for reader in self._readers.values():
            await reader.close()


def social_reader(settings: ProviderSettings) -> SocialReader:
    """The platforms themselves, or the file of figures."""
    if settings.lamina_social_provider == "offline":
        return OfflineSocialReader(settings.lamina_social_figures)

    def wire(platform: Platform, base_url: str) -> Wire:
        return Wire(
            platform,
            base_url,
            connect_timeout=settings.lamina_provider_connect_seconds,
            timeout=settings.lamina_social_timeout_seconds,
        )

    return Platforms(
        {
            "github": GitHubReader(
                wire("github", settings.github_base_url), _open(settings.lamina_github_token)
            ),
            "x": XReader(wire("x", settings.x_base_url), _open(settings.lamina_x_bearer_token)),
            "linkedin": LinkedInReader(
                wire("linkedin", settings.linkedin_base_url), settings.linkedin_version
            ),
        }
    )


def _open(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
