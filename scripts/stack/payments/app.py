"""The offline twin as an application of its own, to be mounted at ``config.public_url``."""

from __future__ import annotations

from aiohttp import web

from scripts.stack.payments.config import OfflineStripeConfig
from scripts.stack.payments.pages import Pages
from scripts.stack.payments.routes import API, CONTROL
from scripts.stack.payments.server import Server, errors


def create_offline_stripe_app(config: OfflineStripeConfig) -> web.Application:
    """API, pages, and the controls for tests and demos."""
    server = Server(config)
    app = web.Application(middlewares=[errors])
    app.cleanup_ctx.append(server.run)
    for method, path, action in API:
        app.router.add_route(method, path, server.api(action))
    for method, path, action in CONTROL:
        app.router.add_route(method, path, server.control(action))
    app.router.add_routes(Pages(server).routes())
    return app
