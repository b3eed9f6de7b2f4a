"""The platform's staff: what they may do with plans and tenants, and that each call is written down."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.billing.books import Books, Limit, add_plan
from tests.integration.billing.states import SUBSCRIPTION, apply, of, price_id
from tests.integration.billing.test_second_factor import at_level, enroll
from tests.integration.identity.calls import call, denied, refused
from tests.support.actors import Actor, Cast, give_plan
from tests.support.database import Database

TERMS: dict[str, Any] = {
    "name": "Team",
    "rank": 15,
    "currency": "usd",
    "monthly_amount": 4900,
    "spend_cap_amount": 1000,
    "queue_weight": 3,
    "limits": [
        {"metric": "requests", "included": 500, "overage_amount": 2, "overage_per": 1},
        {"metric": "seats", "included": 4},
    ],
    "entitlements": ["voice"],
}


@pytest.fixture
def helper(db: Database) -> Actor:
    """A support_user of the platform, member of nothing."""
    return staff(db, "support_user")


@pytest.fixture
def chief(db: Database) -> Actor:
    """A global_admin of the platform, member of nothing."""
    return staff(db, "global_admin")


def staff(db: Database, role: str) -> Actor:
    actor = db.sign_up(role.replace("_", "-"))
    db.admin.execute(
        "insert into app.platform_members (user_id, role) values (%s, %s)", (actor.user_id, role)
    )
    return actor


def listed(db: Database, actor: Actor, *arguments: Any) -> list[dict[str, Any]]:
    with db.as_user(actor) as cursor:
        marks = ", ".join(["%s"] * len(arguments))
        cursor.execute(f"select * from public.admin_list_tenants({marks})".encode(), arguments)
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def save(db: Database, actor: Actor, plan: str, **changes: Any) -> dict[str, Any]:
    with db.as_user(actor) as cursor:
        return call(cursor, "admin_save_plan", plan, Jsonb(TERMS | changes))


def give(
    db: Database, actor: Actor, workspace: object, plan: str | None, reason: str | None = "Agreed."
) -> None:
    with db.as_user(actor) as cursor:
        cursor.execute("select public.admin_set_plan(%s, %s, %s)", (workspace, plan, reason))


def audited(db: Database, action: str) -> list[tuple[Any, ...]]:
    return db.rows(
        "select workspace_id, actor_id, subject, detail from public.audit_log where action = %s order by id",
        action,
    )


def test_tenants_are_listed_with_plan_and_use(books: Books, cast: Cast, helper: Actor) -> None:
    books.use(quantity=3)
    (row,) = listed(books.db, helper, "the CAST")
    assert (row["workspace_id"], row["plan"], row["source"]) == (books.workspace_id, "enterprise", "admin")
    assert (row["members"], row["subscription_status"]) == (7, None)
    assert row["usage"]["requests"] == {"used": 3, "included": None, "overage_amount": 0}
    ((workspace, actor, _, detail),) = audited(books.db, "platform.tenants_listed")
    assert (workspace, actor, detail["search"]) == (None, helper.user_id, "the CAST")


def test_pages_hold_every_tenant_once(books: Books, helper: Actor) -> None:
    seen: list[object] = []
    after = None
    while page := listed(books.db, helper, None, None, after, 4):
        assert len(page) <= 4
        seen += [row["workspace_id"] for row in page]
        after = page[-1]["workspace_id"]
    assert sorted(seen, key=str) == [
        row[0] for row in books.db.rows("select id from public.workspaces order by id")
    ]


@pytest.mark.parametrize(("limit", "rows"), [(0, 1), (-5, 1), (None, 10), (10**6, 10)])
def test_a_page_has_bounds(books: Books, helper: Actor, limit: int | None, rows: int) -> None:
    """The cast's eight personal workspaces, the team's and the helper's."""
    assert len(listed(books.db, helper, None, None, None, limit)) == rows


@pytest.mark.parametrize("search", ["%", "_", "\\", "' or true --", "The_cast"])
def test_a_search_is_text(books: Books, helper: Actor, search: str) -> None:
    assert listed(books.db, helper, search) == []


