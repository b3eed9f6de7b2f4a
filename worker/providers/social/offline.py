"""Without a network: figures from a file of the developer's, or none. Nothing is made up.

The file is JSON: {"github": {"octocat/hello-world": {"stars": 3}}}, platform → subject → figures.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from worker.errors import ConfigurationError, ProviderRejected
from worker.providers.social.port import Platform, Reading, Wanted
from worker.providers.social.wire import counts


class OfflineSocialReader:
    """Reads the file anew each time, so that a figure can be changed while it runs."""

    name = "offline"

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    def needs_token(self, platform: Platform) -> bool:
        """See the port."""
        return False

    def pace_of(self, wanted: Wanted) -> tuple[str, float, float]:
        """See the port."""
        return "social:offline", 1000.0, 1000

    def cost_microusd(self, wanted: Wanted) -> int:
        """See the port."""
        return 0

    async def read(self, wanted: Wanted) -> Reading:
        """See the port."""
        if self._file is None:
            raise ProviderRejected(
                "social.offline", "This installation asks no platform for figures.", provider=self.name
            )
        told = (await asyncio.to_thread(_load, self._file)).get(wanted.platform, {}).get(wanted.subject)
        if not isinstance(told, dict) or not (found := counts(told, {name: name for name in told})):
            raise ProviderRejected(
                "social.not_found", "The file of figures does not know it.", provider=self.name
            )
        return Reading(self.name, found)

    async def close(self) -> None:
        """Nothing is open."""


def _load(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError("config.social_figures", f"{file} is no file of figures.") from error
    return found if isinstance(found, dict) else {}
