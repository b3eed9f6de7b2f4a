"""A version never changes; what a plan switches on is one truth for policies, functions and the worker."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from tests.integration.billing.books import Books, Limit, add_plan, add_version
from tests.integration.identity.calls import call, denied, refused
from tests.support.actors import Actor, Cast, give_plan
from tests.support.database import Database

BACK = "https://app.example/back"


@pytest.mark.parametrize("table", ["plan_versions", "plan_limits", "plan_entitlements"])
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_what_was_sold_stays_what_it_was(db: Database, table: str, verb: str) -> None:
    column = {
        "plan_versions": "currency = 'eur'",
        "plan_limits": "included = 1",
        "plan_entitlements": "entitlement = 'x'",
    }
    statement = (
        f"update public.{table} set {column[table]}" if verb == "update" else f"delete from public.{table}"
    )
    with refused(409, "plan.version_immutable"):
        db.admin.execute(statement.encode())


def test_a_new_version_does_not_touch_who_bought_the_old_one(books: Books) -> None:
    books.subscribe(add_plan(books.db, requests=Limit(5), documents=Limit(7)))
    plan = books.counter()["plan"]
    newer = add_version(books.db, plan, requests=Limit(1))
    assert (books.counter()["included"], books.counter("documents")["included"]) == (5, 7)
    books.follow(newer, source="subscription")
    assert (books.counter()["included"], books.counter("documents")["included"]) == (1, 0)


def test_plan_free_is_its_newest_version(db: Database) -> None:
    actor = db.sign_up("new")
    mine = Books(db, db.value("select id from public.workspaces where created_by = %s", actor.user_id))
    assert mine.counter()["included"] == 100
    add_version(db, "free", requests=Limit(3))
    assert (mine.counter()["plan"], mine.counter()["included"]) == ("free", 3)


def test_the_price_list_is_for_everyone_but_for_plans_that_are_not_on_it(db: Database) -> None:
    version_id = add_plan(db, requests=Limit(1), entitlements=["secret"])
    db.admin.execute("update public.plans set is_public = false where rank > 100")
    db.admin.execute("update public.credit_packs set is_sold = false where pack = 'voice_1h'")
    with db.as_anon() as cursor:
        plans = cursor.execute("select plan from public.plans order by rank").fetchall()
        hidden = [
            cursor.execute(
                f"select 1 from public.{table} where {column} = %s".encode(), (version_id,)
            ).fetchall()
            for table, column in (
                ("plan_versions", "id"),
                ("plan_limits", "plan_version_id"),
                ("plan_entitlements", "plan_version_id"),
            )
        ]
        packs = cursor.execute("select pack from public.credit_packs").fetchall()
    assert [plan for (plan,) in plans] == ["free", "starter", "professional", "business", "enterprise"]
    assert hidden == [[], [], []]
    assert packs == [("requests_1000",)]


def answers(books: Books, cast: Cast, entitlement: str) -> dict[str, bool]:
    """What each of those who ask hears."""
    with books.db.as_worker() as cursor:
        worker = cursor.execute(
            "select app.has_entitlement(%s, %s)", (books.workspace_id, entitlement)
        ).fetchone()
    with books.db.as_user(cast.viewer) as cursor:
        member = cursor.execute(
            "select public.has_entitlement(%s, %s)", (books.workspace_id, entitlement)
        ).fetchone()
    assert worker is not None
    assert member is not None
    return {"worker": worker[0], "member": member[0]}


def sees_history(books: Books, actor: Actor) -> bool:
    with books.db.as_user(actor) as cursor:
        return bool(cursor.execute("select 1 from public.usage_ledger where metric = 'requests'").fetchall())


def may_buy(books: Books, actor: Actor) -> bool:
    try:
        with books.db.as_user(actor) as cursor:
            call(cursor, "buy_credit_pack", books.workspace_id, "requests_1000", BACK, BACK)
    except psycopg.Error as error:
        if error.diag.message_detail != "plan.not_entitled":
            raise
        return False
    return True


def sell(db: Database) -> None:
    db.admin.execute(
        "insert into app.stripe_prices (price_id, product_id, pack)"
        " values ('price_p', 'prod_p', 'requests_1000')"
    )


def test_everyone_hears_the_same_before_and_after_a_change_of_plan(books: Books, cast: Cast) -> None:
    sell(books.db)
    books.use()
    for plan, has in (("free", False), ("starter", True), ("free", False), ("business", True)):
        give_plan(books.db.admin, books.workspace_id, plan)
        assert sees_history(books, cast.owner) is has, plan
        assert may_buy(books, cast.owner) is has, plan
        for entitlement in ("usage.history", "credits.buy"):
            assert answers(books, cast, entitlement) == {"worker": has, "member": has}, plan


def test_an_entitlement_of_one_workspace_is_none_of_another(books: Books, cast: Cast) -> None:
    """The owner's personal workspace is on plan free."""
    personal: UUID = books.db.value(
        "select id from public.workspaces where created_by = %s and kind = 'personal'", cast.owner.user_id
    )
    books.use()
    Books(books.db, personal).use()
    with books.db.as_user(cast.owner) as cursor:
        seen = cursor.execute("select distinct workspace_id from public.usage_ledger").fetchall()
    assert seen == [(books.workspace_id,)]


def test_the_history_is_for_those_who_see_the_bills(books: Books, cast: Cast) -> None:
    books.use()
    seen = [actor.name for actor in (*cast.members(), cast.stranger) if sees_history(books, actor)]
    assert seen == ["owner", "admin"]


def test_only_members_ask_for_entitlements(books: Books, cast: Cast) -> None:
    with refused(404, "workspace.not_found"), books.db.as_user(cast.stranger) as cursor:
        call(cursor, "has_entitlement", books.workspace_id, "voice")
    with denied(), books.db.as_anon() as cursor:
        call(cursor, "has_entitlement", books.workspace_id, "voice")


def test_the_sums_are_for_every_plan_and_for_those_who_see_the_bills(books: Books, cast: Cast) -> None:
    books.use(quantity=2)
    give_plan(books.db.admin, books.workspace_id, "free")
    for actor in (cast.owner, cast.admin):
        with books.db.as_user(actor) as cursor:
            row = call(cursor, "billing_usage", books.workspace_id)
        assert (row["plan"], row["metric"], row["used"]) == ("free", "requests", 2)
    for actor, status, code in (
        (cast.editor, 403, "workspace.forbidden"),
        (cast.viewer, 403, "workspace.forbidden"),
        (cast.stranger, 404, "workspace.not_found"),
    ):
        with refused(status, code), books.db.as_user(actor) as cursor:
            call(cursor, "billing_usage", books.workspace_id)