def test_tenants_of_a_plan(books: Books, helper: Actor) -> None:
    assert [row["workspace_id"] for row in listed(books.db, helper, None, "enterprise")] == [
        books.workspace_id
    ]
    give_plan(books.db.admin, books.workspace_id, "free")
    assert listed(books.db, helper, None, "enterprise") == []


def test_a_plan_is_made_and_gets_versions(db: Database, chief: Actor) -> None:
    first = save(db, chief, "team")
    second = save(db, chief, "team", monthly_amount=5900, name="Team plus", limits=TERMS["limits"][1:])
    assert (first["version"], second["version"], first["created_by"]) == (1, 2, chief.user_id)
    assert db.value("select name from public.plans where plan = 'team'") == "Team plus"
    limits = (
        "select metric, included, overage_amount from public.plan_limits"
        " where plan_version_id = %s order by metric"
    )
    assert db.rows(limits, first["id"]) == [("requests", 500, 2), ("seats", 4, None)]
    assert db.rows(limits, second["id"]) == [("seats", 4, None)]
    versions = [(subject, detail["version"]) for _, _, subject, detail in audited(db, "platform.plan_saved")]
    assert versions == [("team", 1), ("team", 2)]


def test_what_runs_keeps_its_version(shop: Books, chief: Actor) -> None:
    apply(shop.db, of(SUBSCRIPTION, price_id=price_id("starter")))
    save(shop.db, chief, "starter", name="Starter", rank=10)
    assert shop.counter()["included"] == 2000


SEATS = {"metric": "seats", "included": 1}
BAD: list[dict[str, Any]] = [
    {"name": ""},
    {"name": None},
    {"rank": None},
    {"rank": 0},
    {"rank": "first"},
    {"currency": "USD"},
    {"currency": None},
    {"monthly_amount": -1},
    {"monthly_amount": 1.5},
    {"monthly_amount": 10**12},
    {"queue_weight": 0},
    {"spend_cap_amount": "all"},
    {"limits": None},
    {"limits": {}},
    {"limits": []},
    {"limits": [{"metric": "apples", "included": 1}, SEATS]},
    {"limits": [{"included": 1}, SEATS]},
    {"limits": [{"metric": "requests", "included": -1}, SEATS]},
    {"limits": [{"metric": "requests", "included": 1, "overage_amount": 1}, SEATS]},
    {"limits": [{"metric": "requests", "overage_amount": 1, "overage_per": 1}, SEATS]},
    {"limits": [{"metric": "requests", "included": 1, "overage_amount": 0, "overage_per": 1}, SEATS]},
    {"limits": [SEATS, SEATS]},
    {"limits": [{"metric": "seats", "included": 0}]},
    {"limits": [{"metric": "storage_bytes", "included": 1, "overage_amount": 1, "overage_per": 1}, SEATS]},
    {"entitlements": ["Voice!"]},
    {"entitlements": ["voice", "voice"]},
    {"entitlements": "voice"},
    {"is_public": "perhaps"},
]


@pytest.mark.parametrize("change", BAD)
def test_terms_that_are_none_leave_nothing(db: Database, chief: Actor, change: dict[str, Any]) -> None:
    with refused(400, "plan.terms_invalid"):
        save(db, chief, "team", **change)
    assert db.value("select count(*) from public.plans where plan = 'team'") == 0
    assert audited(db, "platform.plan_saved") == []


@pytest.mark.parametrize("key", [None, "", "Team", "a b"])
def test_keys_of_plans(db: Database, chief: Actor, key: str | None) -> None:
    with refused(400, "plan.terms_invalid"):
        save(db, chief, key)  # type: ignore[arg-type]


def test_a_plan_is_given_and_the_tenant_reads_why(books: Books, cast: Cast, chief: Actor) -> None:
    give(books.db, chief, books.workspace_id, "professional")
    assert books.counter()["plan"] == "professional"
    weight = books.db.value(
        "select weight from app.workspace_weights where workspace_id = %s", books.workspace_id
    )
    assert weight == 4
    entry = (books.workspace_id, chief.user_id, "professional", {"reason": "Agreed."})
    assert audited(books.db, "platform.plan_given") == [entry]
    readers = []
    for actor in (*cast.members(), cast.stranger, chief):
        with books.db.as_user(actor) as cursor:
            if cursor.execute(
                "select 1 from public.audit_log where action = 'platform.plan_given'"
            ).fetchall():
                readers.append(actor.name)
    assert readers == ["owner", "admin"]


