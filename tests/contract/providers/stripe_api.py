"""Stripe on the loopback interface: answers by method and path, and remembers what it was asked."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.contract.providers.vendor import Reply, json_reply

KEY = "sk_test_secretsecretsecret"

_EXAMPLES = Path(__file__).parent / "stripe"


@dataclass(frozen=True)
class Asked:
    """`fields` are those of the query or of the form, as flat names such as `items[0][id]`."""

    method: str
    path: str
    headers: dict[str, str]
    fields: dict[str, str]


@dataclass
class StripeApi:
    """`replies` of one method and path are used in order; the last one answers all further requests."""

    replies: dict[tuple[str, str], list[Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def on(self, method: str, path: str, *replies: Reply | dict[str, Any]) -> None:
        made = [reply if callable(reply) else json_reply(reply) for reply in replies]
        self.replies[(method, path)] = made

    async def handle(self, request: web.Request) -> web.StreamResponse:
        text = request.query_string if request.method != "POST" else await request.text()
        fields = dict(parse_qsl(text, keep_blank_values=True))
        self.asked.append(Asked(request.method, request.path, dict(request.headers), fields))
        replies = self.replies.get((request.method, request.path))
        if replies is None:
            return await missing(request.path)(request)
        return await (replies.pop(0) if len(replies) > 1 else replies[0])(request)

    @property
    def paths(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]


@asynccontextmanager
async def running_stripe() -> AsyncIterator[StripeApi]:
    api = StripeApi()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.handle)
    server = TestServer(app)
    await server.start_server()
    api.url = str(server.make_url("")).rstrip("/")
    try:
        yield api
    finally:
        await server.close()


def example(name: str, **changes: Any) -> dict[str, Any]:
    """Stripe's example of this object with some fields set otherwise."""
    found: dict[str, Any] = json.loads((_EXAMPLES / f"{name}.json").read_text())
    return copy.deepcopy(found) | changes


def listed(items: list[dict[str, Any]], url: str = "/v1/things", *, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": items, "has_more": more, "url": url}


def refusal(status: int, message: str, headers: dict[str, str] | None = None, **fields: str) -> Reply:
    """An error as Stripe words it; `type` is `invalid_request_error` unless given."""
    error = {"type": "invalid_request_error", "message": message, **fields}
    return json_reply({"error": error}, status, headers)


def missing(what: str) -> Reply:
    return refusal(404, f"No such object: '{what}'", code="resource_missing", param="id")
