"""One batch of a campaign: ten mails at a time, marked before and settled after."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from worker.domains.marketing.links import LinkSigner
from worker.domains.marketing.ports import MarketingPorts
from worker.domains.marketing.repository import SQL
from worker.domains.marketing.rules import (
    AT_ONCE,
    PATIENCE_SECONDS,
    Settled,
    bucket_of,
    burst_of,
    settled,
)
from worker.domains.marketing.writing import Letter
from worker.errors import LaminaError
from worker.providers.email.port import RECIPIENT_DEFERRED, Sent
from worker.runtime.outcome import DONE, Outcome, RetryAfter

Row = Mapping[str, Any]


async def send_batch(ports: MarketingPorts, campaign_id: UUID, batch: int) -> Outcome:
    """Sends until nobody of the batch waits or the campaign is stopped. Raises what the mailer raised.

    However the job ends, a trigger ends the campaign with its last batch, or pauses it.
    """
    which = {"campaign_id": campaign_id, "batch": batch}
    row = await ports.db.one(SQL["open_batch"], {**which, "provider": ports.mailer.name})
    if row is None:
        return DONE
    letter = letter_of(ports, row)
    is_full = True
    while True:
        wait = await _turn(ports, row) if is_full else 0.0
        if wait > PATIENCE_SECONDS:
            return RetryAfter(wait, "The workspace's limit of mails a second is reached.", counts=False)
        await asyncio.sleep(wait)
        count = await _finish(_send_some(ports, letter, {**which, "count": AT_ONCE}))
        if count == 0:
            return await _rest(ports, which)
        is_full = count == AT_ONCE


async def _rest(ports: MarketingPorts, which: Row) -> Outcome:
    """The end, or a pause until the next mailbox that was refused for the moment is tried again."""
    answer = await ports.db.one(SQL["batch_wait"], dict(which))
    if answer is None or answer["wait"] is None:
        return DONE
    wait = max(0.0, float(answer["wait"]))
    return RetryAfter(wait, "Mailboxes were refused for the moment.", RECIPIENT_DEFERRED, counts=False)


async def _finish(sending: Coroutine[Any, Any, int]) -> int:
    """To the end even when the worker is told to stop, so that the answers of mails on their way are kept."""
    task = asyncio.create_task(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise


def letter_of(ports: MarketingPorts, row: Row) -> Letter:
    """What the mails of a batch share."""
    signer = LinkSigner(ports.link_url.rstrip("/"), row["key_id"], row["key_secret"])
    return Letter(row, ports.sender, ports.reply_to, signer)


async def _turn(ports: MarketingPorts, row: Row) -> float:
    """Seconds to wait for ten mails of this workspace."""
    rate = row["mails_per_second"]
    asked = {
        "bucket": bucket_of(row["workspace_id"]),
        "rate": rate,
        "burst": burst_of(rate),
        "tokens": AT_ONCE,
        "patience": PATIENCE_SECONDS,
    }
    answer = await ports.db.one(SQL["take_tokens"], asked)
    return float(answer["wait"]) if answer else 0.0


async def _send_some(ports: MarketingPorts, letter: Letter, next_mails: Row) -> int:
    """Marks the next mails, sends them side by side and writes what became of each; how many were marked.

    Raises what the mailer raised when that is written.
    """
    people = await ports.db.rows(SQL["begin_mails"], dict(next_mails))
    mails = [_send_one(ports, letter, person) for person in people if person["is_sending"]]
    found = await asyncio.gather(*mails)
    if found:
        await ports.db.one(SQL["settle_mails"], {"results": Jsonb([one.result for one in found])})
    fault = next((one.fault for one in found if one.fault), None)
    if fault is not None:
        raise fault
    return len(people)


async def _send_one(ports: MarketingPorts, letter: Letter, person: Row) -> Settled:
    outcome: Sent | LaminaError
    try:
        outcome = await ports.mailer.send(letter.to(person), idempotency_key=str(person["id"]))
    except LaminaError as error:
        outcome = error
    return settled(person["id"], outcome, person["tries"])
