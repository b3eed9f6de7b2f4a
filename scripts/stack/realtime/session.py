"""One socket: what its frames ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from scripts.stack.realtime.config import Claims, InvalidToken, RealtimeConfig
from scripts.stack.realtime.database import Message
from scripts.stack.realtime.hub import Deliver, Hub, Subscription
from scripts.stack.realtime.joining import Refused, Replay, Wishes, is_api_key, wishes_of
from scripts.stack.realtime.limits import Bucket
from scripts.stack.realtime.protocol import Frame, broadcast, close, is_name, reply, system
from scripts.stack.realtime.rights import EVERYTHING, Rights

TOO_MANY_MESSAGES = "Too many messages per second"
NO_PERSISTENCE = "Stored broadcasts are not served here: use realtime.send in the database"


class Store(Protocol):
    """What a session needs of the database."""

    async def rights(self, topic: str, claims: Claims, headers: Mapping[str, str]) -> Rights: ...

    async def replay(self, topic: str, replay: Replay) -> list[Message]: ...

    async def wait_until_listening(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Door:
    """What the client showed when it connected: its API key, and headers that policies may read."""

    key: str
    headers: Mapping[str, str]


class Session:
    """The channels of one socket. ``send`` puts a frame into its queue."""

    def __init__(self, config: RealtimeConfig, store: Store, hub: Hub, door: Door, send: Deliver) -> None:
        self._config, self._store, self._hub, self._door, self._send = config, store, hub, door, send
        self._channels: dict[str, Subscription] = {}
        self._messages = Bucket(config.limits.messages_per_second)
        self._joins = Bucket(config.limits.joins_per_second)

    async def receive(self, frame: Frame) -> None:
        """Does what one frame asks for. Raises MalformedFrame."""
        channel = self._channels.get(frame.topic)
        if frame.topic == "phoenix" and frame.event == "heartbeat":
            self._send(reply(frame, "ok", {}))
        elif frame.event == "phx_join":
            await self._join(frame)
        elif frame.event == "phx_leave":
            self._leave(frame)
        elif channel is None:
            self._refuse(frame, "unmatched topic")
        elif frame.event == "access_token":
            await self._refresh(channel, frame.payload.get("access_token"))
        elif not self._messages.take():
            self._end(channel, TOO_MANY_MESSAGES)
        elif frame.event == "broadcast":
            self._broadcast(channel, frame)
        elif frame.event == "presence":
            self._presence(channel, frame)
        else:
            self._refuse(frame, f"Unknown event: {frame.event}")

    def close(self) -> None:
        """The socket is gone."""
        for channel in self._channels.values():
            self._hub.leave(channel)
        self._channels.clear()

    def end_expired(self, now: float) -> None:
        """Channels whose token has run out end, and say so. ``now`` in seconds since 1970."""
        for channel in tuple(self._channels.values()):
            expiry = channel.claims.get("exp")
            if expiry is not None and expiry <= now:
                self._end(channel, f"Token has expired {int(now - expiry)} seconds ago")

    async def _join(self, frame: Frame) -> None:
        try:
            channel = await self._admitted(frame)
            missed = await self._replayed(channel)
        except Refused as refusal:
            self._refuse(frame, str(refusal))
            return
        if earlier := self._channels.pop(frame.topic, None):
            self._hub.leave(earlier)
            self._send(close(earlier.topic, earlier.join_ref))
        self._channels[frame.topic] = channel
        self._send(reply(frame, "ok", {"postgres_changes": []}))
        for message in missed:
            meta = {"id": str(message.id), "replayed": True}
            self._send(broadcast(message.topic, message.event or "", message.content, meta))
        self._hub.join(channel)
        if channel.wishes.waits_for_database:
            await self._tell_when_listening(channel)

    async def _admitted(self, frame: Frame) -> Subscription:
        if not self._joins.take():
            raise Refused("ClientJoinRateLimitReached: Too many joins per second")
        if len(self._channels) >= self._config.limits.channels and frame.topic not in self._channels:
            raise Refused("ChannelRateLimitReached: Too many channels")
        wishes = wishes_of(frame)
        token = wishes.token or self._door.key
        claims = self._verified(token)
        rights = await self._rights(wishes, claims)
        return Subscription(wishes, frame.join_ref or frame.ref, token, claims, rights, self._send)

    def _verified(self, token: str) -> Claims:
        try:
            return self._config.claims(token)
        except InvalidToken as error:
            raise Refused(f"InvalidJWTToken: {error}") from error

    async def _rights(self, wishes: Wishes, claims: Claims) -> Rights:
        if not wishes.is_private:
            return EVERYTHING
        rights = await self._store.rights(wishes.name, claims, self._door.headers)
        if not rights.read:
            raise Refused(
                f"Unauthorized: You do not have permissions to read from this Channel topic: {wishes.name}"
            )
        return rights

    async def _replayed(self, channel: Subscription) -> list[Message]:
        if channel.wishes.replay is None:
            return []
        if "broadcast" not in channel.rights.read:
            raise Refused(
                "Unauthorized: You do not have permissions to read from this Channel topic: "
                f"{channel.wishes.name}"
            )
        messages = await self._store.replay(channel.wishes.name, channel.wishes.replay)
        channel.replayed = frozenset(str(message.id) for message in messages)
        return messages

    async def _tell_when_listening(self, channel: Subscription) -> None:
        if await self._store.wait_until_listening():
            self._send(system(channel.topic, "ok", "Replication connection established", channel.join_ref))
        else:
            self._end(channel, "Replication connection was not established in time")

    def _leave(self, frame: Frame) -> None:
        channel = self._channels.pop(frame.topic, None)
        self._send(reply(frame, "ok", {}))
        if channel is not None:
            self._hub.leave(channel)
            self._send(close(channel.topic, channel.join_ref))

    async def _refresh(self, channel: Subscription, token: Any) -> None:
        """A key, nothing, or the token that it has changes nothing, as on the platform."""
        if not isinstance(token, str) or token == channel.token or is_api_key(token):
            return
        try:
            claims = self._verified(token)
            rights = await self._rights(channel.wishes, claims)
        except Refused as refusal:
            self._end(channel, str(refusal))
            return
        if channel.rights.read - rights.read:
            name = channel.wishes.name
            self._end(channel, f"You no longer have permission to read from this Channel topic: {name}")
            return
        channel.token, channel.claims, channel.rights = token, claims, rights

    def _broadcast(self, channel: Subscription, frame: Frame) -> None:
        event = frame.payload.get("event")
        if not isinstance(event, str) or not is_name(event):
            self._refuse(frame, "A broadcast needs an event, a name of at most 255 bytes")
        elif _is_to_be_stored(frame):
            self._send(reply(frame, "error", {"error": NO_PERSISTENCE, "reason": NO_PERSISTENCE}))
        elif "broadcast" not in channel.rights.write:
            self._refuse(frame, f"Unauthorized: {_may_not_write(channel)}")
        else:
            message = broadcast(channel.wishes.name, event, frame.payload.get("payload", {}))
            self._hub.broadcast(message, channel.wishes.is_private, channel)
            if channel.wishes.wants_ack:
                self._send(reply(frame, "ok", {}))

    def _presence(self, channel: Subscription, frame: Frame) -> None:
        event, said = frame.payload.get("event"), frame.payload.get("payload", {})
        if event == "untrack":
            self._hub.untrack(channel)
        elif event != "track":
            self._refuse(frame, "The event must be track or untrack")
            return
        elif not isinstance(said, dict):
            self._refuse(frame, "Presence track payload must be a map")
            return
        elif "presence" not in channel.rights.write:
            self._refuse(frame, f"Unauthorized: {_may_not_write(channel)}")
            return
        else:
            self._hub.track(channel, said)
        self._send(reply(frame, "ok", {}))

    def _refuse(self, frame: Frame, reason: str) -> None:
        self._send(reply(frame, "error", {"reason": reason}))

    def _end(self, channel: Subscription, why: str) -> None:
        if self._channels.get(channel.topic) is channel:
            del self._channels[channel.topic]
            self._hub.leave(channel)
            self._send(system(channel.topic, "error", why, channel.join_ref))
            self._send(close(channel.topic, channel.join_ref))


def _is_to_be_stored(frame: Frame) -> bool:
    meta = frame.payload.get("meta")
    return bool(frame.payload.get("persist") or (isinstance(meta, dict) and meta.get("persist")))


def _may_not_write(channel: Subscription) -> str:
    return f"You do not have permissions to write to this Channel topic: {channel.wishes.name}"
