"""Dashboards: who sees which, what they add up, and how they follow changes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.integration.identity.calls import call, denied, refused
from tests.integration.jobs.engine import run, until
from tests.integration.service.helpdesk import at_once
from tests.support.actors import Actor, Cast
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.dashboards import handlers
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

READERS = {
    "sales": {"owner", "admin", "sales", "support", "marketing"},
    "service": {"owner", "admin", "support", "sales"},
    "marketing": {"owner", "admin", "marketing", "sales", "editor"},
    "learning": {"owner", "admin", "editor"},
    "portfolio": {"owner", "admin", "editor"},
}
ROLES = ("owner", "admin", "editor", "sales", "support", "marketing", "viewer")


def look(db: Database, actor: Actor, workspace_id: UUID, domain: str) -> dict[str, Any]:
    with db.as_user(actor) as cursor:
        return call(cursor, "dashboard", workspace_id, domain)


def jobs(db: Database) -> list[tuple[Any, ...]]:
    return db.rows("select workspace_id, args from public.jobs where kind = 'dashboards.refresh' order by id")


def add_lead(db: Database, cast: Cast, interest: str = "A boat") -> None:
    db.rows(
        "with c as (insert into public.contacts (workspace_id, name) values (%s, 'Ann') returning *)"
        " insert into public.leads (workspace_id, contact_id, interest) select workspace_id, id, %s from c"
        " returning id",
        cast.workspace_id,
        interest,
    )


def told(db: Database) -> list[dict[str, Any]]:
    rows = db.rows("select payload from realtime.messages where event = 'dashboard.changed'")
    return [row[0] for row in rows]


async def work_off(db: Database) -> None:
    """Runs what is queued, now or in two seconds, to its end."""
    options = WorkerOptions(worker_id="sums", lanes={"interactive": 1}, lease=5.0, grace=2.0, poll=0.2)
    async with Pool(db.dsn("lamina_worker"), min_size=1, max_size=4) as pool:
        registry = Registry()
        handlers.register(registry, pool)
        open_jobs = "select count(*) from public.jobs where kind = 'dashboards.refresh' and gate <> 'closed'"
        async with run(Worker(pool, registry, options)):
            await until(lambda: not db.value(open_jobs), 20)


@pytest.mark.parametrize("domain", READERS)
def test_each_role_sees_its_own(db: Database, cast: Cast, domain: str) -> None:
    for role in ROLES:
        actor = getattr(cast, role)
        if role in READERS[domain]:
            assert look(db, actor, cast.workspace_id, domain)["domain"] == domain
        else:
            with refused(403, "workspace.forbidden"):
                look(db, actor, cast.workspace_id, domain)
        with db.as_user(actor) as cursor:
            seen = cursor.execute("select count(*) from public.dashboards").fetchone()
        assert seen == (int(role in READERS[domain]),)
    with refused(404, "workspace.not_found"):
        look(db, cast.stranger, cast.workspace_id, domain)


def test_only_what_there_is(db: Database, cast: Cast) -> None:
    with refused(400, "dashboard.unknown"):
        look(db, cast.owner, cast.workspace_id, "secrets")
    with denied(), db.as_anon() as cursor:
        cursor.execute("select public.dashboard(%s, 'sales')", (cast.workspace_id,))


@pytest.mark.parametrize("domain", READERS)
def test_a_new_workspace_has_thirty_quiet_days(db: Database, cast: Cast, domain: str) -> None:
    numbers = look(db, cast.owner, cast.workspace_id, domain)["numbers"]
    days = numbers.get("days", [{"day": n} for n in range(30)])
    assert len(days) == 30
    assert days == sorted(days, key=lambda day: day["day"])
    assert all(set(day) == {"day"} for day in days)


def test_the_first_look_adds_up_and_the_second_reads(db: Database, cast: Cast) -> None:
    add_lead(db, cast)
    assert look(db, cast.owner, cast.workspace_id, "sales")["numbers"]["leads"] == {"new": 1}
    db.rows("update public.dashboards set numbers = '{\"kept\": true}' returning domain")
    assert look(db, cast.sales, cast.workspace_id, "sales")["numbers"] == {"kept": True}
    assert jobs(db) == []


def test_first_looks_at_the_same_moment(db: Database, cast: Cast) -> None:
    add_lead(db, cast)
    seen: list[Any] = []

    def one() -> None:
        seen.append(look(db, cast.owner, cast.workspace_id, "sales")["numbers"]["leads"])

    at_once(*[one] * 6)
    assert seen == [{"new": 1}] * 6


async def test_changes_renew_the_numbers_while_somebody_looks(db: Database, cast: Cast) -> None:
    add_lead(db, cast)
    assert jobs(db) == []  # nobody has looked yet
    look(db, cast.owner, cast.workspace_id, "sales")
    for number in range(20):
        add_lead(db, cast, f"Boat {number}")
    assert 1 <= len(jobs(db)) <= 2  # one for each two seconds
    assert jobs(db)[0] == (cast.workspace_id, {"domain": "sales"})
    await work_off(db)
    assert look(db, cast.sales, cast.workspace_id, "sales")["numbers"]["leads"] == {"new": 21}
    assert [set(payload) - {"id"} for payload in told(db)] == [{"domain", "computed_at"}]
    db.rows("update public.dashboards set watched_until = now() returning domain")
    before = len(jobs(db))
    add_lead(db, cast)
    assert len(jobs(db)) == before


async def test_old_numbers_are_renewed_behind_the_answer(db: Database, cast: Cast) -> None:
    look(db, cast.owner, cast.workspace_id, "service")
    old = "update public.dashboards set computed_at = now() - interval '61 seconds' returning computed_at"
    (before,) = db.rows(old)[0]
    assert look(db, cast.support, cast.workspace_id, "service")["computed_at"] == before
    await work_off(db)
    assert look(db, cast.support, cast.workspace_id, "service")["computed_at"] > before
    assert told(db) == []  # renewed, and nothing was different


def test_another_workspaces_changes_count_for_nothing(db: Database, cast: Cast) -> None:
    look(db, cast.owner, cast.workspace_id, "sales")
    other = db.value("select id from public.workspaces where created_by = %s", cast.stranger.user_id)
    insert = (
        "with c as (insert into public.contacts (workspace_id, name) values (%s, 'Bob') returning *)"
        " insert into public.leads (workspace_id, contact_id, interest)"
        " select workspace_id, id, 'x' from c returning id"
    )
    db.rows(insert, other)
    assert jobs(db) == []
