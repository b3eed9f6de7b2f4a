"""One socket: what its frames ask for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from psycopg_pool import AsyncConnectionPool

from scripts.stack.realtime.config import Claims, RealtimeConfig
from scripts.stack.realtime.hub import Hub, Subscription
from scripts.stack.realtime.protocol import Frame, MalformedFrame, reply, system
from scripts.stack.realtime.rights import EVERYTHING, Rights, rights_on

Send = Callable[[Frame], None]

TOO_FAST = "Too many messages per second"
EXPIRED = "Token has expired"


class Refused(Exception):
    """The client may not; the text is the reason it is told."""


class Session:
    """The channels of one socket. ``send`` puts a frame into its queue."""

    def __init__(
        self, config: RealtimeConfig, pool: AsyncConnectionPool, hub: Hub, key: str, send: Send
    ) -> None:
        self._config, self._pool, self._hub, self._send = config, pool, hub, send
        self._token = key
        self._channels: dict[str, Subscription] = {}
        self._allowance = float(config.limits.messages_per_second)
        self._counted_at = time.monotonic()

    async def receive(self, frame: Frame) -> None:
        """Does what one frame asks for. Raises MalformedFrame."""
        if frame.topic == "phoenix" and frame.event == "heartbeat":
            self._send(reply(frame, "ok", {}))
            return
        if not self._is_within_rate():
            self._end(frame.topic, TOO_FAST)
            return
        match frame.event:
            case "phx_join":
                await self._join(frame)
            case "phx_leave":
                self._leave(frame)
            case "access_token":
                await self._refresh(frame)
            case "broadcast":
                self._broadcast(frame)
            case "presence":
                self._presence(frame)
            case _:
                self._send(reply(frame, "error", {"reason": f"Unknown event: {frame.event}"}))

    def close(self) -> None:
        """The socket is gone."""
        for subscription in self._channels.values():
            self._hub.leave(subscription)
        self._channels.clear()

    def end_expired(self, now: float) -> None:
        """Channels whose token has run out end, and say so."""
        for topic, subscription in tuple(self._channels.items()):
            if subscription.claims.get("exp", now) < now:
                self._end(topic, EXPIRED)

    async def _join(self, frame: Frame) -> None:
        try:
            subscription = await self._admitted(frame)
        except Refused as refusal:
            self._send(reply(frame, "error", {"reason": str(refusal)}))
            return
        earlier = self._channels.pop(frame.topic, None)
        if earlier is not None:
            self._hub.leave(earlier)
            self._send(Frame(frame.topic, "phx_close", {}, earlier.join_ref, earlier.join_ref))
        self._channels[frame.topic] = subscription
        self._send(reply(frame, "ok", {"postgres_changes": []}))
        self._hub.join(subscription)

    async def _admitted(self, frame: Frame) -> Subscription:
        if not frame.topic.startswith("realtime:") or len(frame.topic) <= len("realtime:"):
            raise Refused("Topic must begin with realtime: and have a name")
        if len(self._channels) >= self._config.limits.channels and frame.topic not in self._channels:
            raise Refused("ChannelRateLimitReached: Too many channels")
        options = _object(frame.payload, "config")
        if options.get("postgres_changes"):
            raise Refused("postgres_changes is not served here: use broadcasts from the database")
        token = frame.payload.get("access_token") or self._token
        claims = self._verified(token)
        self._token = token
        is_private = options.get("private") is True
        broadcast, presence = _object(options, "broadcast"), _object(options, "presence")
        return Subscription(
            topic=frame.topic,
            is_private=is_private,
            join_ref=frame.join_ref or frame.ref,
            claims=claims,
            rights=await self._rights(frame.topic, claims, is_private),
            deliver=self._send,
            wants_ack=broadcast.get("ack") is True,
            wants_self=broadcast.get("self") is True,
            has_presence=presence.get("enabled", True) is True,
            presence_key=str(presence.get("key") or uuid4()),
        )

    def _verified(self, token: Any) -> Claims:
        if not isinstance(token, str):
            raise Refused("InvalidJWTToken: The token is no text")
        try:
            return self._config.claims(token)
        except Exception as error:
            raise Refused(f"InvalidJWTToken: {error}") from error

    async def _rights(self, topic: str, claims: Claims, is_private: bool) -> Rights:
        if not is_private:
            return EVERYTHING
        name = topic.removeprefix("realtime:")
        rights = await rights_on(self._pool, name, claims)
        if not rights.read:
            raise Refused(
                f"Unauthorized: You do not have permissions to read from this Channel topic: {name}"
            )
        return rights

    def _leave(self, frame: Frame) -> None:
        subscription = self._channels.pop(frame.topic, None)
        if subscription is not None:
            self._hub.leave(subscription)
        self._send(reply(frame, "ok", {}))
        self._send(Frame(frame.topic, "phx_close", {}, frame.ref, frame.join_ref))

    async def _refresh(self, frame: Frame) -> None:
        subscription = self._channels.get(frame.topic)
        if subscription is None:
            return
        token = frame.payload.get("access_token")
        try:
            claims = self._verified(token)
            rights = await self._rights(frame.topic, claims, subscription.is_private)
        except Refused as refusal:
            self._end(frame.topic, str(refusal))
            return
        subscription.claims, subscription.rights, self._token = claims, rights, str(token)

    def _broadcast(self, frame: Frame) -> None:
        subscription = self._channels.get(frame.topic)
        event = frame.payload.get("event")
        if subscription is None:
            self._refuse(frame, "unmatched topic")
        elif not isinstance(event, str):
            raise MalformedFrame("a broadcast needs an event")
        elif "broadcast" not in subscription.rights.write:
            self._refuse(frame, "Unauthorized: You do not have permissions to write to this Channel topic")
        else:
            self._hub.broadcast(subscription.room, event, frame.payload.get("payload"), subscription)
            if subscription.wants_ack:
                self._send(reply(frame, "ok", {}))

    def _presence(self, frame: Frame) -> None:
        subscription = self._channels.get(frame.topic)
        if subscription is None:
            self._refuse(frame, "unmatched topic")
        elif "presence" not in subscription.rights.write:
            self._refuse(
                frame, "Unauthorized: You do not have permissions to track presence on this Channel topic"
            )
        else:
            if frame.payload.get("event") == "track":
                subscription.has_presence = True
                self._hub.track(subscription, _object(frame.payload, "payload"))
            else:
                self._hub.untrack(subscription)
            self._send(reply(frame, "ok", {}))

    def _refuse(self, frame: Frame, reason: str) -> None:
        self._send(reply(frame, "error", {"reason": reason}))

    def _end(self, topic: str, why: str) -> None:
        subscription = self._channels.pop(topic, None)
        if subscription is not None:
            self._hub.leave(subscription)
            self._send(system(topic, why, subscription.join_ref))
            self._send(Frame(topic, "phx_close", {}, subscription.join_ref, subscription.join_ref))

    def _is_within_rate(self) -> bool:
        """A token bucket that holds one second's worth."""
        limit = self._config.limits.messages_per_second
        now = time.monotonic()
        self._allowance = min(limit, self._allowance + (now - self._counted_at) * limit)
        self._counted_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


def _object(payload: dict[str, Any], name: str) -> dict[str, Any]:
    value = payload.get(name) or {}
    if not isinstance(value, dict):
        raise MalformedFrame(f"{name} must be an object")
    return value
