"""``lamina stripe`` on a real database and the offline twin of Stripe."""

from __future__ import annotations

from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.support.database import Database
from tests.support.stripe_events import snapshot
from tests.support.till import Till

DAY = 24 * 3600


@pytest.fixture
def workspace_id(db: Database) -> UUID:
    """Of a new user, on plan Free."""
    user = db.sign_up("Ada")
    found = db.value("select workspace_id from public.workspace_members where user_id = %s", user.user_id)
    assert isinstance(found, UUID)
    return found


def subscribe(till: Till, workspace_id: UUID) -> str:
    """Somebody pays for Starter, and no webhook arrives here."""
    assert till.run("plans", "push").exit_code == 0
    metadata = {"lamina_workspace": str(workspace_id)}
    customer = till.stripe.v1.customers.create({"name": "Ada", "metadata": metadata})
    page = till.stripe.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": till.price("lamina_starter_v1_month").id, "quantity": 1}],
            "success_url": "http://127.0.0.1/ok",
            "subscription_data": {"metadata": metadata},
        }
    )
    assert page.url is not None
    assert till.twin.press(page.url, "pay").status_code == 303
    (subscription,) = till.stripe.v1.subscriptions.list({"customer": customer.id}).data
    return subscription.id


def receive(db: Database, event: dict[str, object]) -> None:
    with db.as_service() as service:
        service.execute("select public.receive_stripe_event(%s)", (Jsonb(event),))


def plan_of(db: Database, workspace_id: UUID) -> str:
    return str(db.value("select plan from app.terms_of(%s)", workspace_id))


def test_reconcile_finds_what_no_webhook_told_and_mends_it(till: Till, workspace_id: UUID) -> None:
    subscription = subscribe(till, workspace_id)
    dry = till.read("stripe", "reconcile", "--dry-run", exit_code=1)
    assert (dry["dry_run"], dry["checked"]) == (True, 1)
    (drift,) = dry["drift"]
    assert drift == {
        "object_id": subscription,
        "kind": "subscription.missing",
        "ours": None,
        "theirs": "active",
        "mended": False,
    }
    assert plan_of(till.db, workspace_id) == "free"
    mended = till.read("stripe", "reconcile")
    assert [(each["kind"], each["mended"]) for each in mended["drift"]] == [
        ("subscription.missing", True),
        ("invoice.missing", True),
    ]
    assert plan_of(till.db, workspace_id) == "starter"
    assert till.db.value("select status from public.invoices") == "paid"
    again = till.run("stripe", "reconcile")
    assert (again.exit_code, again.stdout) == (0, "2 objects compared: no difference.\n")


def test_reconcile_says_what_it_cannot_mend(till: Till, workspace_id: UUID) -> None:
    subscribe(till, workspace_id)
    assert till.run("stripe", "reconcile").exit_code == 0
    till.db.admin.execute(
        "insert into public.subscriptions (workspace_id, stripe_subscription_id, status, anchor, observed_at)"
        " values (%s, 'sub_nowhere', 'active', now(), now())",
        (workspace_id,),
    )
    done = till.run("stripe", "reconcile")
    assert done.exit_code == 1
    first, last = done.stdout.strip().splitlines()
    assert first == "sub_nowhere  subscription.not_there: here active, there nothing  not mended"
    assert last == "2 objects compared: 1 differ, 0 mended."


def test_older_invoices_are_left_out(till: Till, workspace_id: UUID) -> None:
    till.twin.pass_time(-50 * DAY)
    subscribe(till, workspace_id)
    assert till.run("stripe", "reconcile").exit_code == 0
    assert till.read("stripe", "reconcile")["checked"] == 1
    found = till.read("stripe", "reconcile", "--days", "60")
    assert (found["checked"], [each["kind"] for each in found["drift"]]) == (2, ["invoice.missing"])


def test_events_with_what_became_of_them(till: Till) -> None:
    assert till.run("stripe", "events").stdout == "No events.\n"
    gone = snapshot("customer.deleted", {"id": "cus_1", "object": "customer"})
    idle = snapshot("account.updated", {"id": "acct_1", "object": "account"})
    receive(till.db, gone)
    receive(till.db, idle)
    newest, oldest = till.read("stripe", "events")
    assert (newest["event_id"], newest["outcome"], newest["job_id"]) == (idle["id"], "ignored", None)
    assert (oldest["event_id"], oldest["outcome"], oldest["job_status"]) == (gone["id"], None, "queued")
    assert [row["event_id"] for row in till.read("stripe", "events", "--open")] == [gone["id"]]
    assert [row["event_id"] for row in till.read("stripe", "events", "-n", "1")] == [idle["id"]]
    shown = till.run("stripe", "events").stdout
    for expected in ("customer.deleted", "cus_1", "queued", "ignored"):
        assert expected in shown


def test_a_failed_event_is_tried_again(till: Till) -> None:
    event = snapshot("customer.deleted", {"id": "cus_1", "object": "customer"})
    receive(till.db, event)
    job = till.db.value("select job_id from app.stripe_events")
    assert till.run("stripe", "retry", event["id"]).exit_code == 1
    till.db.admin.execute(
        "update public.jobs set status = 'failed', gate = 'closed', finished_at = now(),"
        " error_code = 'payments.rejected', error_message = 'No.' where id = %s",
        (job,),
    )
    assert "payments.rejected: No." in till.run("stripe", "events").stdout
    done = till.run("stripe", "retry", event["id"])
    assert (done.exit_code, done.stdout) == (0, f"{job}: queued\n")
    assert till.read("stripe", "events")[0]["job_status"] == "queued"


def test_an_event_without_a_job_is_one_line(till: Till) -> None:
    event = snapshot("customer.deleted", {"id": "cus_1", "object": "customer"})
    receive(till.db, event)
    till.db.admin.execute("delete from public.jobs")
    for name, says in ((event["id"], "lamina stripe reconcile"), ("evt_none", "No such event")):
        done = till.run("stripe", "retry", name)
        assert done.exit_code == 1
        assert says in done.stderr
        assert done.stderr.strip().count("\n") == 0


def test_without_a_key_it_is_one_line(till: Till) -> None:
    done = till.run("stripe", "reconcile", STRIPE_SECRET_KEY="")
    assert done.exit_code == 1
    assert "[payments.not_configured]" in done.stderr
    assert done.stderr.strip().count("\n") == 0
