"""Overage goes out: each entry of the ledger once, in order, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from scripts.stack.settings import PROJECT
from tests.integration.billing.tap import Tap
from tests.integration.billing.their_side import Event
from tests.integration.billing.till import Till
from tests.integration.jobs.engine import until
from tests.support.offline_stripe import KEY

INCLUDED = 2000
METER = "POST /v1/billing/meter_events"


def outbox(till: Till) -> list[tuple[int, str, str | None]]:
    """Quantity, status and error of each entry, oldest first."""
    found = till.rows("select quantity, status, error_code from app.meter_events order by ledger_id")
    return [(row["quantity"], row["status"], row["error_code"]) for row in found]


def jobs(till: Till, status: str) -> list[dict[str, Any]]:
    query = "select * from public.jobs where kind = 'billing.send_meter_event' and status = %s order by id"
    return till.rows(query, status)


def has_ended(till: Till) -> bool:
    """Nothing is left to be sent."""
    return all(status != "pending" for _, status, _ in outbox(till))


async def test_the_meter_has_what_the_ledger_has(till: Till) -> None:
    await till.subscribe("starter")
    for quantity in (INCLUDED - 10, 4, 20, 1, 5):
        till.use(quantity)
    till.use(3600 + 90, "voice_seconds")
    await till.settle()
    assert outbox(till) == [(14, "sent", None), (1, "sent", None), (5, "sent", None), (90, "sent", None)]
    assert (till.stripe.metered("requests"), till.stripe.metered("voice_seconds")) == (20, 90)
    usage = {row["metric"]: row for row in till.call("billing_usage")}
    assert (usage["requests"]["overage"], usage["voice_seconds"]["overage"]) == (20, 90)
    (customer,) = {event["payload"]["stripe_customer_id"] for event in till.stripe.meter_events("requests")}
    assert customer == till.row("select customer_id from app.billing_customers")["customer_id"]
    sent = till.stripe.meter_events("requests")
    entries = till.rows(
        "select ledger_id, used_at from app.meter_events where metric = 'requests' order by 1"
    )
    assert [event["identifier"] for event in sent] == [
        f"{till.workspace_id}-{entry['ledger_id']}" for entry in entries
    ]
    assert [event["timestamp"] for event in sent] == [int(entry["used_at"].timestamp()) for entry in entries]


async def test_free_use_is_never_reported(till: Till) -> None:
    till.use(100)
    await till.subscribe("starter")
    till.use(INCLUDED)
    await till.settle()
    assert (outbox(till), till.stripe.metered("requests")) == ([], 0)


async def test_what_was_reported_before_counts_as_sent(till: Till) -> None:
    await till.subscribe("starter")
    entry = till.use(INCLUDED + 7)
    (row,) = till.rows("select customer_id from app.meter_events")
    payload = {"payload[stripe_customer_id]": row["customer_id"], "payload[value]": "7"}
    known = {"event_name": "lamina_requests", "identifier": f"{till.workspace_id}-{entry}"}
    till.stripe.post("billing/meter_events", **known, **payload)
    await till.settle()
    assert (outbox(till), till.stripe.metered("requests")) == ([(7, "sent", None)], 7)


async def test_what_is_too_old_fails_with_words(till: Till) -> None:
    await till.subscribe("starter")
    till.use(INCLUDED + 7)
    till.use(2)
    till.db.admin.execute(
        "update app.meter_events set used_at = now() - interval '36 days' where quantity = 7"
    )
    await till.settle()
    assert outbox(till) == [(7, "failed", "payments.meter_event_too_old"), (2, "sent", None)]
    failed = till.row("select error_message, sent_at from app.meter_events where status = 'failed'")
    assert (failed["error_message"], failed["sent_at"]) == (
        "Stripe takes usage of the last 35 days only.",
        None,
    )
    assert till.stripe.metered("requests") == 2
    assert "meter_failed" in till.notices()
    report = await till.reconcile()
    assert [(drift.kind, drift.ours, drift.mended) for drift in report.drift] == [
        ("meter_event.failed", "payments.meter_event_too_old", False)
    ]


async def test_one_call_at_a_time_for_a_customer_and_meter(till: Till, tap: Tap) -> None:
    await till.subscribe("starter")
    held = tap.trouble(METER)
    async with till.adapter(stripe_api_base=tap.url) as slow, till.working(slow), till.working(slow):
        for quantity in (INCLUDED + 1, 2, 3, 4):
            till.use(quantity)
        await until(held.met.is_set)
        till.use(3600 + 5, "voice_seconds")
        await until(lambda: till.stripe.metered("voice_seconds") == 5)
        till.stripe.rewrite("nobody", id="nobody", object="customer")
        till.feed([event("customer.updated", "nobody")])
        await until(lambda: till.row("select outcome from app.stripe_events where type = 'customer.updated'"
                                     " and object_id = 'nobody'")["outcome"] is not None)  # fmt: skip
        assert len(jobs(till, "running")) == 1, "all others had their chance"
        assert tap.counted(METER) == 1, "the one of the other meter"
        held.over.set()
        await until(lambda: has_ended(till))
    assert [int(sent["payload"]["value"]) for sent in till.stripe.meter_events("requests")] == [1, 2, 3, 4]


def event(kind: str, object_id: str) -> Event:
    """Of an object that is only named."""
    return {"id": f"evt_{kind}_{object_id}", "type": kind, "data": {"object": {"id": object_id}}}


@pytest.mark.parametrize("outage", ["503", "500", "silence", "no connection"])
async def test_an_outage_rests_the_provider_and_burns_no_attempt(till: Till, tap: Tap, outage: str) -> None:
    await till.subscribe("starter")
    trouble = tap.trouble(METER, times=99, status=int(outage) if outage.isdecimal() else None)
    changes: dict[str, Any] = {"stripe_api_base": tap.url, "lamina_payments_timeout_seconds": 0.3}
    if outage == "no connection":
        changes["stripe_api_base"] = "http://127.0.0.1:1"
    for quantity in (INCLUDED + 1, 2, 3):
        till.use(quantity)
    async with till.adapter(**changes) as away, till.working(away):
        paused = (
            "select paused_until - now() as rest, reason from app.provider_pauses where provider = 'payments'"
        )
        await until(lambda: bool(till.rows(paused)))
        await until(lambda: jobs(till, "running") == [])
        session_id = till.open_portal()
    pause = till.row(paused)
    assert 10 < pause["rest"].total_seconds() <= 20
    assert pause["reason"].startswith("Stripe ")
    waiting = jobs(till, "queued")
    assert [job["attempts"] for job in waiting] == [0, 0, 0]
    assert {status for _, status, _ in outbox(till)} == {"pending"}
    assert till.session(session_id)["status"] == "pending", "nothing of this provider is begun meanwhile"
    assert trouble.met.is_set() == (outage != "no connection")

    pass_time(till)
    await till.work_off()
    assert {status for _, status, _ in outbox(till)} == {"sent"}
    assert (till.stripe.metered("requests"), till.session(session_id)["status"]) == (6, "open")


def pass_time(till: Till) -> None:
    """The rest is over."""
    till.db.admin.execute("update app.provider_pauses set paused_until = now()")
    till.db.admin.execute("update public.jobs set run_at = now() where gate <> 'closed'")


async def test_a_worker_is_killed_between_sending_and_writing(till: Till, tap: Tap) -> None:
    await till.subscribe("starter")
    till.use(INCLUDED + 9)
    cut = tap.trouble(METER, is_done_first=True)
    victim = spawn(till, tap)
    try:
        await until(cut.met.is_set, 40)
    finally:
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
    cut.over.set()
    assert (till.stripe.metered("requests"), outbox(till)) == (9, [(9, "pending", None)])
    async with till.adapter(stripe_api_base=tap.url) as survivor:
        await till.work_off(survivor)
    assert (till.stripe.metered("requests"), outbox(till)) == (9, [(9, "sent", None)])
    keys = [key for request, key in tap.requests if request == METER]
    assert len(keys) == 2, "asked twice"
    assert len(set(keys)) == 1, "by the same name"


def spawn(till: Till, tap: Tap) -> subprocess.Popen[bytes]:
    """The worker as it is deployed."""
    at = conninfo_to_dict(till.db.dsn())
    settings = {
        "LAMINA_DB_URL": f"postgresql://lamina_worker:trusted@127.0.0.1:{at['port']}/{at['dbname']}",
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_SECRET_KEY": "sb_secret_of_nobody",
        "STRIPE_API_BASE": tap.url,
        "STRIPE_SECRET_KEY": KEY,
        "LAMINA_LEASE_SECONDS": "2",
        "LAMINA_LANES": "billing=2",
    }
    command = [sys.executable, "-m", "worker"]
    return subprocess.Popen(command, cwd=PROJECT, env=os.environ | settings, stdout=subprocess.DEVNULL)


async def test_a_wrong_key_is_mended_by_a_person(till: Till) -> None:
    await till.subscribe("starter")
    till.use(INCLUDED + 9)
    async with till.adapter(stripe_secret_key=SecretStr("sk_test_offline_of_another")) as wrong:
        await till.work_off(wrong)
    assert outbox(till) == [(9, "failed", "provider.unauthorised")]
    assert till.notices().count("meter_failed") == 1
    (job,) = jobs(till, "failed")
    till.db.admin.execute("select app.restart_job(%s)", (job["id"],))
    await till.work_off()
    assert (outbox(till), till.stripe.metered("requests")) == ([(9, "sent", None)], 9)


async def thin_event(till: Till) -> Event:
    """What Stripe tells of a meter event that it dropped."""

    def found() -> list[Event]:
        bodies = [json.loads(body) for body, _ in till.stripe.twin.receiver.requests]
        return [body for body in bodies if body["object"] == "v2.core.event"]

    await until(lambda: bool(found()))
    return found()[0]


async def lose_customer(till: Till) -> None:
    """At Stripe; the event has not come in."""
    (row,) = till.rows("select customer_id from app.billing_customers")
    till.stripe.delete(f"customers/{row['customer_id']}")


async def test_what_stripe_drops_afterwards_is_failed_with_its_reason(till: Till) -> None:
    await till.subscribe("starter")
    await lose_customer(till)
    till.use(INCLUDED + 9)
    await till.work_off()
    assert outbox(till) == [(9, "sent", None)]
    till.feed([await thin_event(till)])
    await till.work_off()
    assert outbox(till) == [(9, "failed", "payments.meter_event_refused")]
    assert (
        till.row("select error_message from app.meter_events")["error_message"] == "There is 1 invalid event."
    )
    assert till.notices().count("meter_failed") == 1


async def test_the_reason_may_be_here_before_the_answer(till: Till, tap: Tap) -> None:
    await till.subscribe("starter")
    await lose_customer(till)
    till.use(INCLUDED + 9)
    cut = tap.trouble(METER, is_done_first=True)
    async with till.adapter(stripe_api_base=tap.url) as slow, till.working(slow):
        await until(cut.met.is_set)
        till.feed([await thin_event(till)])
        await until(lambda: outbox(till)[0][1] == "failed")
        cut.over.set()
        await until(till.is_idle)
    assert outbox(till) == [(9, "failed", "payments.meter_event_refused")]
