"""A database, the offline twin of Stripe beside it, and the command line that works on both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scripts.cli import app
from tests.support.database import Database
from tests.support.offline_stripe import KEY, Twin, running_twin


class Till:
    """``lamina`` as an operator types it, with the settings of a database and of the twin."""

    def __init__(self, db: Database, twin: Twin) -> None:
        self.db = db
        self.twin = twin
        self.stripe = twin.client()
        self.environment = {
            "LAMINA_DB_URL": db.dsn("lamina_worker"),
            "LAMINA_ADMIN_DB_URL": db.dsn("postgres"),
            "STRIPE_API_BASE": twin.url,
            "STRIPE_SECRET_KEY": KEY,
        }

    def run(self, *arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(app, arguments, env=self.environment | environment)

    def read(self, *arguments: str, exit_code: int = 0) -> Any:
        """What it prints for programs."""
        done = self.run(*arguments, "--json")
        assert done.exit_code == exit_code, done.output
        return json.loads(done.stdout)

    def plans(self, *arguments: str) -> list[tuple[str, str]]:
        """Name and kind of each difference, those of the records last."""
        said = self.read("plans", *arguments)["differences"]
        records = [(d["name"], d["kind"]) for d in said if d["thing"] == "record"]
        return [(d["name"], d["kind"]) for d in said if d["thing"] != "record"] + records

    def writes(self) -> int:
        """Each write at the twin is an event."""
        return sum(1 for _ in self.stripe.v1.events.list({"limit": 100}).auto_paging_iter())

    def price(self, key: str) -> Any:
        """The one that has this lookup key now."""
        (found,) = self.stripe.v1.prices.list({"lookup_keys": [key]}).data
        return found

    def record(self, price_id: str) -> tuple[Any, ...]:
        """Key, whether it is active, whether its product is."""
        (row,) = self.db.rows(
            "select lookup_key, is_active, is_product_active from app.stripe_prices where price_id = %s",
            price_id,
        )
        return row


@contextmanager
def open_till(db: Database, folder: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    """No local platform of this checkout is seen."""
    monkeypatch.setenv("LAMINA_STATE_DIR", str(folder / "state"))
    with running_twin(folder / "stripe.sqlite3", port) as twin:
        yield Till(db, twin)
