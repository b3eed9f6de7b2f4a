"""Broadcasts from the database: rows of realtime.messages become messages to those who listen."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from scripts.stack.realtime.hub import Hub

log = logging.getLogger("realtime")

KEPT = "3 days"
PRUNE_SECONDS = 600.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


async def relay(pool: AsyncConnectionPool, dsn: str, hub: Hub) -> None:
    """Runs until cancelled; what was sent while Postgres was away is lost, as a hint may be."""
    pause = FIRST_PAUSE
    while True:
        try:
            async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
                await connection.execute("listen lamina_realtime")
                pause = FIRST_PAUSE
                async for notify in connection.notifies():
                    await _pass_on(pool, hub, notify.payload)
        except psycopg.Error as error:
            log.warning("listening to the database broke off: %s", error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _pass_on(pool: AsyncConnectionPool, hub: Hub, text: str) -> None:
    message: dict[str, Any] | None = json.loads(text)
    if message and "id" in message and "topic" not in message:
        message = await _fetch(pool, str(message["id"]))
    if message:
        hub.broadcast((message["topic"], bool(message["private"])), message["event"], message["payload"])


async def _fetch(pool: AsyncConnectionPool, message_id: str) -> dict[str, Any] | None:
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select topic, event, payload, coalesce(private, false) from realtime.messages where id = %s",
            (message_id,),
        )
        row = await cursor.fetchone()
    return dict(zip(("topic", "event", "payload", "private"), row, strict=True)) if row else None


async def prune(pool: AsyncConnectionPool) -> None:
    """Runs until cancelled: old messages go."""
    while True:
        try:
            async with pool.connection() as connection:
                await connection.execute(
                    "delete from realtime.messages where inserted_at < now() - %s::interval", (KEPT,)
                )
        except psycopg.Error as error:
            log.warning("old messages could not be deleted: %s", error)
        await asyncio.sleep(PRUNE_SECONDS)
