"""The one URL of all doors: passes requests on to the part that serves them, and serves Realtime itself.

Run as ``python -m scripts.stack.gateway`` with the settings of ``GatewaySettings`` in the environment.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from multidict import CIMultiDict
from pydantic_settings import BaseSettings, SettingsConfigDict

from scripts.stack.payments import OfflineStripeConfig, create_offline_stripe_app
from scripts.stack.realtime import RealtimeConfig, create_realtime_app
from scripts.stack.stripe_choice import STRIPE_DOOR

LARGEST_BODY = 60 * 1024 * 1024
HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "transfer-encoding",
        "upgrade",
        "te",
        "trailer",
        "proxy-authorization",
        "host",
    )
)
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-max-age": "3600",
}
SIGNED_ADDRESS = re.compile(rb'"signedUrl":\s*"/storage/v1/')
POSTGRES_TIME = re.compile(rb'"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\+00"')

UPSTREAMS = web.AppKey("upstreams", dict[str, str])
SESSION = web.AppKey("session", aiohttp.ClientSession)


class GatewaySettings(BaseSettings):
    """Given by the supervisor."""

    model_config = SettingsConfigDict(env_prefix="LAMINA_GATEWAY_")

    port: int
    lite_port: int
    functions_port: int
    db_url: str
    jwt_secret: str
    publishable_key: str
    secret_key: str
    stripe_key: str | None = None
    """Of the offline twin of Stripe, which is there only with one."""
    stripe_webhook_secret: str = ""
    stripe_file: Path = Path("stripe-offline.sqlite3")


def create_app(settings: GatewaySettings) -> web.Application:
    """All doors."""
    lite = f"http://127.0.0.1:{settings.lite_port}"
    functions = f"http://127.0.0.1:{settings.functions_port}"
    app = web.Application(client_max_size=LARGEST_BODY)
    app[UPSTREAMS] = {"rest": lite, "auth": lite, "storage": lite, "functions": functions}
    app.cleanup_ctx.append(_session)
    app.add_subapp("/realtime/v1", create_realtime_app(_realtime(settings)))
    if settings.stripe_key:
        app.add_subapp(STRIPE_DOOR, create_offline_stripe_app(_stripe(settings, settings.stripe_key)))
    app.router.add_get("/", _index)
    app.router.add_route("OPTIONS", "/{door:rest|auth|storage|functions}/v1/{rest:.*}", _preflight)
    app.router.add_route("*", "/{door:rest|auth|storage|functions}/v1{rest:.*}", _pass_on)
    return app


def _realtime(settings: GatewaySettings) -> RealtimeConfig:
    def verify(token: str) -> dict[str, Any]:
        return dict(
            jwt.decode(token, settings.jwt_secret, algorithms=["HS256"], options={"verify_aud": False})
        )

    return RealtimeConfig(
        dsn=settings.db_url,
        verify=verify,
        keys={settings.publishable_key: "anon", settings.secret_key: "service_role"},
    )


def _stripe(settings: GatewaySettings, key: str) -> OfflineStripeConfig:
    """Its webhooks come in by the same door as Stripe's."""
    url = f"http://127.0.0.1:{settings.port}"
    return OfflineStripeConfig(
        key=key,
        webhook_secret=settings.stripe_webhook_secret,
        webhook_url=f"{url}/functions/v1/stripe",
        public_url=f"{url}{STRIPE_DOOR}",
        file=settings.stripe_file,
    )


async def _session(app: web.Application) -> AsyncIterator[None]:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=150)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=4)
    async with aiohttp.ClientSession(
        timeout=timeout, connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as app[SESSION]:
        yield


async def _index(request: web.Request) -> web.Response:
    doors = [f"/{door}/v1" for door in (*request.app[UPSTREAMS], "realtime")]
    return web.json_response({"name": "Lamina, local platform", "doors": doors})


async def _preflight(request: web.Request) -> web.Response:
    asked = request.headers.get("access-control-request-headers", "authorization, apikey, content-type")
    return web.Response(status=204, headers=CORS | {"access-control-allow-headers": asked})


async def _pass_on(request: web.Request) -> web.StreamResponse:
    upstream = request.app[UPSTREAMS][request.match_info["door"]]
    body = request.content if request.can_read_body else None
    try:
        async with request.app[SESSION].request(
            request.method,
            f"{upstream}{request.raw_path}",
            headers=_forwarded(request.headers),
            data=body,
            allow_redirects=False,
        ) as answer:
            return await _answer(request, answer)
    except (aiohttp.ClientError, TimeoutError) as error:
        return _unavailable(request.match_info["door"], error)


async def _answer(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    if answer.content_type == "application/json":
        if request.match_info["door"] == "auth":
            return await _rewritten(answer, POSTGRES_TIME, rb'"\1T\2Z"')
        if request.method == "POST" and request.path.startswith("/storage/v1/object/sign/"):
            return await _rewritten(answer, SIGNED_ADDRESS, rb'"signedURL":"/')
    response = web.StreamResponse(status=answer.status, headers=_forwarded(answer.headers))
    response.headers.setdefault("access-control-allow-origin", "*")
    await response.prepare(request)
    async for piece in answer.content.iter_any():
        await response.write(piece)
    await response.write_eof()
    return response


async def _rewritten(answer: aiohttp.ClientResponse, found: re.Pattern[bytes], new: bytes) -> web.Response:
    """Words as Supabase writes them: times as RFC 3339, the name and start of a signed address."""
    headers = _forwarded(answer.headers)
    for name in ("content-length", "content-type"):
        headers.popall(name, None)
    headers.setdefault("access-control-allow-origin", "*")
    body = found.sub(new, await answer.read())
    return web.Response(status=answer.status, headers=headers, body=body, content_type="application/json")


def _forwarded(headers: Any) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP)


def _unavailable(door: str, error: BaseException) -> web.Response:
    logging.getLogger("gateway").warning("%s does not answer: %s", door, error)
    body = {
        "code": "gateway.unavailable",
        "message": f"The door /{door}/v1 does not answer; see `lamina status`.",
    }
    return web.json_response(body, status=503, headers=CORS)


async def serve(settings: GatewaySettings) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(create_app(settings), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", settings.port).start()
        await stop.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(serve(GatewaySettings()))
