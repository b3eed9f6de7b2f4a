"""What the Realtime server is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """As on the platform's free plan: bytes, channels per socket, messages per second and socket, seconds."""

    payload: int = 256 * 1024
    channels: int = 100
    messages_per_second: int = 100
    idle: float = 60.0
    backlog: int = 2000
    """Messages that wait for a slow socket before it is dropped."""


@dataclass(frozen=True, slots=True)
class RealtimeConfig:
    """``dsn`` logs in as a superuser; ``keys`` maps API keys to roles; ``verify`` raises for a bad token."""

    dsn: str
    verify: Callable[[str], Claims]
    keys: Mapping[str, str]
    limits: Limits = field(default_factory=Limits)

    def claims(self, token: str) -> Claims:
        """Of an API key or of a token. Raises what ``verify`` raises."""
        role = self.keys.get(token)
        return {"role": role} if role else self.verify(token)
