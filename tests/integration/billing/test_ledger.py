"""Whatever happens in whatever order: the counters are the ledger's sums, and a simple model agrees."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from fractions import Fraction

import psycopg
import pytest

from tests.integration.billing.books import Books, Limit, Row, add_plan, finish, start
from tests.support.actors import Cast
from tests.support.database import Database

SUMS = """
select coalesce(u.workspace_id, l.workspace_id), coalesce(u.metric, l.metric),
  (u.committed, u.reserved, u.credited, u.overage)::text,
  (l.committed, l.reserved, l.credited, l.overage)::text
from app.usage_counters as u
full join (
  select e.workspace_id, e.metric, e.period_start,
    coalesce(sum(e.quantity) filter (where e.status = 'committed'), 0) as committed,
    coalesce(sum(e.quantity) filter (where e.status = 'reserved'), 0) as reserved,
    sum(e.credited) as credited, sum(e.overage) as overage
  from public.usage_ledger as e group by e.workspace_id, e.metric, e.period_start
) as l using (workspace_id, metric, period_start)
where (u.committed, u.reserved, u.credited, u.overage)
  is distinct from (l.committed, l.reserved, l.credited, l.overage)
"""


def differences(db: Database) -> list[tuple[object, ...]]:
    """Counters that are not the sums of their ledger; empty when all are."""
    return db.rows(SUMS)


@dataclass
class Model:
    """One counter as the plan describes it: included, then credits, then overage up to the cap."""

    included: int | None
    amount: int | None
    per: int
    cap: int
    credits: int
    used: int = 0
    credited: int = 0
    overage: int = 0
    held: dict[int, int] = field(default_factory=dict)

    def takes(self, quantity: int) -> bool:
        """Whether there is room for so much more."""
        if self.included is None:
            return True
        room = math.floor(self.cap * self.per / self.amount) if self.amount else 0
        wanted = self.used + sum(self.held.values()) + quantity
        return wanted <= self.included + self.credited + self.credits + room

    def commit(self, quantity: int) -> None:
        self.used += quantity
        if self.included is None:
            return
        over = max(0, min(quantity, self.used - self.included - self.credited - self.overage))
        paid = min(over, self.credits)
        self.credits -= paid
        self.credited += paid
        self.overage += over - paid


def agrees(books: Books, model: Model) -> None:
    row = books.counter()
    assert (row["used"], row["reserved"]) == (model.used, sum(model.held.values()))
    assert (row["credits"], row["overage"]) == (model.credits, model.overage)
    price = (
        math.floor(model.overage * Fraction(model.amount, model.per) + Fraction(1, 2)) if model.amount else 0
    )
    assert row["overage_amount"] == price
    assert price <= model.cap


def use(books: Books, model: Model, quantity: int, in_job: bool) -> None:
    """The database takes it exactly when the model does."""
    takes = model.takes(quantity)
    try:
        job_id = books.use_in_job(quantity=quantity) if in_job else books.use(quantity=quantity)
    except psycopg.Error as error:
        if error.sqlstate != "PT402":
            raise
        assert not takes
        return
    assert takes
    if in_job:
        model.held[job_id] = quantity
    else:
        model.commit(quantity)


def end_one(books: Books, model: Model, numbers: random.Random) -> None:
    job_id = numbers.choice(sorted(model.held))
    outcome = numbers.choice(["done", "done", "fail", "cancelled", "release"])
    start(books.db)
    with books.db.as_worker() as cursor:
        assert finish(cursor, [job_id], outcome) == 1
    if outcome != "release":
        quantity = model.held.pop(job_id)
        if outcome in ("done", "cancelled"):
            model.commit(quantity)


PLANS = {
    "free": (Limit(40), 0),
    "overage": (Limit(20, 3, 7), 25),
    "nothing included": (Limit(0, 50, 1), 1000),
    "unlimited": (Limit(None), 0),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("plan", PLANS)
def test_a_walk_of_uses_and_ends(books: Books, plan: str, seed: int) -> None:
    numbers = random.Random(f"{plan} {seed}")
    limit, cap = PLANS[plan]
    model = Model(limit.included, limit.amount, limit.per or 1, cap, credits=10)
    books.follow(add_plan(books.db, cap=cap, requests=limit))
    books.add_credits(10)
    for _ in range(50):
        if model.held and numbers.random() < 0.4:
            end_one(books, model, numbers)
        else:
            use(books, model, numbers.randint(1, 5), numbers.random() < 0.6)
        agrees(books, model)
    assert differences(books.db) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_walk_of_documents_and_members(books: Books, cast: Cast, seed: int) -> None:
    """Gauges are what is there, and the ledger's sum."""
    db, numbers = books.db, random.Random(seed)
    people = [db.sign_up(f"guest{number}") for number in range(5)]
    for _ in range(60):
        _change_something(books, numbers, [person.user_id for person in people])
    assert differences(db) == []
    assert books.used("documents")[0] == db.value("select count(*) from public.documents")
    assert books.used("storage_bytes")[0] == db.value(
        "select coalesce(sum(byte_size), 0) from public.documents"
    )
    members = "select count(*) from public.workspace_members where workspace_id = %s and role <> 'viewer'"
    assert books.used("seats")[0] == db.value(members, books.workspace_id)


