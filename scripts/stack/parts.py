"""The processes of the local platform besides Postgres: what is run, and when it is ready."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scripts.stack.functions import functions_command
from scripts.stack.lite import LOGIN, lite_part
from scripts.stack.processes import Part
from scripts.stack.settings import PROJECT, StackSettings
from scripts.stack.state import State
from scripts.stack.stripe_choice import StripeChoice, choose_stripe


def all_parts(settings: StackSettings, state: State, *, with_worker: bool = True) -> list[Part]:
    """In the order of their start; they are stopped in the reverse order."""
    stripe = choose_stripe(settings, state)
    parts = [_lite(settings, state), _functions(state, stripe), _gateway(state, stripe)]
    return [*parts, _worker(settings, state, stripe)] if with_worker else parts


def _lite(settings: StackSettings, state: State) -> Part:
    folder = settings.lamina_state_dir / "lite"
    return lite_part(
        folder,
        dsn=state.dsn(LOGIN),
        port=state.ports["lite"],
        keys=state.keys,
        site_url=settings.lamina_site_url,
    )


def _functions(state: State, stripe: StripeChoice) -> Part:
    port = state.ports["functions"]
    command, environment = functions_command(PROJECT, port, server_environment(state) | stripe.functions)
    return Part("functions", command, environment, PROJECT, f"http://127.0.0.1:{port}/")


def _gateway(state: State, stripe: StripeChoice) -> Part:
    values = {
        "PORT": str(state.ports["gateway"]),
        "LITE_PORT": str(state.ports["lite"]),
        "FUNCTIONS_PORT": str(state.ports["functions"]),
        "DB_URL": state.dsn("supabase_admin"),
        "JWT_SECRET": state.jwt_secret,
        "PUBLISHABLE_KEY": state.publishable_key,
        "SECRET_KEY": state.secret_key,
        **stripe.gateway,
    }
    environment = {**os.environ, **{f"LAMINA_GATEWAY_{name}": value for name, value in values.items()}}
    command = [sys.executable, "-m", "scripts.stack.gateway"]
    return Part("gateway", command, environment, PROJECT, f"{state.url}/")


def _worker(settings: StackSettings, state: State, stripe: StripeChoice) -> Part:
    port = state.ports["worker"]
    environment = {
        **os.environ,
        **server_environment(state),
        **stripe.worker,
        "LAMINA_DB_URL": state.worker_db_url,
        "LAMINA_HEALTH_PORT": str(port),
        "LAMINA_MAILBOX_DIR": str(mailbox(settings)),
        "LAMINA_SITE_URL": settings.lamina_site_url,
    }
    command = [sys.executable, "-m", "worker"]
    return Part(
        "worker", command, environment, PROJECT, f"http://127.0.0.1:{port}/readyz", grace_seconds=20.0
    )


def mailbox(settings: StackSettings) -> Path:
    """Where e-mails go that nobody delivers."""
    return settings.lamina_state_dir.resolve() / "mailbox"


def server_environment(state: State) -> dict[str, str]:
    """What Supabase gives its functions, which is what servers of ours need too."""
    return {
        "SUPABASE_URL": state.url,
        "SUPABASE_PUBLISHABLE_KEY": state.publishable_key,
        "SUPABASE_SECRET_KEY": state.secret_key,
        "SUPABASE_JWT_SECRET": state.jwt_secret,
    }
