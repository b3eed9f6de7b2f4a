"""A storm of webhooks: duplicates, other orders, many at once, replays under other ids, while Stripe's side
goes on changing. Afterwards all must be as if each event had come once, one after the other.

``python -m tests.integration.billing.storm [--subscriptions 50] [--deliveries 1000] [--seed 7]``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scripts.stack.settings import PROJECT, StackSettings
from scripts.stack.state import State
from scripts.stack.supervisor import delete_everything, start_detached, stop_running
from tests.integration.billing.histories import live, sell_pack
from tests.integration.billing.mirror import Mirror, Picture
from tests.integration.billing.sender import Event, Report, Sender
from tests.integration.billing.silent_stripe import KEY, Stripe, Twin, silent_stripe
from tests.support.clusters import state_folder

PLANS = ("starter", "professional", "business")
PACK, PACK_HOLDS = "requests_1000", 1000
SLOWEST_S, SHORT_S, LONGEST = 2.0, 0.5, timedelta(seconds=10)
THANKS, BACK = "https://example.test/thanks", "https://example.test/back"


@contextmanager
def platform() -> Iterator[tuple[State, Twin]]:
    """One of its own, with the real door and a real worker; and Stripe's twin beside it."""
    with state_folder() as folder, silent_stripe(folder) as twin, _environment(folder, twin.url):
        settings = StackSettings(lamina_port=0, lamina_db_port=0, lamina_state_dir=folder)
        try:
            state = start_detached(settings)
            subprocess.run(
                [sys.executable, "-m", "scripts.cli", "plans", "push"],
                cwd=PROJECT, check=True, capture_output=True,
            )  # fmt: skip
            yield state, twin
        finally:
            stop_running(settings)
            delete_everything(settings)


