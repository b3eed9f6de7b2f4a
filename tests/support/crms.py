"""Mailchimp's and Google Analytics' sides with a memory, which stumble when told to."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeCrms:
    """``replies`` answer the next requests, one each, before anything is kept; then all is taken.

    ``members`` by hash of the address; ``events`` as Google got them; ``refused`` keys are wrong ones;
    an address that holds ``suspects`` is refused in a batch.
    """

    replies: list[Reply] = field(default_factory=list)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    suspects: str = "fake"
    url: str = ""

    def join(self, address: str, status: str = "subscribed", **more: Any) -> None:
        """Somebody is a member already."""
        self.members[hash_of(address)] = {
            "id": hash_of(address),
            "email_address": address,
            "status": status,
            **more,
        }

    def status_of(self, address: str) -> str | None:
        return self.members.get(hash_of(address), {}).get("status")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        if self.replies:
            return await self.replies.pop(0)(request)
        if request.path == "/mp/collect":
            self.events.append(await request.json())
            return web.Response(status=204)
        if request.path == "/debug/mp/collect":
            return web.json_response({"validationMessages": []})
        auth = request.headers.get("Authorization", "")
        if auth in {_basic(key) for key in self.refused}:
            return web.json_response({"title": "API Key Invalid", "status": 401, "detail": "No."}, status=401)
        return await self._mailchimp(request)

    async def _mailchimp(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.json_response({"name": "Newsletter"})
        body = await request.json()
        if request.method == "POST":
            return web.json_response(self._batch(body["members"]))
        hashed = request.path.rsplit("/", 1)[1]
        member = self.members.get(hashed)
        if member is None:
            if request.method == "PATCH":
                return web.json_response({"title": "Not Found", "status": 404, "detail": "No."}, status=404)
            member = self.members[hashed] = {"id": hashed, "status": body["status_if_new"]}
        member |= {name: value for name, value in body.items() if name != "status_if_new"}
        return web.json_response(member)

    def _batch(self, members: list[dict[str, Any]]) -> dict[str, Any]:
        made, errors = [], []
        for member in members:
            address = member["email_address"]
            if hash_of(address) in self.members:
                errors.append(
                    {"email_address": address, "error_code": "ERROR_CONTACT_EXISTS", "error": "Exists."}
                )
            elif self.suspects and self.suspects in address:
                errors.append(
                    {"email_address": address, "error_code": "ERROR_GENERIC", "error": "Looks fake."}
                )
            else:
                self.members[hash_of(address)] = {"id": hash_of(address), **member}
                made.append(self.members[hash_of(address)])
        return {"new_members": made, "updated_members": [], "errors": errors}


def hash_of(address: str) -> str:
    return hashlib.md5(address.strip().lower().encode(), usedforsecurity=False).hexdigest()


def failing(status: int, **headers: str) -> Reply:
    """An answer without meaning."""

    async def reply(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=headers)

    return reply


def hanging_up() -> Reply:
    async def reply(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return reply


def _basic(key: str) -> str:
    return f"Basic {base64.b64encode(f'lamina:{key}'.encode()).decode()}"


@asynccontextmanager
async def running_crms() -> AsyncIterator[FakeCrms]:
    """On a free port of the loopback interface."""
    fake = FakeCrms()
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    fake.url = f"http://{host}:{port}"
    try:
        yield fake
    finally:
        await runner.cleanup()
