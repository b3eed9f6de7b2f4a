"""Whose plans, at whose Stripe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from scripts.doctor.target import PlatformSettings, find_target
from scripts.stack.settings import StackSettings
from scripts.stack.state import State
from scripts.stack.stripe_choice import choose_stripe
from scripts.stack.supervisor import running
from worker.db.pool import Database
from worker.settings import ProviderSettings


class NoTill(Exception):
    """There is no database to work with; the text is for people."""


@dataclass(frozen=True, slots=True)
class Till:
    """A database, as the worker's role, and the payment provider that belongs to it."""

    db_url: str
    pooled: bool
    settings: ProviderSettings

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        async with Database(self.db_url, max_size=2, pooled=self.pooled, name="lamina-billing") as db:
            yield db


def find_till() -> Till:
    """Of the settings, else of the local platform that runs. Raises NoTill."""
    platform, state = PlatformSettings(), running(StackSettings())
    target = find_target(platform, state)
    if target is None or target.worker_url is None:
        raise NoTill("No database: start the local platform (lamina up), or set LAMINA_DB_URL.")
    if target.local and state is not None:
        return local_till(state)
    return Till(target.worker_url, target.pooled, ProviderSettings())


def local_till(state: State) -> Till:
    """Of the local platform, with the twin unless the developer has a key of Stripe's."""
    settings = ProviderSettings()
    twin = choose_stripe(StackSettings(), state).worker
    if twin:
        update = {
            "stripe_api_base": twin["STRIPE_API_BASE"],
            "stripe_secret_key": SecretStr(twin["STRIPE_SECRET_KEY"]),
        }
        settings = settings.model_copy(update=update)
    return Till(state.worker_db_url, False, settings)