def _change_something(books: Books, numbers: random.Random, people: list[object]) -> None:
    execute, some = books.db.admin.execute, "(select id from public.documents order by random() limit 1)"
    match numbers.randrange(6):
        case 0 | 1:
            size = numbers.choice([None, 0, 1, 500])
            execute(
                "insert into public.documents (workspace_id, kind, title, byte_size)"
                " values (%s, 'text', 'A', %s)",
                (books.workspace_id, size),
            )
        case 2:
            execute(
                f"update public.documents set byte_size = %s where id = {some}".encode(),
                (numbers.choice([None, 7, 300]),),
            )
        case 3:
            execute(f"delete from public.documents where id = {some}".encode())
        case 4:
            execute(
                "update public.workspace_members set role = %s where workspace_id = %s and user_id = %s",
                (numbers.choice(["viewer", "sales", "editor"]), books.workspace_id, numbers.choice(people)),
            )
        case _:
            person = numbers.choice(people)
            gone = execute(
                "delete from public.workspace_members where workspace_id = %s and user_id = %s",
                (books.workspace_id, person),
            )
            if gone.rowcount == 0:
                execute(
                    "insert into public.workspace_members values (%s, %s, %s)",
                    (books.workspace_id, person, numbers.choice(["viewer", "editor"])),
                )


def test_a_difference_would_be_seen(books: Books) -> None:
    books.use(quantity=3)
    assert differences(books.db) == []
    books.db.admin.execute(
        "update app.usage_counters set committed = committed + 1 where metric = 'requests'"
    )
    assert [row[1] for row in differences(books.db)] == ["requests"]


def test_use_as_its_owner_sees_it(books: Books, cast: Cast) -> None:
    """Every metric once, in the order of the price list, equal to the ledger."""
    books.use(quantity=3)
    with books.db.as_user(cast.owner) as cursor:
        cursor.execute(
            "select metric, kind, unit, used, included from public.billing_usage(%s)", (books.workspace_id,)
        )
        rows = cursor.fetchall()
    assert rows == [
        ("requests", "counter", "request", 3, None),
        ("voice_seconds", "counter", "second", 0, None),
        ("courses", "gauge", "course", 0, None),
        ("documents", "gauge", "document", 0, None),
        ("learners", "gauge", "learner", 0, None),
        ("seats", "gauge", "member", 6, None),
        ("storage_bytes", "gauge", "byte", 0, None),
    ]


def test_every_counter_is_at_least_nothing(books: Books) -> None:
    row: Row = books.counter("storage_bytes")
    assert (row["used"], row["reserved"], row["overage"]) == (0, 0, 0)
    with pytest.raises(psycopg.errors.CheckViolation):
        books.db.admin.execute("update app.usage_counters set reserved = -1")
