"""Contacts that changed go to another system, in bounded batches behind a cursor."""

from __future__ import annotations

import random
from collections.abc import Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from worker.db.pool import Row
from worker.domains.integrations import rules
from worker.domains.integrations.ports import IntegrationPorts
from worker.domains.integrations.repository import SQL, write
from worker.errors import ProviderError
from worker.providers.crm.port import Access, Crm, Token
from worker.runtime.job import JobContext
from worker.runtime.outcome import DONE, Done, Fail, Outcome, RetryAfter

ROWS = 100
ROUNDS = 40
"""Contacts between two commits of the cursor, and so often in one job; then others' jobs go first."""


async def sync(ports: IntegrationPorts, connection_id: UUID, ctx: JobContext) -> Outcome:
    """One job's share. It goes on after the last contact that was saved, also after a worker died."""
    connection = await ports.db.one(SQL["get_connection"], {"connection_id": connection_id})
    if connection is None or connection["status"] != "active" or connection["kind"] not in ports.crms:
        return DONE
    if connection["wait"] > 0:
        return RetryAfter(connection["wait"], "The other system is asked again later.", counts=False)
    crm = ports.crms[connection["kind"]]
    for _ in range(ROUNDS):
        found = {"connection_id": connection_id, "lag": rules.LAG_SECONDS, "limit": max(ROWS, crm.batch)}
        rows = await ports.db.rows(SQL["next_contacts"], found)
        if not rows:
            break
        if ctx.cancelled.is_set():
            return RetryAfter(0.0, "It was asked to stop.", counts=False)
        if error := await _push(ports, crm, connection, rows):
            return await set_back(ports, connection, error)
    finished = {"connection_id": connection_id, "version": connection["credentials_version"]}
    return Done(write("finish_sync", **finished, lag=rules.LAG_SECONDS))


async def _push(
    ports: IntegrationPorts, crm: Crm, connection: Row, rows: Sequence[Row]
) -> ProviderError | None:
    """Sends what is new in the rows and moves the cursor; the error that stopped it, the cursor unmoved."""
    planned = rules.plan(crm, connection["settings"], rows, connection["baseline_at"])
    records = list(planned.records)
    for start in range(0, len(planned.items), crm.batch):
        done, error = await _send(ports, crm, connection, planned.items[start : start + crm.batch])
        if error is not None or not crm.is_repeatable:
            await ports.db.one(
                SQL["save_pushed"], {"connection_id": connection["id"], "records": Jsonb(done)}
            )
        else:
            records += done
        if error is not None:
            if records:
                noted = {"connection_id": connection["id"], "records": Jsonb(records)}
                await ports.db.one(SQL["save_pushed"], noted)
            return error
    await ports.db.one(
        SQL["save_sync"],
        {
            "connection_id": connection["id"],
            "records": Jsonb(records),
            "from_at": rows[0]["from_at"],
            "from_id": rows[0]["from_id"],
            "cursor_at": rows[-1]["updated_at"],
            "cursor_id": rows[-1]["id"],
            "is_offline": crm.is_offline,
        },
    )
    return None


async def _send(
    ports: IntegrationPorts, crm: Crm, connection: Row, items: Sequence[rules.Item]
) -> tuple[list[rules.Record], ProviderError | None]:
    """Records of one batch; what may be sent once only is marked before."""
    if not crm.is_repeatable:
        for item in items:
            mark = {"connection_id": connection["id"], "contact_id": item.person.id}
            await ports.db.one(SQL["begin_push"], mark)
    pushed = await crm.push(access_of(connection), [item.person for item in items])
    if pushed.token is not None:
        await keep_token(ports, connection, pushed.token)
    records = rules.records_of(items, pushed.receipts)
    if not crm.is_repeatable:
        told = {receipt.person_id for receipt in pushed.receipts}
        records += [rules.waiting(item) for item in items if item.person.id not in told]
    return records, pushed.stopped


def access_of(connection: Row) -> Access:
    """What a provider may know of a row of get_connection."""
    token, instance = connection["access_token"], connection["instance_url"]
    return Access(
        connection["settings"],
        connection["credentials"],
        Token(token, instance) if token is not None and instance is not None else None,
    )


async def keep_token(ports: IntegrationPorts, connection: Row, token: Token) -> None:
    """For this job's next batch and for the next job."""
    connection["access_token"], connection["instance_url"] = token.value, token.instance_url
    kept = {"connection_id": connection["id"], "version": connection["credentials_version"]}
    await ports.db.one(SQL["keep_token"], {**kept, "token": token.value, "instance_url": token.instance_url})


async def set_back(ports: IntegrationPorts, connection: Row, error: ProviderError) -> Outcome:
    """Notes the failure; the job waits as long as the connection does, and fails when that is broken."""
    setback = rules.setback(error, connection["failures"], random.uniform)
    failed = await ports.db.one(
        SQL["connection_failed"],
        {
            "connection_id": connection["id"],
            "version": connection["credentials_version"],
            "code": error.code,
            "message": error.message,
            "wait": setback.wait,
            "counts": setback.counts,
            "is_final": setback.is_final,
        },
    )
    if setback.is_final or failed is None or failed["status"] != "active":
        return Fail(error.code, error.message)
    return RetryAfter(setback.wait, error.message, error.code, counts=False)