def test_members_hear_of_another_plan(books: Books, chief: Actor) -> None:
    give(books.db, chief, books.workspace_id, "business")
    told = books.db.rows(
        "select payload ->> 'plan', private from realtime.messages where event = 'billing' and topic = %s"
        " order by inserted_at desc limit 1",
        f"workspace:{books.workspace_id}",
    )
    assert told == [("business", True)]


def test_what_cannot_be_given(shop: Books, chief: Actor) -> None:
    for plan in ("gold", None):
        with refused(400, "billing.unknown_plan"):
            give(shop.db, chief, shop.workspace_id, plan)
    for reason in (None, "", " \n", "x" * 501):
        with refused(400, "platform.reason_missing"):
            give(shop.db, chief, shop.workspace_id, "business", reason)
    with refused(404, "workspace.not_found"):
        give(shop.db, chief, "00000000-0000-0000-0000-000000000009", "business")
    apply(shop.db, of(SUBSCRIPTION, price_id=price_id("starter")))
    with refused(409, "billing.already_subscribed"):
        give(shop.db, chief, shop.workspace_id, "business")
    assert audited(shop.db, "platform.plan_given") == []


def test_support_looks_and_changes_nothing(books: Books, helper: Actor) -> None:
    with refused(403, "platform.forbidden"):
        save(books.db, helper, "team")
    with refused(403, "platform.forbidden"):
        give(books.db, helper, books.workspace_id, "business")


def test_a_global_admin_may_look_too(books: Books, chief: Actor) -> None:
    assert listed(books.db, chief, "The cast") != []


def test_others_are_refused_and_leave_no_trace(books: Books, cast: Cast) -> None:
    for actor in (cast.owner, cast.stranger):
        with refused(403, "platform.forbidden"):
            listed(books.db, actor)
        with refused(403, "platform.forbidden"):
            save(books.db, actor, "team")
        with refused(403, "platform.forbidden"):
            give(books.db, actor, books.workspace_id, "business")
    for enter in (books.db.as_anon, books.db.as_service):
        with denied(), enter() as cursor:
            cursor.execute("select * from public.admin_list_tenants()")
    assert books.db.value("select count(*) from public.audit_log") == 0


def test_staff_with_a_second_factor_use_it(books: Books, helper: Actor) -> None:
    enroll(books.db, helper)
    with refused(403, "auth.second_factor_required"):
        listed(books.db, helper)
    with at_level(books.db, helper, "aal2") as cursor:
        assert cursor.execute("select * from public.admin_list_tenants()").fetchall() != []


def test_nobody_changes_the_audit_log(books: Books, cast: Cast, chief: Actor) -> None:
    give(books.db, chief, books.workspace_id, "business")
    for actor in (cast.owner, chief):
        for statement in ("update public.audit_log set actor_id = null", "delete from public.audit_log"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), books.db.as_user(actor) as cursor:
                cursor.execute(statement.encode())


def test_the_audit_log_has_the_id_of_the_request(books: Books, cast: Cast) -> None:
    with books.db.as_user(cast.owner) as cursor:
        cursor.execute("select set_config('request.headers', %s, true)", ('{"x-request-id": "req-7"}',))
        cursor.execute("select public.set_spend_cap(%s, 5)", (books.workspace_id,))
    assert books.db.value("select request_id from public.audit_log") == "req-7"


def test_a_smaller_plan_than_is_used_is_given_and_shows(books: Books, chief: Actor) -> None:
    books.use(quantity=50)
    plan = books.db.value(
        "select plan from public.plan_versions where id = %s", add_plan(books.db, requests=Limit(10))
    )
    give(books.db, chief, books.workspace_id, plan)
    with pytest.raises(psycopg.Error) as caught:
        books.use()
    assert "50 of 10 requests used." in (caught.value.diag.message_primary or "")
