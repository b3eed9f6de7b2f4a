"""An account's figures are read: once a day, at the platform's pace, within the budget."""

from __future__ import annotations

import asyncio
from uuid import UUID

from worker.db.pool import Row
from worker.domains.social import rules
from worker.domains.social.ports import SocialPorts
from worker.domains.social.repository import SQL, keep, note, postpone
from worker.domains.social.rules import Failure
from worker.errors import ProviderError, ProviderRateLimited
from worker.providers.social.port import Wanted
from worker.runtime.outcome import DONE, Done, Fail, Outcome, RetryAfter

PATIENCE_SECONDS = 2.0
"""A shorter wait for the platform's limit is spent here; for a longer one the job makes room for others."""


async def refresh_account(ports: SocialPorts, account_id: UUID) -> Outcome:
    """Reads one account and writes today's figures, or why there are none. Never raises a ProviderError."""
    account = await ports.db.one(SQL["get_account"], {"account_id": account_id})
    if account is None:
        return DONE
    wanted = rules.wanted_of(account)
    needs_token = ports.reader.needs_token(wanted.platform)
    if why := rules.refusal(account, ports.now(), needs_token=needs_token):
        return _fail(ports, account, rules.refused(account, why, ports.now()))
    if outcome := await _admit(ports, account, wanted):
        return outcome
    if outcome := await _turn(ports, wanted):
        return outcome
    if outcome := await _begin(ports, account, wanted):
        return outcome
    try:
        reading = await ports.reader.read(wanted)
    except ProviderError as error:
        return await _after(ports, account, wanted, error)
    return Done(keep(account, reading, rules.next_day(account["id"], ports.now())))


async def _admit(ports: SocialPorts, account: Row, wanted: Wanted) -> Outcome | None:
    """Whoever may not read takes nobody's turn; None when it may be read."""
    cost = ports.reader.cost_microusd(wanted)
    said = await ports.db.one(SQL["admit"], {"account_id": account["id"], "cost": cost})
    return _unless_go(ports, account, said)


async def _turn(ports: SocialPorts, wanted: Wanted) -> Outcome | None:
    """Waits for the platform's limit, which all workers keep together; None when it is our turn."""
    bucket, rate, burst = ports.reader.pace_of(wanted)
    limit = {"bucket": bucket, "rate": rate, "burst": burst, "patience": PATIENCE_SECONDS}
    taken = await ports.db.one(SQL["take_token"], limit)
    wait = float(taken["wait"]) if taken else 0.0
    if wait > PATIENCE_SECONDS:
        return RetryAfter(wait, "The platform's limit is reached.", code="social.paced", counts=False)
    await asyncio.sleep(wait)
    return None


async def _begin(ports: SocialPorts, account: Row, wanted: Wanted) -> Outcome | None:
    """Commits what the read costs before it is made; None when it may be."""
    cost = ports.reader.cost_microusd(wanted)
    begun = await ports.db.one(
        SQL["begin"], {"account_id": account["id"], "revision": account["revision"], "cost": cost}
    )
    return _unless_go(ports, account, begun)


def _unless_go(ports: SocialPorts, account: Row, said: Row | None) -> Outcome | None:
    match said["verdict"] if said else "gone":
        case "go":
            return None
        case "over_budget" | "not_entitled" | "too_often" as verdict:
            return _fail(ports, account, rules.held_back(account, verdict, ports.now()))
        case "read_today":
            return Done(postpone(account, rules.next_day(account["id"], ports.now())))
    return DONE


async def _after(ports: SocialPorts, account: Row, wanted: Wanted, error: ProviderError) -> Outcome:
    """What a read that brought nothing leaves behind."""
    cost = ports.reader.cost_microusd(wanted)
    if cost and rules.is_free(error):
        await ports.db.one(SQL["give_back"], {"account_id": account["id"], "cost": cost})
    failure = rules.failed(account, error, ports.now(), ports.jitter())
    if isinstance(error, ProviderRateLimited):
        bucket, rate, burst = ports.reader.pace_of(wanted)
        wait = (failure.next_try_at - ports.now()).total_seconds()
        seconds = rules.hold_seconds(error.retry_after or wait, rate, burst)
        await ports.db.one(SQL["hold_bucket"], {"bucket": bucket, "seconds": seconds})
    return _fail(ports, account, failure)


def _fail(ports: SocialPorts, account: Row, failure: Failure) -> Fail:
    source = "offline" if ports.reader.name == "offline" else account["platform"]
    return Fail(failure.code, failure.message, note(account, source, failure))
