"""The hot statements stay quick among many tenants: each is a few steps into an index."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.integration.billing.books import Books, add_kind
from tests.integration.billing.test_staff import staff
from tests.support.clusters import migrated_template
from tests.support.database import fresh_database

TENANTS, ENTRIES = 3000, 60_000
CROWD = f"""
insert into public.workspaces (name, kind)
select 'Tenant ' || n, 'team' from generate_series(1, {TENANTS}) as n;
insert into public.usage_ledger (workspace_id, metric, quantity, status, period_start, job_id)
select w.id, 'requests', 1, 'committed', date_trunc('month', now()), n
from generate_series(1, {ENTRIES}) as n
join (select id, row_number() over () as place from public.workspaces) as w on w.place = 1 + n % {TENANTS};
insert into app.usage_counters (workspace_id, metric, period_start, period_end, committed)
select w.id, m.metric, s, s + interval '1 month', 1
from public.workspaces as w, public.billing_metrics as m,
  generate_series(now() - interval '5 months', now(), interval '1 month') as s;
insert into public.billing_notices (workspace_id, kind, dedupe_key)
select w.id, 'limit_80', n::text from public.workspaces as w, generate_series(1, 10) as n;
insert into public.billing_sessions (workspace_id, kind, created_by, stripe_payment_id, stripe_session_id)
select w.id, 'portal', gen_random_uuid(), 'pi_' || w.id, 'cs_' || w.id from public.workspaces as w;
insert into app.stripe_events (event_id, type, object_id, outcome)
select 'evt_' || n, 'invoice.paid', 'in_' || n, 'applied' from generate_series(1, 20000) as n;
insert into app.stripe_objects select 'in_' || n, now() from generate_series(1, 20000) as n;
insert into public.audit_log (workspace_id, action) select w.id, 'plan.given' from public.workspaces as w;
"""

STATEMENTS = {
    "a job's entries": "select * from public.usage_ledger where job_id = 77 order by metric",
    "one entry": "update public.usage_ledger set status = 'released' where id = 77 and status = 'reserved'",
    "a workspace's counters": (
        "select from app.usage_counters where workspace_id = %(workspace)s and reserved > 0"
        " and period_start > '-infinity' order by metric, period_start for no key update"
    ),
    "one counter": (
        "update app.usage_counters set reserved = reserved + 1 where workspace_id = %(workspace)s"
        " and metric = 'requests' and period_start = '-infinity'"
    ),
    "its ledger": (
        "select * from public.usage_ledger where workspace_id = %(workspace)s and metric = 'requests'"
        " order by period_start desc, id desc limit 50"
    ),
    "its notices": "select * from public.billing_notices where workspace_id = %(workspace)s",
    "its audit log": (
        "select * from public.audit_log where workspace_id = %(workspace)s order by id desc limit 50"
    ),
    "a payment's session": "select * from public.billing_sessions where stripe_payment_id = 'pi_1'",
    "a page's session": (
        "select * from public.billing_sessions where id = %(workspace)s or stripe_session_id = 'cs_1'"
    ),
    "an event": "select app.skip_stripe_event(event_id) from app.stripe_events where event_id = 'evt_7'",
    "a page of tenants": (
        "select w.id from public.workspaces as w where w.id > %(workspace)s order by w.id limit 50"
    ),
    "its terms": "select * from app.terms_of(%(workspace)s)",
}


@pytest.fixture(scope="module")
def crowd() -> Iterator[Books]:
    """One of many tenants."""
    with fresh_database(template=migrated_template()) as db:
        db.admin.execute(CROWD.encode())
        db.admin.execute("vacuum analyze")
        add_kind(db)
        yield Books(db, db.value("select id from public.workspaces order by id limit 1"))


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_table_is_read_as_a_whole(crowd: Books, name: str) -> None:
    with crowd.db.admin.transaction(force_rollback=True):
        rows = crowd.db.admin.execute(
            b"explain (analyze, buffers, timing off) " + STATEMENTS[name].encode(),
            {"workspace": crowd.workspace_id},
        ).fetchall()
    plan = "\n".join(row[0] for row in rows)
    scanned = set(re.findall(r"Seq Scan on (\w+)", plan))
    assert scanned <= {"plan_versions", "plans", "plan_limits"}, plan


def pages_read(crowd: Books, statement: str) -> int:
    """Buffers that a whole call touches, functions and triggers included."""
    with crowd.db.admin.transaction(force_rollback=True):
        rows = crowd.db.admin.execute(
            f"explain (analyze, buffers, timing off) {statement}".encode(), {"workspace": crowd.workspace_id}
        ).fetchall()
    touched = re.search(r"shared hit=(\d+)(?: read=(\d+))?", "\n".join(row[0] for row in rows))
    assert touched is not None
    return int(touched[1]) + int(touched[2] or 0)


@pytest.mark.parametrize(
    ("statement", "most"),
    [
        ("select app.consume(%(workspace)s, 'requests', 1)", 300),
        ("select * from app.usage_of(%(workspace)s)", 300),
        ("select app.has_entitlement(%(workspace)s, 'voice')", 60),
    ],
)
def test_a_call_touches_few_pages(crowd: Books, statement: str, most: int) -> None:
    crowd.db.admin.execute("discard plans")
    pages_read(crowd, statement)
    assert pages_read(crowd, statement) < most


def test_the_whole_ledger_would_be_more(crowd: Books) -> None:
    assert pages_read(crowd, "select sum(quantity) from public.usage_ledger") > 500


def test_a_page_of_tenants_costs_its_rows(crowd: Books) -> None:
    """Not the number of tenants."""
    helper = staff(crowd.db, "support_user")
    crowd.db.admin.execute("analyze public.workspaces")
    with crowd.db.as_user(helper) as cursor:
        cursor.execute(
            "explain (analyze, buffers, timing off) select * from public.admin_list_tenants(p_limit => 20)"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    touched = re.search(r"shared hit=(\d+)", plan)
    assert touched is not None
    assert int(touched[1]) < 20 * 250, plan
