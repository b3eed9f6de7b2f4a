"""Channels and who listens to them; in memory, since one process serves the platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.stack.realtime.config import Claims
from scripts.stack.realtime.presence import Presence
from scripts.stack.realtime.protocol import Frame
from scripts.stack.realtime.rights import Rights

Deliver = Callable[[Frame], None]
Room = tuple[str, bool]
"""Topic without prefix, and whether it is private: both may exist at once and never meet."""


@dataclass(slots=True, eq=False)
class Subscription:
    """One joined channel of one socket."""

    topic: str
    is_private: bool
    join_ref: str | None
    claims: Claims
    rights: Rights
    deliver: Deliver
    wants_ack: bool = False
    wants_self: bool = False
    has_presence: bool = False
    presence_key: str = ""
    is_tracked: bool = field(default=False)

    @property
    def room(self) -> Room:
        """Where it is."""
        return self.topic.removeprefix("realtime:"), self.is_private


class Hub:
    """Passes broadcasts and presence on."""

    def __init__(self) -> None:
        self._rooms: defaultdict[Room, set[Subscription]] = defaultdict(set)
        self._presence: defaultdict[Room, Presence] = defaultdict(Presence)

    def join(self, subscription: Subscription) -> None:
        """From now on it hears what is sent."""
        self._rooms[subscription.room].add(subscription)
        if subscription.has_presence and "presence" in subscription.rights.read:
            state = self._presence[subscription.room].state()
            subscription.deliver(
                Frame(subscription.topic, "presence_state", state, None, subscription.join_ref)
            )

    def leave(self, subscription: Subscription) -> None:
        """And no more."""
        room = subscription.room
        self.untrack(subscription)
        self._rooms[room].discard(subscription)
        if not self._rooms[room]:
            del self._rooms[room]
        if room in self._presence and self._presence[room].is_empty():
            del self._presence[room]

    def broadcast(self, room: Room, event: str, payload: Any, sender: Subscription | None = None) -> None:
        """To everybody in the room who may receive; to the sender only when it asked for that."""
        content = {"type": "broadcast", "event": event, "payload": payload}
        for member in tuple(self._rooms.get(room, ())):
            if "broadcast" in member.rights.read and (member is not sender or member.wants_self):
                member.deliver(Frame(member.topic, "broadcast", content))

    def track(self, subscription: Subscription, payload: dict[str, Any]) -> None:
        """The socket says that it is here, or changes what it says about itself."""
        subscription.is_tracked = True
        key, owner = subscription.presence_key, id(subscription)
        self._tell(subscription.room, self._presence[subscription.room].track(key, owner, payload))

    def untrack(self, subscription: Subscription) -> None:
        """It is not here any more."""
        if subscription.is_tracked:
            subscription.is_tracked = False
            presence = self._presence[subscription.room]
            diff = presence.untrack(subscription.presence_key, id(subscription))
            if diff is not None:
                self._tell(subscription.room, diff)

    def _tell(self, room: Room, diff: dict[str, Any]) -> None:
        for member in tuple(self._rooms.get(room, ())):
            if member.has_presence and "presence" in member.rights.read:
                member.deliver(Frame(member.topic, "presence_diff", diff, None, member.join_ref))
