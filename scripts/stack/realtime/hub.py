"""Channels and who listens to them; in memory, since one process serves the platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.stack.realtime.config import Claims
from scripts.stack.realtime.joining import Wishes
from scripts.stack.realtime.presence import Diff, Presence
from scripts.stack.realtime.protocol import PREFIX, Frame
from scripts.stack.realtime.rights import Rights

Deliver = Callable[[Frame], None]
Room = tuple[str, bool]
"""Topic without prefix, and whether it is private: both may exist at once and never meet."""


@dataclass(slots=True, eq=False)
class Subscription:
    """One joined channel of one socket."""

    wishes: Wishes
    join_ref: str | None
    token: str
    claims: Claims
    rights: Rights
    deliver: Deliver
    has_presence: bool = False
    replayed: frozenset[str] = frozenset()
    """Ids of messages that it was sent on joining, so that it does not get them twice."""

    @property
    def room(self) -> Room:
        """Where it is."""
        return self.wishes.name, self.wishes.is_private

    @property
    def topic(self) -> str:
        """As the client calls it."""
        return PREFIX + self.wishes.name


class Hub:
    """Passes broadcasts and presence on."""

    def __init__(self) -> None:
        self._rooms: defaultdict[Room, dict[Subscription, None]] = defaultdict(dict)
        self._presence: defaultdict[Room, Presence] = defaultdict(Presence)

    def count(self) -> int:
        """Of joined channels, over all sockets."""
        return sum(map(len, self._rooms.values()))

    def join(self, subscription: Subscription) -> None:
        """From now on it hears what is sent."""
        self._rooms[subscription.room][subscription] = None
        if subscription.wishes.has_presence:
            self._show_presence(subscription)

    def leave(self, subscription: Subscription) -> None:
        """And no more."""
        room = subscription.room
        self._rooms[room].pop(subscription, None)
        if not self._rooms[room]:
            del self._rooms[room]
        self.untrack(subscription)

    def broadcast(self, frame: Frame, is_private: bool, sender: Subscription | None = None) -> None:
        """To everybody in the room who may receive; to the sender only when it asked for that.

        Raises MalformedFrame for what cannot be sent.
        """
        frame.wire("2.0.0")
        message_id = frame.payload.get("meta", {}).get("id")
        for member in tuple(self._rooms.get((frame.topic.removeprefix(PREFIX), is_private), ())):
            is_own = member is sender and not member.wishes.wants_self
            if "broadcast" in member.rights.read and not is_own and message_id not in member.replayed:
                member.deliver(frame)

    def track(self, subscription: Subscription, payload: dict[str, Any]) -> None:
        """The channel says that it is here, or changes what it says about itself."""
        if not subscription.has_presence:
            self._show_presence(subscription)
        presence = self._presence[subscription.room]
        self._tell(
            subscription.room, presence.track(subscription.wishes.presence_key, id(subscription), payload)
        )

    def untrack(self, subscription: Subscription) -> None:
        """It is not here any more."""
        room = subscription.room
        if room not in self._presence:
            return
        self._tell(room, self._presence[room].untrack(subscription.wishes.presence_key, id(subscription)))
        if self._presence[room].is_empty():
            del self._presence[room]

    def _show_presence(self, subscription: Subscription) -> None:
        subscription.has_presence = True
        if "presence" in subscription.rights.read:
            presence = self._presence.get(subscription.room)
            state = presence.state() if presence else {}
            subscription.deliver(
                Frame(subscription.topic, "presence_state", state, None, subscription.join_ref)
            )

    def _tell(self, room: Room, diff: Diff | None) -> None:
        if diff is None:
            return
        frame = Frame(PREFIX + room[0], "presence_diff", dict(diff))
        for member in tuple(self._rooms.get(room, ())):
            if member.has_presence and "presence" in member.rights.read:
                member.deliver(frame)
