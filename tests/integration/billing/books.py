"""What the tests of quotas share: a workspace on a plan of their choice, its use, its jobs, its ledger."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from tests.support.database import Database

KIND = "test.metered"
COUNTERS = ("requests", "voice_seconds")
GAUGES = ("documents", "seats", "storage_bytes")
Row = dict[str, Any]
_names = itertools.count(1)


@dataclass(frozen=True)
class Limit:
    """What a plan includes of a metric, and what ``per`` more cost."""

    included: int | None
    amount: int | None = None
    per: int | None = None


UNLIMITED = Limit(None)


@dataclass(frozen=True)
class Books:
    """One workspace's use, written as the worker and read as the superuser."""

    db: Database
    workspace_id: UUID

    def use(self, metric: str = "requests", quantity: int = 1, job_id: int | None = None) -> int:
        """`app.consume` in a transaction of its own; the ledger's entry."""
        with self.db.as_worker() as cursor:
            row = cursor.execute(
                "select app.consume(%s, %s, %s, %s)", (self.workspace_id, metric, quantity, job_id)
            ).fetchone()
        assert row is not None
        return int(row[0])

    def use_in_job(self, metric: str = "requests", quantity: int = 1, ordering_key: str | None = None) -> int:
        """A new job that holds so much; its id."""
        with self.db.as_worker() as cursor:
            job_id = enqueue(cursor, self.workspace_id, ordering_key)
            cursor.execute(
                "select app.consume(%s, %s, %s, %s)", (self.workspace_id, metric, quantity, job_id)
            )
        return job_id

    def counter(self, metric: str = "requests") -> Row:
        """The row of ``billing_usage``, as its owner would see it."""
        rows = _rows(self.db, "select * from app.usage_of(%s) where metric = %s", self.workspace_id, metric)
        return rows[0]

    def used(self, metric: str = "requests") -> tuple[int, int]:
        """Used, reserved."""
        row = self.counter(metric)
        return row["used"], row["reserved"]

    def entries(self, metric: str = "requests") -> list[Row]:
        """The ledger, oldest first."""
        return _rows(
            self.db,
            "select * from public.usage_ledger where workspace_id = %s and metric = %s order by id",
            self.workspace_id,
            metric,
        )

    def notices(self) -> list[tuple[str, str]]:
        """Kind and key of every notice, oldest first."""
        return self.db.rows(
            "select kind, dedupe_key from public.billing_notices where workspace_id = %s order by id",
            self.workspace_id,
        )

    def add_credits(self, quantity: int, metric: str = "requests") -> None:
        """As bought ones."""
        self.db.admin.execute(
            "insert into app.credits (workspace_id, metric, remaining) values (%s, %s, %s)",
            (self.workspace_id, metric, quantity),
        )

    def credits(self, metric: str = "requests") -> int:
        """Left."""
        return int(self.counter(metric)["credits"])

    def follow(self, version_id: int, *, source: str = "admin", anchor: str | None = None) -> None:
        """The version holds from now on, its periods counted from ``now() + anchor``, or as they were."""
        self.db.admin.execute(
            "insert into app.workspace_terms as t (workspace_id, plan_version_id, source, anchor)"
            " values (%(workspace)s, %(version)s, %(source)s,"
            " now() + coalesce(%(anchor)s, '-1 day')::interval)"
            " on conflict (workspace_id) do update set plan_version_id = excluded.plan_version_id,"
            " source = excluded.source,"
            " anchor = case when %(anchor)s::text is null then t.anchor else excluded.anchor end",
            {"workspace": self.workspace_id, "version": version_id, "source": source, "anchor": anchor},
        )

    def subscribe(self, version_id: int, customer_id: str = "cus_books") -> None:
        """The same by a subscription that is paid."""
        self.db.admin.execute(
            "insert into app.billing_customers (customer_id, workspace_id) values (%s, %s)",
            (customer_id, self.workspace_id),
        )
        self.follow(version_id, source="subscription")


def add_plan(
    db: Database, *, cap: int | None = None, entitlements: Sequence[str] = (), **limits: Limit
) -> int:
    """A version of a plan of its own, of unlimited seats unless told otherwise; its id."""
    number = next(_names)
    plan = "test_" + "".join(chr(ord("a") + int(digit)) for digit in str(number))
    db.admin.execute(
        "insert into public.plans (plan, name, rank) values (%s, 'Test', %s)", (plan, 100 + number)
    )
    return add_version(db, plan, cap=cap, entitlements=entitlements, **limits)


def add_version(
    db: Database, plan: str, *, cap: int | None = None, entitlements: Sequence[str] = (), **limits: Limit
) -> int:
    """The next version of a plan; its id."""
    version_id: int = db.value(
        "insert into public.plan_versions (plan, version, currency, spend_cap_amount, monthly_amount)"
        " select %s, coalesce(max(version), 0) + 1, 'usd', %s, 100 from public.plan_versions where plan = %s"
        " returning id",
        plan,
        cap,
        plan,
    )
    for metric, limit in ({"seats": UNLIMITED} | limits).items():
        db.admin.execute(
            "insert into public.plan_limits values (%s, %s, %s, %s, %s)",
            (version_id, metric, limit.included, limit.amount, limit.per),
        )
    for entitlement in entitlements:
        db.admin.execute("insert into public.plan_entitlements values (%s, %s)", (version_id, entitlement))
    return version_id


def enqueue(cursor: Any, workspace_id: UUID, ordering_key: str | None = None) -> int:
    """A job of the tests' kind."""
    row = cursor.execute(
        "select app.enqueue(%s, %s, p_ordering_key => %s)", (KIND, workspace_id, ordering_key)
    ).fetchone()
    return int(row[0])


def add_kind(db: Database) -> None:
    """The kind of the tests' metered jobs, which fail for good at once."""
    db.admin.execute("insert into app.job_kinds (kind, lane, max_attempts) values (%s, 'bulk', 1)", (KIND,))


def start(db: Database, worker: str = "w", limit: int = 1000) -> list[int]:
    """Claims what is queued; ids in order."""
    with db.as_worker() as cursor:
        rows = cursor.execute(
            "select id from app.claim_jobs(%s, '{bulk}', %s, %s, 60)", (worker, [limit], [KIND])
        ).fetchall()
    return sorted(row[0] for row in rows)


FINISH = (
    "select app.finish_jobs(%(worker)s, %(ids)s, array_fill(1, array[%(count)s]),"
    " array_fill(%(outcome)s::text, array[%(count)s]), array_fill('test.over'::text, array[%(count)s]),"
    " array_fill('It is over.'::text, array[%(count)s]), array_fill(null::float8, array[%(count)s]))"
)


def finish(cursor: Any, ids: Sequence[int], outcome: str = "done", worker: str = "w") -> int:
    """Ends first attempts in the given order; how many were still the worker's."""
    found = cursor.execute(
        FINISH, {"worker": worker, "ids": list(ids), "count": len(ids), "outcome": outcome}
    ).fetchall()
    return len(found)


def end(db: Database, *ids: int, outcome: str = "done") -> None:
    """Claims everything, then ends these jobs."""
    start(db)
    with db.as_worker() as cursor:
        assert finish(cursor, ids, outcome) == len(ids)


def _rows(db: Database, query: str, *parameters: Any) -> list[Row]:
    with db.admin.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), parameters).fetchall()
