"""Addresses of the doors behind a mail's links, signed so that nobody can make one. Pure.

The doors check the same words: `supabase/functions/_shared/links.ts`.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

Act = Literal["unsubscribe", "open", "click"]


@dataclass(frozen=True, slots=True)
class LinkSigner:
    """``base_url`` is the address of the functions, without a slash at its end."""

    base_url: str
    key_id: int
    secret: str

    def unsubscribe(self, recipient_id: UUID) -> str:
        """GET shows a page, POST acts (RFC 8058)."""
        return self._address("unsubscribe", "unsubscribe", recipient_id)

    def pixel(self, recipient_id: UUID) -> str:
        """A picture of one pixel."""
        return self._address("track", "open", recipient_id)

    def click(self, recipient_id: UUID, target: str) -> str:
        """Counts and leads on to ``target``."""
        return self._address("track", "click", recipient_id, target)

    def _address(self, door: str, act: Act, recipient_id: UUID, target: str | None = None) -> str:
        signature = sign(self.secret, act, recipient_id, target)
        query = {"r": str(recipient_id), "k": str(self.key_id), "s": signature}
        if target is not None:
            query["u"] = target
        return f"{self.base_url}/{door}?{urlencode(query)}"


def sign(secret: str, act: Act, recipient_id: UUID, target: str | None = None) -> str:
    """HMAC-SHA256 over ``act:recipient[:target]`` in 64 hexadecimal digits."""
    words = ":".join([act, str(recipient_id), *([target] if target is not None else [])])
    return hmac.new(secret.encode(), words.encode(), hashlib.sha256).hexdigest()
