"""What a client asks for when it joins a channel. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from scripts.stack.realtime.protocol import LONGEST_NAME, PREFIX, Frame, is_name

MOST_REPLAYED = 25
LATEST = 10**14
"""Milliseconds since 1970; more is no time that Postgres is asked about."""


class Refused(Exception):
    """The client may not; the text is the reason that it is told."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Messages sent before: ``since`` in milliseconds since 1970, at most ``limit`` of them."""

    since: int
    limit: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """``token`` is None when the API key of the socket is to be used."""

    name: str
    token: str | None = None
    is_private: bool = False
    wants_ack: bool = False
    wants_self: bool = False
    has_presence: bool = False
    presence_key: str = ""
    replay: Replay | None = None
    waits_for_database: bool = False


def wishes_of(frame: Frame) -> Wishes:
    """Raises Refused for what cannot be."""
    name = frame.topic.removeprefix(PREFIX)
    if name == frame.topic or not is_name(name):
        raise Refused(
            f"TopicNameRequired: The topic must be {PREFIX} and a name of at most {LONGEST_NAME} bytes"
        )
    options = _object(frame.payload, "config")
    if options.get("postgres_changes"):
        raise Refused(
            "PostgresChangesNotSupported: postgres_changes is not served here: broadcast from the database"
            " with realtime.send or realtime.broadcast_changes"
        )
    broadcast, presence = _object(options, "broadcast"), _object(options, "presence")
    is_private = options.get("private") is True
    return Wishes(
        name=name,
        token=_token(frame.payload),
        is_private=is_private,
        wants_ack=broadcast.get("ack") is True,
        wants_self=broadcast.get("self") is True,
        has_presence=presence.get("enabled") is True,
        presence_key=str(presence.get("key") or uuid4()),
        replay=_replay(broadcast, is_private),
        waits_for_database=broadcast.get("replication_ready") is True,
    )


def _token(payload: dict[str, Any]) -> str | None:
    token = payload.get("access_token") or payload.get("user_token")
    if not isinstance(token, str | None):
        raise Refused("InvalidJoinPayload: access_token must be text")
    return None if token is None or is_api_key(token) else token


def is_api_key(token: str) -> bool:
    """Clients without a session send their key as a token too; it counts at the socket's door only."""
    return token.startswith("sb_")


def _replay(broadcast: dict[str, Any], is_private: bool) -> Replay | None:
    if not broadcast.get("replay"):
        return None
    asked = _object(broadcast, "replay")
    since, limit = asked.get("since"), asked.get("limit") or MOST_REPLAYED
    if not is_private:
        raise Refused("UnableToReplayMessages: Replay is not allowed for public channels")
    if not isinstance(since, int) or not isinstance(limit, int) or not 0 <= since < LATEST:
        raise Refused("UnableToReplayMessages: Replay params are not valid")
    return Replay(since, max(1, min(limit, MOST_REPLAYED)))


def _object(payload: dict[str, Any], name: str) -> dict[str, Any]:
    value = payload.get(name) or {}
    if not isinstance(value, dict):
        raise Refused(f"InvalidJoinPayload: {name} must be an object")
    return value
