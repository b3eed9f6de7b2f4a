"""Whose plans, at whose Stripe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from pydantic import SecretStr

from scripts.doctor.target import PlatformSettings, find_target
from scripts.stack.settings import PROJECT, StackSettings
from scripts.stack.state import State
from scripts.stack.stripe_choice import choose_stripe
from scripts.stack.supervisor import running
from worker.db.pool import Database
from worker.providers.payments.port import Catalog
from worker.settings import ProviderSettings

T = TypeVar("T")


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
        """Open inside the block. Raises psycopg_pool.PoolTimeout."""
        async with Database(self.db_url, max_size=2, pooled=self.pooled, name="lamina-billing") as db:
            yield db

    @asynccontextmanager
    async def catalog(self) -> AsyncIterator[Catalog]:
        """Open inside the block."""
        from worker.providers.payments.select import catalog  # Stripe's library takes its time to load

        opened = catalog(self.settings)
        try:
            yield opened
        finally:
            await opened.close()

    async def do(self, action: Callable[[Database, Catalog], Awaitable[T]]) -> T:
        """With both open."""
        async with self.database() as db, self.catalog() as catalog:
            return await action(db, catalog)


def find_till() -> Till:
    """Of the settings, else of the local platform that runs. Raises NoTill."""
    state = running(StackSettings())
    target = find_target(PlatformSettings(), state)
    if target is None or target.worker_url is None:
        raise NoTill("No database: start the local platform (lamina up), or set LAMINA_DB_URL.")
    if target.local and state is not None and (twin := twin_till(state)):
        return twin
    return Till(target.worker_url, target.pooled, ProviderSettings(_env_file=PROJECT / ".env"))


def twin_till(state: State) -> Till | None:
    """Of the local platform and the offline twin; None when the developer has a key of Stripe's."""
    twin = choose_stripe(StackSettings(), state).worker
    if not twin:
        return None
    settings = ProviderSettings(
        stripe_api_base=twin["STRIPE_API_BASE"], stripe_secret_key=SecretStr(twin["STRIPE_SECRET_KEY"])
    )
    return Till(state.worker_db_url, False, settings)
