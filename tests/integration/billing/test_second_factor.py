"""Who has enrolled a second factor and not used it is shut out of money; nobody else notices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.billing.books import Books
from tests.integration.identity.calls import call, refused
from tests.matrix.world import World
from tests.support.actors import Actor, Cast
from tests.support.database import Cursor, Database

TABLES = (
    "usage_ledger",
    "billing_notices",
    "subscriptions",
    "invoices",
    "payments",
    "billing_sessions",
    "audit_log",
)
BACK = "https://app.example/back"
CALLS: dict[str, tuple[Any, ...]] = {
    "billing_usage": (),
    "set_spend_cap": (100,),
    "start_checkout": ("starter", "month", BACK, BACK),
    "buy_credit_pack": ("requests_1000", BACK, BACK),
    "open_portal": (BACK,),
    "change_plan": ("starter", "month"),
}


@pytest.fixture
def world(db: Database, cast: Cast) -> World:
    """A row in each table."""
    return World.seed(db, cast)


def enroll(db: Database, actor: Actor, status: str = "verified") -> None:
    """As Auth writes a factor."""
    owner = db.value(
        "select tableowner from pg_tables where schemaname = 'auth' and tablename = 'mfa_factors'"
    )
    with db.admin.transaction():
        db.admin.execute(f"set local role {owner}".encode())
        db.admin.execute(
            "insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)"
            " values (%s, %s, 'totp', %s, now(), now())",
            (uuid4(), actor.user_id, status),
        )


@contextmanager
def at_level(db: Database, actor: Actor, level: str | None) -> Iterator[Cursor]:
    claims = {name: value for name, value in actor.claims().items() if name != "aal"}
    with db.as_claims(claims if level is None else claims | {"aal": level}) as cursor:
        yield cursor


def seen(cursor: Cursor) -> set[str]:
    """Tables of which a row is seen."""
    return {
        table
        for table in TABLES
        if cursor.execute(f"select 1 from public.{table} limit 1".encode()).fetchall()
    }


@pytest.mark.parametrize("level", ["aal1", None, "aal3", ""])
def test_rows_are_not_seen_without_it(world: World, level: str | None) -> None:
    enroll(world.db, world.cast.owner)
    with at_level(world.db, world.cast.owner, level) as cursor:
        assert seen(cursor) == set()
        assert cursor.execute("select 1 from public.documents").fetchall() != []


def test_rows_are_seen_with_it(world: World) -> None:
    enroll(world.db, world.cast.owner)
    with at_level(world.db, world.cast.owner, "aal2") as cursor:
        assert seen(cursor) == set(TABLES)


def test_a_factor_that_was_never_verified_asks_for_nothing(world: World) -> None:
    enroll(world.db, world.cast.owner, "unverified")
    with at_level(world.db, world.cast.owner, "aal1") as cursor:
        assert seen(cursor) == set(TABLES)


def test_one_members_factor_is_none_of_anothers(world: World) -> None:
    enroll(world.db, world.cast.owner)
    with world.db.as_user(world.cast.admin) as cursor:
        assert seen(cursor) == set(TABLES) - {"billing_sessions"}


@pytest.mark.parametrize("function", CALLS)
def test_calls_are_refused_without_it(books: Books, cast: Cast, function: str) -> None:
    enroll(books.db, cast.owner)
    with refused(403, "auth.second_factor_required"), at_level(books.db, cast.owner, "aal1") as cursor:
        call(cursor, function, books.workspace_id, *CALLS[function])


@pytest.mark.parametrize("function", ["billing_usage", "set_spend_cap"])
def test_calls_are_answered_with_it(books: Books, cast: Cast, function: str) -> None:
    enroll(books.db, cast.owner)
    with at_level(books.db, cast.owner, "aal2") as cursor:
        call(cursor, function, books.workspace_id, *CALLS[function])


def test_who_lacks_the_permission_hears_that_first(books: Books, cast: Cast) -> None:
    enroll(books.db, cast.viewer)
    with refused(403, "workspace.forbidden"), at_level(books.db, cast.viewer, "aal1") as cursor:
        call(cursor, "billing_usage", books.workspace_id)


def test_everything_else_goes_on_without_it(books: Books, cast: Cast) -> None:
    enroll(books.db, cast.owner)
    with at_level(books.db, cast.owner, "aal1") as cursor:
        call(cursor, "ask", books.workspace_id, "When?")
        assert call(cursor, "has_entitlement", books.workspace_id, "voice")["has_entitlement"] is True


def test_users_of_another_issuer_are_asked_by_it(books: Books) -> None:
    """Clerk's subjects are no uuid and have no factor here."""
    claims = {"sub": "user_2abc", "iss": "https://clerk.example.test", "role": "authenticated"}
    with books.db.as_claims(claims) as cursor:
        workspace = call(cursor, "create_workspace", "From outside")["id"]
        assert call(cursor, "billing_usage", workspace)["plan"] == "free"
        assert cursor.execute("select count(*) from public.usage_ledger").fetchone() == (0,)
        assert cursor.execute("select app.second_factor_used()").fetchone() == (True,)
