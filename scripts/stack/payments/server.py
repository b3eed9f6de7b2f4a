"""Requests to the API: who asks, what was asked before, and answers in Stripe's shapes."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from scripts.stack.payments.account import Account, Origin, new_id
from scripts.stack.payments.config import API_VERSION, OfflineStripeConfig
from scripts.stack.payments.control import keep_time
from scripts.stack.payments.errors import StripeError
from scripts.stack.payments.expand import embed, expand
from scripts.stack.payments.forms import Tree, parse, tree_of
from scripts.stack.payments.params import Params
from scripts.stack.payments.routes import Action
from scripts.stack.payments.store import Obj, Store
from scripts.stack.payments.webhooks import Deliveries
from scripts.stack.realtime.tasks import end_tasks

CLOCK_SECONDS = 30.0
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("stripe-offline")


class Server:
    """Shared by all requests. The store is open while the application runs."""

    def __init__(self, config: OfflineStripeConfig) -> None:
        self.config = config

    async def run(self, app: web.Application) -> AsyncIterator[None]:
        """Around the application's life."""
        self._store = Store(self.config.file)
        self._deliveries = Deliveries(self.config, self._store)
        tasks = [asyncio.create_task(each) for each in (self._deliveries.run(), self._keep_time())]
        yield
        for failure in await end_tasks(tasks):
            log.error("a task of the twin had failed", exc_info=failure)
        self._store.close()

    def book(self, action: Callable[[Account], T], origin: Origin | None = None) -> T:
        """Does something in one transaction; its events go out afterwards, and nobody waits for them."""
        account = Account(self._store, self.config.public_url, int(self.config.clock()), origin or Origin())
        with self._store.transaction():
            result = action(account)
        self._deliveries.wake()
        return result

    def api(self, action: Action) -> Handler:
        """Stripe's own API."""

        async def handle(request: web.Request) -> web.Response:
            self._check_key(request)
            asked = request.headers.get("stripe-version", API_VERSION)
            if asked != API_VERSION:
                raise StripeError(400, f"The offline twin of Stripe speaks {API_VERSION} only, not {asked}.")
            key = request.headers.get("idempotency-key") if request.method == "POST" else None
            return self._answer(request, action, await _tree(request), key)

        return handle

    def control(self, action: Action) -> Handler:
        """The twin's own API, for callers on this machine."""

        async def handle(request: web.Request) -> web.Response:
            self._check_key(request)
            if not is_local(request.remote):
                raise StripeError(403, "Only callers on this machine may do that.")
            return self._answer(request, action, await _tree(request), None)

        return handle

    def _check_key(self, request: web.Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self.config.key.encode()):
            shown = f"{given[:8]}…{given[-4:]}" if len(given) > 20 else "none or a short one"
            raise StripeError(401, f"Invalid API Key provided: {shown}")

    def _answer(self, request: web.Request, action: Action, tree: Tree, key: str | None) -> web.Response:
        origin = Origin(new_id("req"), key)
        asked = f"{request.method} {request.path} {json.dumps(tree, sort_keys=True)}"

        def do(account: Account) -> tuple[str, bool]:
            if key and (known := self._store.recall(key)):
                _check_same(key, known[0], asked)
                return known[1], True
            body = json.dumps(_act(account, action, Params(tree), request.match_info.get("id")))
            if key:
                self._store.remember(key, asked, body, self.config.clock())
            return body, False

        body, replayed = self.book(do, origin)
        headers = {"request-id": str(origin.id), "stripe-version": API_VERSION}
        headers |= {"idempotency-key": key} if key else {}
        headers |= {"idempotent-replayed": "true"} if replayed else {}
        return web.Response(text=body, content_type="application/json", headers=headers)

    async def _keep_time(self) -> None:
        while True:
            try:
                self.book(keep_time)
            except Exception:
                log.exception("what is due by the clock could not be done")
            await asyncio.sleep(CLOCK_SECONDS)


def is_local(address: str | None) -> bool:
    """The peer is a process of this machine."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure in Stripe's shape."""
    try:
        return await handler(request)
    except StripeError as error:
        return _error(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        text = f"Unrecognized request URL ({request.method}: {request.path})."
        return _error(StripeError(error.status, text))
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return _error(StripeError(500, "The offline twin of Stripe failed; see its log.", kind="api_error"))


def _act(account: Account, action: Action, params: Params, id: str | None) -> Obj:
    paths = params.texts("expand")
    result = action(account, params, id) if id else action(account, params)
    params.finish()
    shown = embed(account.find, result)
    return expand(account.find, account.store.get, shown, paths)


def _check_same(key: str, before: str, now: str) -> None:
    if before != now:
        text = f"Idempotency key {key!r} was used for another request, or with other parameters, before."
        raise StripeError(400, text, kind="idempotency_error")


async def _tree(request: web.Request) -> Tree:
    """Of the query, and of a body in form encoding; control requests may send JSON."""
    if request.method != "POST":
        return parse(request.query.items())
    if request.content_type != "application/json":
        return parse([(name, str(value)) for name, value in (await request.post()).items()])
    try:
        body = await request.json()
    except ValueError:
        raise StripeError(400, "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise StripeError(400, "The body must be a JSON object.")
    return tree_of(body)


def _error(error: StripeError) -> web.Response:
    retry = "true" if error.status >= 500 else "false"
    return web.json_response(error.body, status=error.status, headers={"stripe-should-retry": retry})
