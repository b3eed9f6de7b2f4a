"""``till``: a fresh database with a workspace on plan Free, and the offline twin of Stripe beside it.

``books``: a fresh database, and the use of the cast's workspace, which is on plan Enterprise.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.billing.push import push
from scripts.stack.cluster import free_port as any_port
from tests.integration.billing.books import Books, add_kind
from tests.integration.billing.states import add_customer, sell_everything
from tests.integration.billing.tap import Tap, tapped
from tests.integration.billing.till import Till, settings
from tests.support.actors import Cast
from tests.support.clusters import migrated_template
from tests.support.database import Database, fresh_database
from tests.support.offline_stripe import running_twin
from worker.db.pool import Database as Pool
from worker.providers.payments.select import catalog

COLUMNS = "price_id, lookup_key, product_id, plan_version_id, pack, metric, billing_interval"
Shelf = tuple[Path, list[tuple[object, ...]]]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A twin that sells the price list, and the rows that say so; made once, copied by each test."""
    file = tmp_path_factory.mktemp("shelf") / "stripe.sqlite3"
    with fresh_database(template=migrated_template()) as db:
        with running_twin(file, any_port(), retry_seconds=()) as twin:
            asyncio.run(_stock(db, twin.url))
        return file, db.rows(f"select {COLUMNS} from app.stripe_prices")


async def _stock(db: Database, url: str) -> None:
    sold = catalog(settings(url))
    async with Pool(db.dsn("lamina_worker")) as pool:
        assert await push(pool, sold), "nothing was sold"
    await sold.close()


@pytest.fixture
def till(
    db: Database, cast: Cast, shelf: Shelf, tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Till]:
    """Attempts of jobs follow each other at once."""
    monkeypatch.setattr("worker.runtime.running.random.uniform", lambda low, high: low)
    file = Path(shutil.copy(shelf[0], tmp_path / "stripe.sqlite3"))
    db.admin.execute("delete from app.workspace_terms")
    with db.admin.cursor() as cursor:
        marks = "%s, %s, %s, %s, %s, %s, %s"
        cursor.executemany(f"insert into app.stripe_prices ({COLUMNS}) values ({marks})".encode(), shelf[1])
    with running_twin(file, free_port, retry_seconds=()) as twin:
        till = Till(db, cast, twin)
        till.stripe.new_events()
        yield till
        till.stripe.close()


@pytest.fixture
def tap(till: Till) -> Iterator[Tap]:
    """A door before the twin, for adapters with ``stripe_api_base=tap.url``."""
    with tapped(till.stripe.twin.url, any_port()) as tap:
        yield tap


@pytest.fixture
def books(db: Database, cast: Cast) -> Books:
    """With a kind of job that may hold usage."""
    add_kind(db)
    return Books(db, cast.workspace_id)


@pytest.fixture
def shop(books: Books) -> Books:
    """The cast's workspace on plan Free, known at Stripe; the price list is sold."""
    books.db.admin.execute("delete from app.workspace_terms where workspace_id = %s", (books.workspace_id,))
    sell_everything(books.db)
    add_customer(books.db, books.workspace_id)
    return books
