"""Who may listen to and speak on a private channel: row-level security on realtime.messages decides."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

import psycopg
from psycopg_pool import AsyncConnectionPool

from scripts.stack.realtime.config import Claims
from scripts.stack.realtime.joining import Refused

log = logging.getLogger("realtime")

ROLES = frozenset(("anon", "authenticated", "service_role"))
EXTENSIONS = frozenset(("broadcast", "presence"))

_ENTER = """
select set_config('realtime.topic', %(topic)s, true), set_config('request.jwt.claims', %(claims)s, true),
  set_config('request.jwt.claim.sub', %(sub)s, true), set_config('request.jwt.claim.role', %(role)s, true),
  set_config('request.headers', %(headers)s, true), set_config('statement_timeout', '5s', true),
  set_config('role', %(role)s, true)
"""
_PROBE = "insert into realtime.messages (id, topic, extension) values (%s, %s, %s)"
_READABLE = "select extension from realtime.messages where id = any(%s)"


@dataclass(frozen=True, slots=True)
class Rights:
    """The extensions in which one may receive, and may send."""

    read: frozenset[str] = frozenset()
    write: frozenset[str] = frozenset()


EVERYTHING = Rights(EXTENSIONS, EXTENSIONS)
"""On a public channel."""


class _RolledBack(Exception):
    """Ends a probe."""


async def rights_on(
    pool: AsyncConnectionPool, topic: str, claims: Claims, headers: Mapping[str, str]
) -> Rights:
    """Tries it, as the platform does: rows are read and written as the caller, and rolled back.

    A policy that fails gives no rights. Raises Refused when the database does not answer.
    """
    if claims["role"] not in ROLES:
        return Rights()
    try:
        return await _tried(pool, topic, claims, headers)
    except psycopg.errors.QueryCanceled as error:
        raise Refused("QueryCanceled: The policies of realtime.messages took too long") from error
    except psycopg.OperationalError as error:
        log.warning("rights could not be asked: %s", error)
        raise Refused(
            "UnableToConnectToProject: Realtime was unable to connect to the project database"
        ) from error
    except psycopg.Error as error:
        log.warning("a policy of realtime.messages failed for topic %s: %s", topic, error)
        return Rights()


async def _tried(pool: AsyncConnectionPool, topic: str, claims: Claims, headers: Mapping[str, str]) -> Rights:
    probes = {extension: uuid4() for extension in EXTENSIONS}
    settings = {
        "topic": topic,
        "claims": json.dumps(claims),
        "sub": str(claims.get("sub", "")),
        "role": claims["role"],
        "headers": json.dumps(dict(headers)),
    }
    rights = Rights()
    async with pool.connection() as connection:
        try:
            async with connection.transaction():
                for extension, probe in probes.items():
                    await connection.execute(_PROBE, (probe, topic, extension))
                await connection.execute(_ENTER, settings)
                cursor = await connection.execute(_READABLE, (list(probes.values()),))
                read = frozenset(row[0] for row in await cursor.fetchall())
                write = [each for each in EXTENSIONS if await _is_writable(connection, topic, each)]
                rights = Rights(read, frozenset(write))
                raise _RolledBack
        except _RolledBack:
            return rights


async def _is_writable(connection: psycopg.AsyncConnection, topic: str, extension: str) -> bool:
    try:
        async with connection.transaction():
            await connection.execute(_PROBE, (uuid4(), topic, extension))
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
