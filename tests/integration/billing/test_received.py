"""Events at the door of the database: each stored once, with one job for what it is about."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.integration.billing.states import (
    NOON,
    SUBSCRIPTION,
    add_customer,
    apply,
    apply_event,
    of,
    receive,
    sell_everything,
)
from tests.integration.billing.test_quota_race import at_once
from tests.integration.identity.calls import denied, refused
from tests.support.actors import Cast
from tests.support.database import Database
from tests.support.stripe_events import snapshot, thin


def stored(db: Database, event: dict[str, Any]) -> tuple[Any, ...]:
    """What was kept: type and id of the object, customer, outcome."""
    ((*kept,),) = db.rows(
        "select object_type, object_id, customer_id, outcome from app.stripe_events where event_id = %s",
        event["id"],
    )
    return tuple(kept)


TARGETS = [
    (
        "customer.subscription.updated",
        {"id": "sub_1", "customer": "cus_1"},
        ("subscription", "sub_1", "cus_1"),
    ),
    (
        "customer.subscription.deleted",
        {"id": "sub_1", "customer": {"id": "cus_1"}},
        ("subscription", "sub_1", "cus_1"),
    ),
    (
        "customer.subscription.trial_will_end",
        {"id": "sub_1", "customer": "cus_1"},
        ("subscription", "sub_1", "cus_1"),
    ),
    ("invoice.paid", {"id": "in_1", "customer": "cus_1"}, ("invoice", "in_1", "cus_1")),
    ("invoice.upcoming", {"subscription": "sub_1", "customer": "cus_1"}, ("subscription", "sub_1", "cus_1")),
    (
        "invoice.upcoming",
        {"subscription": {"id": "sub_1"}, "customer": "cus_1"},
        ("subscription", "sub_1", "cus_1"),
    ),
    (
        "invoice.upcoming",
        {"parent": {"subscription_details": {"subscription": "sub_1"}}, "customer": "cus_1"},
        ("subscription", "sub_1", "cus_1"),
    ),
    ("invoice_payment.paid", {"id": "inpay_1", "invoice": "in_1"}, ("invoice", "in_1", None)),
    ("checkout.session.completed", {"id": "cs_1", "customer": "cus_1"}, ("checkout", "cs_1", "cus_1")),
    ("checkout.session.expired", {"id": "cs_1", "customer": None}, ("checkout", "cs_1", None)),
    ("payment_intent.payment_failed", {"id": "pi_1", "customer": "cus_1"}, ("payment", "pi_1", "cus_1")),
    ("charge.refunded", {"id": "ch_1", "customer": "cus_1"}, ("payment", "ch_1", "cus_1")),
    ("charge.dispute.closed", {"id": "dp_1"}, ("payment", "dp_1", None)),
    ("refund.updated", {"id": "re_1"}, ("payment", "re_1", None)),
    ("customer.deleted", {"id": "cus_1"}, ("customer", "cus_1", "cus_1")),
    ("product.updated", {"id": "prod_1"}, ("product", "prod_1", None)),
    ("price.updated", {"id": "price_1", "product": "prod_1"}, ("price", "price_1", None)),
]


@pytest.mark.parametrize(("kind", "about", "target"), TARGETS)
def test_what_an_event_tells_to_read(
    db: Database, kind: str, about: dict[str, Any], target: tuple[str, str, str | None]
) -> None:
    event = snapshot(kind, about)
    assert receive(db, event) == "stored"
    assert stored(db, event) == (*target, None)
    ((job_kind, args, ordering_key, workspace),) = db.rows(
        "select kind, args, ordering_key, workspace_id from public.jobs"
    )
    assert (job_kind, args, workspace) == ("billing.apply_event", {"event_id": event["id"]}, None)
    assert ordering_key == f"stripe:{target[2] or target[1]}"


def test_a_thin_event_is_about_itself(db: Database) -> None:
    event = thin("v1.billing.meter.error_report_triggered", {"id": "mtr_1", "type": "billing.meter"})
    assert receive(db, event) == "stored"
    assert stored(db, event) == ("meter_fault", event["id"], None, None)


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("account.updated", {"id": "acct_1"}),
        ("customer.source.created", {"id": "card_1"}),
        ("customer.tax_id.created", {"id": "txi_1", "customer": "cus_1"}),
        ("invoiceitem.created", {"id": "ii_1"}),
        ("v2.core.account.updated", {}),
        ("invoice.upcoming", {"customer": "cus_1"}),
        ("invoice.paid", {}),
        ("invoice.paid", {"id": "x" * 300}),
        ("invoice.paid", {"id": ""}),
    ],
)
def test_an_event_without_effect_is_kept_and_sets_off_nothing(
    db: Database, kind: str, about: dict[str, Any]
) -> None:
    event = snapshot(kind, about)
    assert receive(db, event) == "ignored"
    assert stored(db, event)[3] == "ignored"
    assert receive(db, event) == "duplicate"
    assert db.value("select count(*) from public.jobs") == 0


MALFORMED: list[Any] = [
    None,
    7,
    "evt_1",
    [],
    {},
    {"id": "evt_1"},
    {"type": "invoice.paid"},
    {"id": "", "type": "invoice.paid"},
    {"id": None, "type": "invoice.paid"},
    {"id": "evt_1", "type": ""},
    {"id": "e" * 256, "type": "invoice.paid"},
    {"id": "evt_1", "type": "x" * 256},
]


@pytest.mark.parametrize("event", MALFORMED)
def test_what_is_no_event_is_refused(db: Database, event: object) -> None:
    with refused(400, "stripe.event_malformed"):
        receive(db, event)
    assert db.value("select count(*) from app.stripe_events") == 0


@pytest.mark.parametrize("strange", [{"livemode": "perhaps"}, {"data": []}, {"data": {"object": "sub_1"}}])
def test_what_is_odd_breaks_nothing(db: Database, strange: dict[str, Any]) -> None:
    about = {"id": "in_1", "customer": ["cus_1"]}
    assert receive(db, snapshot("invoice.paid", about, **strange)) in ("stored", "ignored")


def test_twenty_deliveries_at_once_are_one_event(db: Database) -> None:
    event = snapshot("invoice.paid", {"id": "in_1", "customer": "cus_1"})
    outcomes: list[str] = []
    errors = at_once([lambda: outcomes.append(receive(db, event))] * 20)
    assert [error for error in errors if error] == []
    assert sorted(outcomes) == ["duplicate"] * 19 + ["stored"]
    assert db.value("select count(*) from public.jobs") == 1


def test_only_the_door_may_bring_events(db: Database, cast: Cast) -> None:
    for enter in (db.as_anon, partial(db.as_user, cast.owner), db.as_worker):
        with denied(), enter() as cursor:
            cursor.execute("select public.receive_stripe_event('{}')")


def skip(db: Database, event: dict[str, Any]) -> bool:
    with db.as_worker() as cursor:
        row = cursor.execute("select app.skip_stripe_event(%s)", (event["id"],)).fetchone()
    assert row is not None
    return bool(row[0])


@pytest.fixture
def customer(db: Database, cast: Cast) -> None:
    sell_everything(db)
    add_customer(db, cast.workspace_id)


@pytest.mark.usefixtures("customer")
def test_what_was_read_after_an_event_had_come_needs_no_reading(db: Database) -> None:
    first = snapshot("customer.subscription.updated", {"id": "sub_1", "customer": "cus_1"})
    second = snapshot("customer.subscription.updated", {"id": "sub_1", "customer": "cus_1"})
    receive(db, first)
    receive(db, second)
    assert not skip(db, first)
    assert apply_event(db, first["id"], SUBSCRIPTION) == "applied"
    assert skip(db, second)
    assert (stored(db, first)[3], stored(db, second)[3]) == ("applied", "superseded")
    third = snapshot("customer.subscription.updated", {"id": "sub_1", "customer": "cus_1"})
    receive(db, third)
    assert not skip(db, third)


@pytest.mark.usefixtures("customer")
def test_what_is_told_though_nothing_changed_is_read_always(db: Database) -> None:
    """A renewal ahead is told to people: reading the subscription before does not do that."""
    event = snapshot("invoice.upcoming", {"subscription": "sub_1", "customer": "cus_1"})
    receive(db, event)
    assert apply(db, SUBSCRIPTION, NOON + timedelta(days=10000)) == "applied"
    assert not skip(db, event)
    apply_event(db, event["id"], SUBSCRIPTION)
    assert db.rows("select kind from public.billing_notices") == [("renewal",)]


@pytest.mark.usefixtures("customer")
def test_one_notice_per_renewal_whatever_the_zone(db: Database) -> None:
    for zone in ("UTC", "Asia/Tokyo"):
        event = snapshot("invoice.upcoming", {"subscription": "sub_1", "customer": "cus_1"})
        receive(db, event)
        db.admin.execute(f"alter role lamina_worker in database {db.name} set timezone = '{zone}'".encode())
        apply_event(db, event["id"], SUBSCRIPTION)
    assert db.rows("select kind from public.billing_notices") == [("renewal",)]


def test_an_event_of_a_stranger_is_read_again_once_it_is_known_whose_it_is(db: Database, cast: Cast) -> None:
    """Read and not written, it must not make an older event look overtaken."""
    sell_everything(db)
    older = snapshot("customer.subscription.created", {"id": "sub_1", "customer": "cus_1"})
    newer = snapshot("customer.subscription.updated", {"id": "sub_1", "customer": "cus_1"})
    receive(db, older)
    receive(db, newer)
    assert apply_event(db, newer["id"], SUBSCRIPTION) == "unknown"
    assert stored(db, newer)[3] == "unknown"
    add_customer(db, cast.workspace_id)
    assert not skip(db, older)
    assert apply_event(db, older["id"], SUBSCRIPTION) == "applied"


def test_an_event_is_closed_once(db: Database) -> None:
    event = snapshot("invoice.paid", {"id": "in_1", "customer": "cus_1"})
    receive(db, event)
    assert apply_event(db, event["id"]) == "unknown"
    assert skip(db, event)
    closed = db.value("select applied_at from app.stripe_events")
    apply_event(db, event["id"], SUBSCRIPTION)
    assert db.value("select applied_at from app.stripe_events") == closed
    assert skip(db, {"id": "evt_nobody_knows"})


def test_events_are_forgotten_after_they_cannot_come_again(db: Database) -> None:
    ages = {"evt_old": 50, "evt_recent": 35, "evt_open": 50}
    for event_id, days in ages.items():
        receive(db, snapshot("invoice.paid", {"id": "in_1", "customer": "cus_1"}, id=event_id))
        db.admin.execute(
            "update app.stripe_events set received_at = now() - make_interval(days => %s),"
            " outcome = case when event_id <> 'evt_open' then 'applied' end where event_id = %s",
            (days, event_id),
        )
    apply(db, of(SUBSCRIPTION, workspace_id=None), NOON)
    with db.as_worker() as cursor:
        row = cursor.execute("select app.purge_stripe_events('1 day')").fetchone()
    assert row == (1,)
    left = db.rows("select event_id from app.stripe_events order by 1")
    assert left == [("evt_open",), ("evt_recent",)]
