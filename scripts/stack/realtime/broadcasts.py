"""Broadcasts by POST, which clients send when they have not joined.

A message that may not be sent is refused in both forms; the platform drops it silently from a list.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from scripts.stack.realtime.config import Claims, InvalidToken, RealtimeConfig
from scripts.stack.realtime.hub import Hub
from scripts.stack.realtime.joining import Refused
from scripts.stack.realtime.limits import Bucket
from scripts.stack.realtime.protocol import Frame, MalformedFrame, broadcast, is_name, loads
from scripts.stack.realtime.session import NO_PERSISTENCE, Store

CORS = {"access-control-allow-origin": "*"}


class Rejected(Exception):
    """``status`` and the text are what the client gets."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Post:
    """One message, and where it goes."""

    topic: str
    is_private: bool
    frame: Frame


Reader = Callable[[web.Request], Awaitable[list[Post]]]


class Broadcasts:
    """The handlers."""

    def __init__(self, config: RealtimeConfig, store: Store, hub: Hub) -> None:
        self._config, self._store, self._hub = config, store, hub
        self._bucket = Bucket(config.limits.messages_per_second)

    async def many(self, request: web.Request) -> web.Response:
        """``{messages: [{topic, event, payload, private}]}``"""
        return await self._answer(request, _listed)

    async def one(self, request: web.Request) -> web.Response:
        """Topic and event are in the path, the body is the payload: JSON, or bytes."""
        return await self._answer(request, _single)

    async def _answer(self, request: web.Request, read: Reader) -> web.Response:
        try:
            claims = self._caller(request)
            posts = await read(request)
            self._check(posts)
            for topic in {post.topic for post in posts if post.is_private}:
                await self._require_right(topic, claims, request)
            for post in posts:
                self._hub.broadcast(post.frame, post.is_private)
        except Rejected as rejection:
            return problem(rejection.status, str(rejection))
        except web.HTTPRequestEntityTooLarge:
            return problem(413, "The body is too large")
        return web.Response(status=202, headers=CORS)

    def _caller(self, request: web.Request) -> Claims:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            claims = self._config.claims(request.headers.get("apikey", ""))
            return self._config.claims(token) if scheme.lower() == "bearer" and token else claims
        except InvalidToken as error:
            raise Rejected(401, f"Unauthorized: {error}") from error

    def _check(self, posts: list[Post]) -> None:
        limit = self._config.limits.payload
        try:
            too_large = any(len(post.frame.wire("2.0.0")) > limit for post in posts)
        except MalformedFrame as error:
            raise Rejected(422, f"The message cannot be sent: {error}") from error
        if too_large:
            raise Rejected(422, f"Payload size exceeds {limit} bytes")
        if not self._bucket.take(len(posts)):
            raise Rejected(429, "You have exceeded your rate limit")

    async def _require_right(self, topic: str, claims: Claims, request: web.Request) -> None:
        try:
            rights = await self._store.rights(topic, claims, policy_headers(request))
        except Refused as refusal:
            raise Rejected(503, str(refusal)) from refusal
        if "broadcast" not in rights.write:
            reason = f"You do not have permissions to write to this Channel topic: {topic}"
            raise Rejected(403, f"Unauthorized: {reason}")


async def _listed(request: web.Request) -> list[Post]:
    wrong = Rejected(422, "The body must be {messages: [{topic, event, payload, private}]}")
    try:
        body = loads(await request.read())
    except MalformedFrame as error:
        raise wrong from error
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not all(
        isinstance(each, dict) and "payload" in each for each in messages
    ):
        raise wrong
    return [
        _post(each.get("topic"), each.get("event"), each["payload"], each.get("private") is True)
        for each in messages
    ]


async def _single(request: web.Request) -> list[Post]:
    if any(name == "persist" or name.startswith("persist[") for name in request.query):
        raise Rejected(422, NO_PERSISTENCE)
    body = await request.read()
    match request.content_type:
        case "application/octet-stream" if request.headers.get("content-type"):
            payload: Any = body
        case "application/json" | "application/octet-stream":
            payload = _json(body)
        case other:
            raise Rejected(415, f"application/json or application/octet-stream are taken, not {other}")
    match = request.match_info
    return [_post(match["topic"], match["event"], payload, request.query.get("private") == "true")]


def _json(body: bytes) -> Any:
    try:
        return loads(body)
    except MalformedFrame as error:
        raise Rejected(422, "The body is not JSON") from error


def _post(topic: Any, event: Any, payload: Any, is_private: bool) -> Post:
    for name in (topic, event):
        if not isinstance(name, str) or not is_name(name):
            raise Rejected(422, "Topic and event must be names of at most 255 bytes")
    return Post(topic, is_private, broadcast(topic, event, payload))


def policy_headers(request: web.Request) -> dict[str, str]:
    """Those that policies may read: ``x-…``, as on the platform."""
    return {name.lower(): value for name, value in request.headers.items() if name.lower().startswith("x-")}


def problem(status: int, message: str) -> web.Response:
    """What clients show: they read ``error`` or ``message``."""
    return web.json_response({"error": message, "message": message}, status=status, headers=CORS)
