"""``lamina plans`` on a real database and the offline twin of Stripe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scripts.cli import app
from tests.support.database import Database
from tests.support.offline_stripe import KEY, Twin, running_twin


class Till:
    """``lamina plans`` as an operator types it, with the settings of a database and of the twin."""

    def __init__(self, db: Database, twin: Twin) -> None:
        self.db = db
        self.twin = twin
        self.stripe = twin.client()
        self.environment = {
            "LAMINA_DB_URL": db.dsn("lamina_worker"),
            "STRIPE_API_BASE": twin.url,
            "STRIPE_SECRET_KEY": KEY,
        }

    def run(self, *arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(app, ["plans", *arguments], env=self.environment | environment)

    def read(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def changes(self, *arguments: str) -> list[tuple[str, str, str]]:
        return [(d["thing"], d["name"], d["kind"]) for d in self.read(*arguments)["differences"]]

    def writes(self) -> int:
        """Each write at the twin is an event."""
        return sum(1 for _ in self.stripe.v1.events.list({"limit": 100}).auto_paging_iter())

    def price(self, key: str) -> Any:
        (found,) = self.stripe.v1.prices.list({"lookup_keys": [key]}).data
        return found

    def record(self, key: str) -> tuple[Any, ...]:
        (row,) = self.db.rows(
            "select price_id, is_active, is_product_active from app.stripe_prices where lookup_key = %s", key
        )
        return row


@pytest.fixture
def till(db: Database, tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    monkeypatch.setenv("LAMINA_STATE_DIR", str(tmp_path / "state"))
    with running_twin(tmp_path / "stripe.sqlite3", free_port) as twin:
        yield Till(db, twin)


def new_version(db: Database, plan: str, monthly: int) -> int:
    return int(
        db.value(
            "insert into public.plan_versions (plan, version, currency, monthly_amount) select plan, max(version) + 1,"
            " 'usd', %s from public.plan_versions where plan = %s group by plan returning id",
            monthly,
            plan,
        )
    )


def test_push_makes_everything_and_a_second_one_nothing(till: Till) -> None:
    made = till.changes("push")
    assert len(made) == len(set(made))
    assert {kind for _, _, kind in made} == {"missing", "unrecorded"}
    print(made)
    writes = till.writes()
    assert till.changes("push") == []
    assert till.changes("diff") == []
    assert till.run("push").stdout == "Nothing to do.\n"
    assert till.writes() == writes
