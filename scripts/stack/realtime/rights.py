"""Who may listen to and speak on a private channel: row-level security on realtime.messages decides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from scripts.stack.realtime.config import Claims

ROLES = frozenset(("anon", "authenticated", "service_role"))


@dataclass(frozen=True, slots=True)
class Rights:
    """By extension: may receive, may send."""

    read: frozenset[str]
    write: frozenset[str]


EVERYTHING = Rights(frozenset(("broadcast", "presence")), frozenset(("broadcast", "presence")))
"""On a public channel."""


class _RolledBack(Exception):
    """Ends a probe."""


async def rights_on(pool: AsyncConnectionPool, topic: str, claims: Claims) -> Rights:
    """Tries it, as the platform does: rows that are read and written as the caller, and rolled back."""
    role = claims.get("role")
    if role not in ROLES:
        return Rights(frozenset(), frozenset())
    async with pool.connection() as connection:
        try:
            async with connection.transaction():
                read = await _readable(connection, topic, str(role), claims)
                write = frozenset(
                    [each for each in ("broadcast", "presence") if await _writable(connection, topic, each)]
                )
                raise _RolledBack
        except _RolledBack:
            return Rights(read, write)


async def _readable(
    connection: psycopg.AsyncConnection, topic: str, role: str, claims: Claims
) -> frozenset[str]:
    ids = {"broadcast": uuid4(), "presence": uuid4()}
    await connection.execute("set local session_replication_role = replica")  # no trigger for a probe
    for extension, probe in ids.items():
        await connection.execute(
            "insert into realtime.messages (id, topic, extension, private) values (%s, %s, %s, true)",
            (probe, topic, extension),
        )
    await connection.execute(
        "select set_config('request.jwt.claims', %s, true), set_config('realtime.topic', %s, true)",
        (json.dumps(claims), topic),
    )
    await connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
    cursor = await connection.execute(
        "select extension from realtime.messages where id = any(%s)", (list(ids.values()),)
    )
    return frozenset(row[0] for row in await cursor.fetchall())


async def _writable(connection: psycopg.AsyncConnection, topic: str, extension: str) -> bool:
    try:
        async with connection.transaction():
            await connection.execute(
                "insert into realtime.messages (topic, extension, private) values (%s, %s, true)",
                (topic, extension),
            )
    except psycopg.Error:
        return False
    return True