@contextmanager
def _environment(folder: Path, url: str) -> Iterator[None]:
    """Processes started within see this twin, as if it were the developer's own account."""
    before = dict(os.environ)
    os.environ |= {
        "LAMINA_STATE_DIR": str(folder),
        "LAMINA_LANES": "interactive=8,billing=16",
        "STRIPE_API_BASE": url,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": "whsec_storm",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


async def run(state: State, twin: Twin, *, subscriptions: int, deliveries: int, seed: int) -> Report:
    """The storm, then each event by itself from the same beginning; what differs is a problem."""
    stripe, mirror, sender = Stripe(twin.url), Mirror(state), Sender(state, seed)
    report = sender.report
    try:
        pages = await _open_pages(mirror, subscriptions)
        mirror.keep()
        twin.slowest_s = SLOWEST_S
        events = await _storm(stripe, mirror, sender, pages, deliveries)
        twin.slowest_s = 0.0
        stormy = mirror.picture()
        await _check_truth(stripe, mirror, report)
        await sender.replay_all(events)
        await mirror.settled()
        _compare("storm", stormy, "after everything was told again", mirror.picture(), report)
        _check_effects(mirror, report, sender.ids, len(pages[1]))
        mirror.put_back()
        for event in events:
            await sender.send("one by one", event)
            await mirror.settled()
        _compare("storm", stormy, "one by one", mirror.picture(), report)
        report.facts |= {"events": len(events), "subscriptions": len(stormy["public.subscriptions"])}
        report.facts |= {
            "invoices": len(stormy["public.invoices"]),
            "payments": len(stormy["public.payments"]),
        }
        return report
    finally:
        mirror.close()
        await sender.close()
        await stripe.close()


async def _open_pages(mirror: Mirror, subscriptions: int) -> tuple[list[str], list[str]]:
    """Checkouts of plans, each in a workspace of its own, and some of credit packs in others."""
    owner, buyers = mirror.new_workspaces(subscriptions)
    intervals = ("month", "year")
    sessions = [
        mirror.ask(owner, "start_checkout", workspace, PLANS[at % 3], intervals[at % 2], THANKS, BACK)
        for at, workspace in enumerate(buyers)
    ]
    owner, buyers = mirror.new_workspaces(max(4, subscriptions // 5), plan="starter")
    packs = [mirror.ask(owner, "buy_credit_pack", workspace, PACK, THANKS, BACK) for workspace in buyers]
    return await mirror.pages(sessions), await mirror.pages(packs)


async def _storm(
    stripe: Stripe, mirror: Mirror, sender: Sender, pages: tuple[list[str], list[str]], deliveries: int
) -> list[Event]:
    """Everything at the same time; gives the events in the order in which they happened.

    Half of the steps at Stripe wait until the worker has read what the one before has changed.
    """
    known: set[str] = set()
    events: list[Event] = []
    sending: list[asyncio.Task[None]] = []
    read_at: dict[str, datetime] = {}

    async def pause(changed: str) -> None:
        began, waits = datetime.now(UTC), random.random() < 0.5
        await asyncio.sleep(random.uniform(0, SHORT_S))
        while waits and read_at.get(changed, began) <= began and datetime.now(UTC) < began + LONGEST:
            await asyncio.sleep(0.02)

    async def watch() -> None:
        new = await stripe.everything("/v1/events", known)
        known.update(event["id"] for event in new)
        events.extend(new)
        sending.extend(asyncio.create_task(sender.send_somehow(event)) for event in new)
        read_at.update(mirror.read_at())
        await asyncio.sleep(0.05)

    histories = asyncio.gather(
        *(live(stripe, number, page, pause) for number, page in enumerate(pages[0])),
        *(sell_pack(stripe, number, page, pause) for number, page in enumerate(pages[1])),
    )
    while not histories.done():
        await watch()
    await histories
    await watch()
    await asyncio.gather(*sending)
    await sender.send_old_ones(events, deliveries - sender.report.sent.total())
    await mirror.settled()
    return events


def _check_effects(mirror: Mirror, report: Report, ids: set[str], packs: int) -> None:
    """Each event is kept once and has at most one job, each pack is given or taken back once."""
    kept = mirror.rows("select event_id, outcome, job_id from app.stripe_events")
    report.check({row["event_id"] for row in kept} == ids, "not every event is kept")
    open_ones = [row["event_id"] for row in kept if row["outcome"] is None]
    report.check(not open_ones, f"events stay open: {open_ones[:5]}")
    jobs = mirror.rows(
        "select args ->> 'event_id' as event_id, count(*) as jobs, bool_and(status = 'succeeded') as good,"
        " max(error_code) as error_code from public.jobs where kind = 'billing.apply_event' group by 1"
    )
    bad = [row for row in jobs if row["jobs"] != 1 or not row["good"]]
    report.check(not bad, f"not one successful job each: {bad[:5]}")
    given = mirror.rows("select remaining from app.credits order by remaining")
    wanted = [0] * (packs // 2) + [PACK_HOLDS] * (packs - packs // 2)
    report.check([row["remaining"] for row in given] == wanted, f"credits: {given}, not {wanted}")
    report.facts["kept"] = f"{len(kept):,} events, {len(jobs):,} jobs"


async def _check_truth(stripe: Stripe, mirror: Mirror, report: Report) -> None:
    """Subscriptions and invoices stand as they stand at Stripe."""
    theirs = await stripe.everything("/v1/subscriptions", status="all")
    ours = mirror.rows("select stripe_subscription_id as id, status from public.subscriptions")
    _same(
        report, "subscriptions", {s["id"]: s["status"] for s in theirs}, {s["id"]: s["status"] for s in ours}
    )
    invoices = await stripe.everything("/v1/invoices")
    held = mirror.rows("select stripe_invoice_id as id, status, total, amount_paid from public.invoices")
    terms = ("status", "total", "amount_paid")
    _same(
        report,
        "invoices",
        {each["id"]: [each[term] for term in terms] for each in invoices},
        {each["id"]: [each[term] for term in terms] for each in held},
    )


def _same(report: Report, what: str, theirs: dict[str, object], ours: dict[str, object]) -> None:
    differing = [id for id in {*theirs, *ours} if theirs.get(id) != ours.get(id)]
    shown = [(id, theirs.get(id), ours.get(id)) for id in differing[:3]]
    report.check(not differing, f"{len(differing)} {what} are not as at Stripe: {shown}")


def _compare(name: str, picture: Picture, other_name: str, other: Picture, report: Report) -> None:
    for table, rows in picture.items():
        odd = [row for row in rows if row not in other[table]]
        lost = [row for row in other[table] if row not in rows]
        report.check(rows == other[table], f"{table}: {name} {odd[:2]}, {other_name} {lost[:2]}")


def main() -> None:
    """Prints the report; exit code 1 when there is a problem."""
    parser = argparse.ArgumentParser(prog="storm")
    parser.add_argument("--subscriptions", type=int, default=50)
    parser.add_argument("--deliveries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    wishes = vars(parser.parse_args())
    with platform() as (state, twin):
        report = asyncio.run(run(state, twin, **wishes))
    print("\n".join(report.lines()))
    raise SystemExit(bool(report.problems))


if __name__ == "__main__":
    main()
