"""What the Realtime server is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Claims = dict[str, Any]


class InvalidToken(Exception):
    """Neither an API key nor a token that may be used; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Limits:
    """As on the platform's free plan."""

    payload: int = 256 * 1024
    """Bytes of one message."""
    channels: int = 100
    """Per socket."""
    joins_per_second: int = 100
    """Per socket."""
    messages_per_second: int = 100
    """Per socket; and for all broadcasts by POST together."""
    idle: float = 60.0
    """Seconds without a frame, a heartbeat included, before a socket is closed."""
    backlog: int = 10_000
    """Frames that wait for a slow socket before it is dropped."""
    backlog_bytes: int = 8 * 1024 * 1024
    """Their size together."""


@dataclass(frozen=True, slots=True)
class RealtimeConfig:
    """``dsn`` logs in as a superuser; ``keys`` maps API keys to roles; ``verify`` raises for a bad token."""

    dsn: str
    verify: Callable[[str], Claims]
    keys: Mapping[str, str]
    limits: Limits = field(default_factory=Limits)

    def claims(self, token: str) -> Claims:
        """Of an API key or of a token. Raises InvalidToken."""
        if role := self.keys.get(token):
            return {"role": role}
        try:
            claims = self.verify(token)
        except Exception as error:
            raise InvalidToken(str(error) or "The token could not be verified") from error
        if not isinstance(claims.get("role"), str) or not isinstance(claims.get("exp"), int | float):
            raise InvalidToken("Fields `role` and `exp` are required in JWT")
        return claims
