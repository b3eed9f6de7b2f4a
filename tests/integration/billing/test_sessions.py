"""What those who pay begin: a row and a job, once per key, for those who may pay only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.integration.billing.books import Books
from tests.integration.billing.states import SUBSCRIPTION, apply, of, price_id
from tests.integration.billing.test_quota_race import at_once
from tests.integration.identity.calls import call, denied, refused
from tests.support.actors import Actor, Cast, give_plan
from tests.support.database import Database

PAID, BACK = "https://app.example/paid", "https://app.example/prices"
BEGIN: dict[str, tuple[Any, ...]] = {
    "start_checkout": ("starter", "month", PAID, BACK),
    "buy_credit_pack": ("requests_1000", PAID, BACK),
    "open_portal": (BACK,),
    "change_plan": ("professional", "year"),
}


def begin(shop: Books, actor: Actor, function: str = "start_checkout", *arguments: Any) -> dict[str, Any]:
    with shop.db.as_user(actor) as cursor:
        return call(cursor, function, shop.workspace_id, *(arguments or BEGIN[function]))


def subscribe(shop: Books, status: str = "active") -> None:
    apply(shop.db, of(SUBSCRIPTION, price_id=price_id("starter"), status=status))


def ready(shop: Books, function: str) -> None:
    """What must be so for the call to be answered."""
    if function == "buy_credit_pack":
        give_plan(shop.db.admin, shop.workspace_id, "starter")
    if function == "change_plan":
        subscribe(shop)


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("start_checkout", "checkout"),
        ("buy_credit_pack", "credit_pack"),
        ("open_portal", "portal"),
        ("change_plan", "change"),
    ],
)
def test_it_begins_with_a_row_a_job_and_a_line_in_the_audit_log(
    shop: Books, cast: Cast, function: str, kind: str
) -> None:
    ready(shop, function)
    row = begin(shop, cast.owner, function)
    assert (row["kind"], row["status"], row["url"]) == (kind, "pending", None)
    jobs = shop.db.rows(
        "select id, subject_id, workspace_id, created_by, ordering_key from public.jobs"
        " where kind = 'billing.open_session'"
    )
    key = f"sessions:{shop.workspace_id}"
    assert jobs == [(row["job_id"], row["id"], shop.workspace_id, cast.owner.user_id, key)]
    audited = shop.db.rows(
        "select actor_id, subject from public.audit_log where action = 'billing.session_begun'"
    )
    assert audited == [(cast.owner.user_id, str(row["id"]))]


@pytest.mark.parametrize("function", BEGIN)
def test_only_those_who_may_pay_begin_it(shop: Books, cast: Cast, function: str) -> None:
    ready(shop, function)
    for actor in cast.members():
        if actor is not cast.owner:
            with refused(403, "workspace.forbidden"):
                begin(shop, actor, function)
    with refused(404, "workspace.not_found"):
        begin(shop, cast.stranger, function)
    for enter in (shop.db.as_anon, shop.db.as_service):
        with denied(), enter() as cursor:
            call(cursor, function, shop.workspace_id, *BEGIN[function])
    assert shop.db.value("select count(*) from public.billing_sessions") == 0


def test_only_those_who_may_pay_see_its_address(shop: Books, cast: Cast) -> None:
    begin(shop, cast.owner)
    seen = []
    for actor in (*cast.members(), cast.stranger):
        with shop.db.as_user(actor) as cursor:
            if cursor.execute("select url from public.billing_sessions").fetchall():
                seen.append(actor.name)
    assert seen == ["owner"]


def test_a_key_begins_one_session_however_often_it_comes(shop: Books, cast: Cast) -> None:
    found: list[UUID] = []

    def once() -> None:
        found.append(begin(shop, cast.owner, "start_checkout", *BEGIN["start_checkout"], "key")["id"])

    assert [error for error in at_once([once] * 8) if error] == []
    assert len(set(found)) == 1
    assert shop.db.value("select count(*) from public.jobs where kind = 'billing.open_session'") == 1
    with refused(409, "billing.idempotency_conflict"):
        begin(shop, cast.owner, "start_checkout", "professional", "month", PAID, BACK, "key")
    for key in ("", "x" * 201):
        with refused(400, "billing.bad_idempotency_key"):
            begin(shop, cast.owner, "start_checkout", *BEGIN["start_checkout"], key)


def test_a_call_repeated_after_it_was_paid_is_answered_as_before(shop: Books, cast: Cast) -> None:
    first = begin(shop, cast.owner, "start_checkout", *BEGIN["start_checkout"], "key")
    subscribe(shop)
    assert begin(shop, cast.owner, "start_checkout", *BEGIN["start_checkout"], "key")["id"] == first["id"]
    with refused(409, "billing.already_subscribed"):
        begin(shop, cast.owner, "start_checkout", *BEGIN["start_checkout"], "another")


def test_a_key_is_the_workspaces_own(shop: Books, cast: Cast) -> None:
    with shop.db.as_user(cast.owner) as cursor:
        other = call(cursor, "create_workspace", "Other")["id"]
        mine = call(cursor, "start_checkout", shop.workspace_id, *BEGIN["start_checkout"], "key")["id"]
        theirs = call(cursor, "start_checkout", other, *BEGIN["start_checkout"], "key")["id"]
    assert mine != theirs


@pytest.mark.parametrize("status", ["trialing", "active", "past_due", "unpaid", "paused"])
def test_no_second_subscription(shop: Books, cast: Cast, status: str) -> None:
    subscribe(shop, status)
    with refused(409, "billing.already_subscribed"):
        begin(shop, cast.owner)


@pytest.mark.parametrize("status", ["canceled", "incomplete", "incomplete_expired"])
def test_after_the_end_a_new_one(shop: Books, cast: Cast, status: str) -> None:
    subscribe(shop, status)
    with refused(409, "billing.not_subscribed"):
        begin(shop, cast.owner, "change_plan")
    assert begin(shop, cast.owner)["status"] == "pending"


@pytest.mark.parametrize(
    ("plan", "interval", "status", "code"),
    [
        ("gold", "month", 400, "billing.unknown_plan"),
        (None, "month", 400, "billing.unknown_plan"),
        ("starter", "week", 400, "billing.unknown_plan"),
        ("starter", None, 400, "billing.unknown_plan"),
        ("free", "month", 409, "billing.not_for_sale"),
        ("enterprise", "year", 409, "billing.not_for_sale"),
        ("hidden", "month", 400, "billing.unknown_plan"),
    ],
)
def test_what_is_not_sold(
    shop: Books, cast: Cast, plan: str | None, interval: str | None, status: int, code: str
) -> None:
    shop.db.admin.execute(
        "insert into public.plans (plan, name, rank, is_public) values ('hidden', 'Hidden', 99, false)"
    )
    shop.db.admin.execute(
        "insert into public.plan_versions (plan, version, currency, monthly_amount)"
        " values ('hidden', 1, 'usd', 1)"
    )
    with refused(status, code):
        begin(shop, cast.owner, "start_checkout", plan, interval, PAID, BACK)


def test_a_version_not_pushed_to_stripe_yet_is_not_sold(shop: Books, cast: Cast) -> None:
    """The older one is not sold instead."""
    shop.db.admin.execute(
        "insert into public.plan_versions (plan, version, currency) values ('starter', 2, 'usd')"
    )
    with refused(409, "billing.not_for_sale"):
        begin(shop, cast.owner)


@pytest.mark.parametrize("pack", ["nothing", None, "voice_1h"])
def test_a_pack_that_is_not_sold(shop: Books, cast: Cast, pack: str | None) -> None:
    ready(shop, "buy_credit_pack")
    shop.db.admin.execute("update public.credit_packs set is_sold = false where pack = 'voice_1h'")
    with refused(400, "billing.unknown_pack"):
        begin(shop, cast.owner, "buy_credit_pack", pack, PAID, BACK)


@pytest.mark.parametrize(
    "address", [None, "", "app.example", "javascript:alert(1)", "ftp://app.example", "https://"]
)
def test_addresses_to_come_back_to_are_full_ones(shop: Books, cast: Cast, address: str | None) -> None:
    give_plan(shop.db.admin, shop.workspace_id, "starter")
    for function, arguments in (
        ("start_checkout", ("starter", "month", address, BACK)),
        ("start_checkout", ("starter", "month", PAID, address)),
        ("buy_credit_pack", ("requests_1000", address, BACK)),
        ("buy_credit_pack", ("requests_1000", PAID, address)),
        ("open_portal", (address,)),
    ):
        with refused(400, "billing.bad_address"):
            begin(shop, cast.owner, function, *arguments)


def test_the_portal_is_for_customers(shop: Books, cast: Cast) -> None:
    shop.db.admin.execute("update app.billing_customers set deleted_at = now()")
    with refused(409, "billing.no_customer"):
        begin(shop, cast.owner, "open_portal")


def in_session(db: Database, session_id: UUID) -> tuple[Any, ...]:
    ((*found,),) = db.rows(
        "select status, error_code, error_message from public.billing_sessions where id = %s", session_id
    )
    return tuple(found)


def fail(db: Database, job_id: int, code: str = "payments.refused") -> None:
    """As the worker ends a job for good."""
    with db.as_worker() as cursor:
        row = cursor.execute(
            "select attempts from app.claim_jobs('w', '{interactive}', '{10}', '{billing.open_session}', 30)"
        ).fetchone()
        assert row is not None
        cursor.connection.commit()
        ended = cursor.execute(
            "select app.finish_jobs('w', %s, %s, '{fail}', %s, '{No.}', '{null}')",
            ([job_id], [row[0]], [code]),
        ).fetchall()
    assert ended == [(job_id,)]


def test_a_job_that_failed_shows_in_the_session_and_a_retry_begins_it_anew(shop: Books, cast: Cast) -> None:
    row = begin(shop, cast.owner)
    fail(shop.db, row["job_id"])
    assert in_session(shop.db, row["id"]) == ("failed", "payments.refused", "No.")
    with shop.db.as_user(cast.owner) as cursor:
        call(cursor, "retry_job", row["job_id"])
    assert in_session(shop.db, row["id"]) == ("pending", None, None)


@pytest.mark.parametrize("function", ["cancel_job", "delete_job"])
def test_a_job_that_was_stopped_shows_in_the_session(shop: Books, cast: Cast, function: str) -> None:
    row = begin(shop, cast.owner)
    with shop.db.as_user(cast.owner) as cursor:
        cursor.execute(f"select public.{function}(%s)".encode(), (row["job_id"],))
    assert in_session(shop.db, row["id"])[:2] == ("failed", "job.cancelled")


def test_who_may_retry_jobs_may_not_therefore_pay(shop: Books, cast: Cast) -> None:
    """An admin holds jobs.manage and not billing.manage."""
    row = begin(shop, cast.owner)
    fail(shop.db, row["job_id"])
    with refused(403, "workspace.forbidden"), shop.db.as_user(cast.admin) as cursor:
        call(cursor, "retry_job", row["job_id"])
    assert in_session(shop.db, row["id"])[0] == "failed"
    shop.db.admin.execute("select app.restart_job(%s)", (row["job_id"],))
    assert in_session(shop.db, row["id"])[0] == "pending"


def test_what_is_open_does_not_fail_afterwards(shop: Books, cast: Cast) -> None:
    row = begin(shop, cast.owner)
    with shop.db.as_worker() as cursor:
        cursor.execute(
            "select app.session_opened(%s, 'cs_1', 'https://pay.example', now(), 'open')", (row["id"],)
        )
    fail(shop.db, row["job_id"])
    assert in_session(shop.db, row["id"]) == ("open", None, None)


def test_who_began_it_hears_of_each_step_without_the_address(shop: Books, cast: Cast) -> None:
    row = begin(shop, cast.owner)
    with shop.db.as_worker() as cursor:
        cursor.execute(
            "select app.session_opened(%s, 'cs_1', 'https://pay.example', now(), 'open')", (row["id"],)
        )
    ((topic, payload, private),) = shop.db.rows(
        "select topic, payload, private from realtime.messages where event = 'billing_session'"
    )
    assert (topic, private) == (f"user:{cast.owner.user_id}", True)
    assert (payload["id"], payload["status"]) == (str(row["id"]), "open")
    assert "pay.example" not in str(payload)


def test_nobody_writes_sessions_by_hand(shop: Books, cast: Cast) -> None:
    begin(shop, cast.owner)
    for statement in (
        "update public.billing_sessions set status = 'complete'",
        "delete from public.billing_sessions",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), shop.db.as_user(cast.owner) as cursor:
            cursor.execute(statement.encode())
