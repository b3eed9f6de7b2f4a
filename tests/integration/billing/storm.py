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
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.stack.settings import PROJECT, StackSettings
from scripts.stack.state import State
from scripts.stack.supervisor import delete_everything, start_detached, stop_running
from tests.integration.billing.histories import live, sell_pack
from tests.integration.billing.mirror import Mirror, Picture
from tests.integration.billing.sender import Event, Report, Sender
from tests.integration.billing.silent_stripe import KEY, Stripe, silent_stripe

PLANS = ("starter", "professional", "business")
PACK, PACK_HOLDS = "requests_1000", 1000
THANKS, BACK = "https://example.test/thanks", "https://example.test/back"


@contextmanager
def platform() -> Iterator[tuple[State, str]]:
    """One of its own, with the real door and a real worker; and the address of Stripe's twin beside it."""
    with tempfile.TemporaryDirectory(prefix="lamina-storm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        with silent_stripe(folder) as url, _environment(folder, url):
            settings = StackSettings(lamina_port=0, lamina_db_port=0, lamina_state_dir=folder)
            try:
                state = start_detached(settings)
                subprocess.run(
                    [sys.executable, "-m", "scripts.cli", "plans", "push"],
                    cwd=PROJECT, check=True, capture_output=True,
                )  # fmt: skip
                yield state, url
            finally:
                stop_running(settings)
                delete_everything(settings)


@contextmanager
def _environment(folder: Path, url: str) -> Iterator[None]:
    """Processes started within see this twin, as if it were the developer's own account."""
    before = dict(os.environ)
    os.environ |= {
        "LAMINA_STATE_DIR": str(folder),
        "LAMINA_LANES": "interactive=8,billing=8",
        "STRIPE_API_BASE": url,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": "whsec_storm",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


async def run(state: State, url: str, *, subscriptions: int, deliveries: int, seed: int) -> Report:
    """The storm, then each event by itself from the same beginning; what differs is a problem."""
    stripe, mirror, sender = Stripe(url), Mirror(state), Sender(state, seed)
    report = sender.report
    try:
        checkouts, packs = await _open_pages(mirror, subscriptions)
        mirror.keep()
        events = await _storm(stripe, mirror, sender, _histories(stripe, checkouts, packs), deliveries)
        stormy = mirror.picture()
        _check_effects(mirror, report, sender.ids, packs)
        await _check_truth(stripe, mirror, report)
        mirror.put_back()
        for event in events:
            await sender.send("one by one", event)
            await mirror.settled()
        _compare(stormy, mirror.picture(), report)
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
    owner, buyers = mirror.new_workspaces(max(2, subscriptions // 5), plan="starter")
    packs = [mirror.ask(owner, "buy_credit_pack", workspace, PACK, THANKS, BACK) for workspace in buyers]
    return await mirror.pages(sessions), await mirror.pages(packs)


def _histories(stripe: Stripe, checkouts: list[str], packs: list[str]) -> asyncio.Future[list[None]]:
    async def pause() -> None:
        await asyncio.sleep(random.uniform(0, 0.5))

    return asyncio.gather(
        *(live(stripe, number, checkout, pause) for number, checkout in enumerate(checkouts)),
        *(sell_pack(stripe, number, checkout, pause) for number, checkout in enumerate(packs)),
    )


async def _storm(
    stripe: Stripe,
    mirror: Mirror,
    sender: Sender,
    histories: asyncio.Future[list[None]],
    deliveries: int,
) -> list[Event]:
    """Everything at the same time; gives the events in the order in which they happened."""
    known: set[str] = set()
    events: list[Event] = []
    sending: list[asyncio.Task[None]] = []

    async def watch() -> None:
        new = await stripe.everything("/v1/events", known)
        known.update(event["id"] for event in new)
        events.extend(new)
        sending.extend(asyncio.create_task(sender.send_somehow(event)) for event in new)

    while not histories.done():
        await watch()
        await asyncio.sleep(0.05)
    await histories
    await watch()
    await asyncio.gather(*sending)
    await sender.send_old_ones(events, deliveries - sender.report.sent.total())
    await mirror.settled()
    await sender.send_old_ones(events, len(events) // 10)
    await mirror.settled()
    return events


def _check_effects(mirror: Mirror, report: Report, ids: set[str], packs: list[str]) -> None:
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
    wanted = [0] * (len(packs) // 2) + [PACK_HOLDS] * (len(packs) - len(packs) // 2)
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


def _compare(stormy: Picture, serial: Picture, report: Report) -> None:
    for table, rows in serial.items():
        odd = [row for row in stormy[table] if row not in rows]
        lost = [row for row in rows if row not in stormy[table]]
        report.check(stormy[table] == rows, f"{table} differs: storm {odd[:2]}, one by one {lost[:2]}")


def main() -> None:
    """Prints the report; exit code 1 when there is a problem."""
    parser = argparse.ArgumentParser(prog="storm")
    parser.add_argument("--subscriptions", type=int, default=50)
    parser.add_argument("--deliveries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    wishes = vars(parser.parse_args())
    with platform() as (state, url):
        report = asyncio.run(run(state, url, **wishes))
    print("\n".join(report.lines()))
    raise SystemExit(bool(report.problems))


if __name__ == "__main__":
    main()
